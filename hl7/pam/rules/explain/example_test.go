package explain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/rules/explain"
)

// page asks for a name and returns the page as text, 100 columns wide.
func page(t testing.TB, name, lang string) string {
	t.Helper()
	found, err := explain.Find(load(t, ""), name, lang)
	require.NoError(t, err, name)
	var out strings.Builder
	require.NoError(t, found.Text(&out, 100))
	return out.String()
}

// section returns the lines of a page below a heading.
func section(t testing.TB, text, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(text, "\n"+heading)
	require.True(t, ok, "%s in %s", heading, text)
	_, text, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(text, "\n\n")
	return strings.TrimRight(text, "\n")
}

// TestExamples: what is shown of the two examples of a rule.
func TestExamples(t *testing.T) {
	for _, c := range []struct{ name, rule, good, bad string }{
		{"changed field", "fr.zfp-2.category", "  ZFP|3|34",
			"  ZFP|3|52\n        ^^"},
		{"removed segment", "fr.zbe.required", "  MSH EVN PID NK1 PV1 PV2 ZBE ZFA ZFP ZFM ZFD\n                          ^^^",
			"  MSH EVN PID NK1 PV1 PV2 — ZFA ZFP ZFM ZFD\n                          ^"},
		{"added segment", "hl7.segment.local", "  MSH EVN PID NK1 PV1 PV2 ZBE ZFA ZFP ZFM ZFD",
			"  MSH EVN PID NK1 PV1 PV2 ZBE ZFU ZFA ZFP ZFM ZFD\n                              ^^^\n  ZFU|UF1"},
		{"moved segment", "fr.segment.order", "  MSH EVN PID NK1 PV1 PV2 ZBE ZFA ZFP ZFM ZFD\n                                      ^^^",
			"  MSH EVN PID NK1 PV1 PV2 ZBE ZFM ZFA ZFP ZFD\n                              ^^^"},
		{"bytes", "hl7.form.crlf", "  bytes: CR", "  everywhere: CR becomes CR LF"},
		{"two messages", "ack.code", "  1. A01\n  2. ACK\n  MSA|AA|MSG00001", "  1. A01\n  2. ACK\n  MSA|CA|MSG00001\n      ^^"},
		{"edit of an earlier message", "ack.msa-older", "  1. A01", "  1. A01 · MSH-12 = 2.4"},
		{"setting", "iti.pv2.unsupported", "  MSH EVN PID NK1 PV1 PV2 ZBE ZFA ZFP ZFM ZFD", "  MSH EVN PID NK1 PV1 PV2 ZBE ZFA ZFP ZFM ZFD\n                      ^^^"},
		{"segment as a whole", "fr.segment.empty", "  ZFP|3|34", "  ZFP||\n  ^^^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := page(t, c.rule, "en")
			require.True(t, strings.HasPrefix(section(t, text, "Good example"), c.good), text)
			require.True(t, strings.HasPrefix(section(t, text, "Bad example"), c.bad), text)
		})
	}
}

// TestBadExamplesPoint: every bad example of a single message points at
// something, or says in words what was done to its bytes.
func TestBadExamplesPoint(t *testing.T) {
	for _, r := range rules.Catalogue() {
		for lang, heading := range map[string]string{"fr": "Mauvais exemple", "en": "Bad example"} {
			text := page(t, r.ID, lang)
			bad := section(t, text, heading)
			if len(r.Bad.Messages) > 1 || strings.Contains(strings.Join(r.Bad.Edits, " "), "bytes ") {
				continue
			}
			require.True(t, strings.Contains(bad, "^\n") || strings.HasSuffix(bad, "^"), "%s points at nothing:\n%s", r.ID, bad)
		}
	}
}

// TestNoPlaces: people never see the places of sentences.
func TestNoPlaces(t *testing.T) {
	for _, r := range rules.Catalogue() {
		for _, lang := range []string{"fr", "en"} {
			require.NotContains(t, page(t, r.ID, lang), "{", r.ID)
		}
	}
}

// TestNarrowPages: on a narrow terminal the lines of messages are shortened, and
// the carets stay under what they point at.
func TestNarrowPages(t *testing.T) {
	found, err := explain.Find(load(t, ""), "fr.zbe-9.table", "en")
	require.NoError(t, err)
	for _, width := range []int{1, 20, 40, 80} {
		var out strings.Builder
		require.NoError(t, found.Text(&out, width))
		lines := strings.Split(section(t, out.String(), "Bad example"), "\n")
		require.Len(t, lines, 2)
		require.LessOrEqual(t, len([]rune(lines[0])), max(width, 22))
		require.Equal(t, "X", string([]rune(lines[0])[len(lines[1])-1]))
	}
}
