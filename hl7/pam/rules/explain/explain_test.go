package explain_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/rules/explain"
)

var update = flag.Bool("update", false, "write the golden files")

func load(t testing.TB, name string) *profile.Profile {
	t.Helper()
	p, err := profile.Load(name)
	require.NoError(t, err)
	return p
}

// requirePage asks for a name in both languages: there is a page with a title,
// no label and no text on it is empty, and the two say as much.
func requirePage(t testing.TB, p *profile.Profile, name string) {
	t.Helper()
	var sections [2][]int
	for i, lang := range []string{"fr", "en"} {
		page, err := explain.Find(p, name, lang)
		require.NoError(t, err, "%s %s", p.Name, name)
		require.NotEmpty(t, strings.Trim(page.Title, " ·"), name)
		require.False(t, strings.HasSuffix(page.Title, "· "), "%s %s: %q", p.Name, name, page.Title)
		require.NotEmpty(t, page.Sections, "%s %s", p.Name, name)
		for _, s := range page.Sections {
			sections[i] = append(sections[i], len(s.Facts), len(s.Lines))
			for _, f := range s.Facts {
				if strings.TrimSpace(f.Label) == "" || strings.TrimSpace(strings.Trim(f.Text, "· ")) == "" {
					t.Errorf("%s %s %s: %q: %q", p.Name, name, lang, f.Label, f.Text)
				}
			}
			for _, line := range s.Lines {
				require.NotEmpty(t, line, "%s %s %s: %s", p.Name, name, lang, s.Heading)
			}
		}
		var out strings.Builder
		require.NoError(t, page.Text(&out, 80))
		require.Contains(t, out.String(), page.Title)
		require.NotContains(t, out.String(), "{", "%s %s", p.Name, name)
	}
	require.Equal(t, sections[0], sections[1], "%s %s: French and English differ", p.Name, name)
}

// TestEverythingIsExplained: all that a finding may name has its page, in every
// profile and both languages.
func TestEverythingIsExplained(t *testing.T) {
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := load(t, name)
			for _, trigger := range p.Events() {
				requirePage(t, p, trigger)
			}
			for _, s := range p.Version.Segments() {
				requirePage(t, p, s.Name)
				for i := range s.Fields {
					requirePage(t, p, fmt.Sprintf("%s-%d", s.Name, i+1))
				}
			}
			for _, typ := range p.Version.Types() {
				requirePage(t, p, typ.Name)
				for i := range typ.Components {
					requirePage(t, p, fmt.Sprintf("%s.%d", typ.Name, i+1))
				}
			}
			for _, number := range p.Tables() {
				requirePage(t, p, number)
			}
		})
	}
}

func TestEveryRuleIsExplained(t *testing.T) {
	p := load(t, "")
	for _, r := range rules.Catalogue() {
		requirePage(t, p, r.ID)
		for _, requirement := range r.Covers {
			requirePage(t, p, requirement)
		}
	}
	for _, s := range rules.KnownSettings() {
		requirePage(t, p, s.Name)
	}
}

func TestSpellings(t *testing.T) {
	p := load(t, "")
	for _, c := range []struct{ asked, title string }{
		{"zbe-9", "ZBE-9 · "},
		{" ZBE-9 ", "ZBE-9 · "},
		{"ZBE-9.1", "ZBE-9.1 · "},
		{"a06", "A06 · "},
		{"zbe", "ZBE · "},
		{"4", "0004 · "},
		{"0004", "0004 · "},
		{"HL70004", "0004 · "},
		{"hl7004", "0004 · "},
		{"cx", "CX · "},
		{"CX.5", "CX.5 · "},
		{"FR.ZBE-9.TABLE", "fr.zbe-9.table"},
		{"INS_KEY", "ins_key"},
		{"gen-014", "GEN-014"},
	} {
		t.Run(c.asked, func(t *testing.T) {
			page, err := explain.Find(p, c.asked, "en")
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(page.Title, c.title), page.Title)
		})
	}
}

func TestUnknownNames(t *testing.T) {
	p := load(t, "")
	for _, c := range []struct {
		asked string
		near  string // "" when nothing is
	}{
		{"", ""},
		{"XYZ-1", ""},
		{"ZBE-99", ""},
		{"ZBE-0", ""},
		{"CX.99", ""},
		{"CX.", ""},
		{"99999", ""},
		{"-1", ""},
		{"A99", "A09"},
		{"fr.zbe-9.tabel", "fr.zbe-9.table"},
		{strings.Repeat("x", 1<<16), ""},
		{"\xff\x00", ""},
	} {
		t.Run(fmt.Sprintf("%.20q", c.asked), func(t *testing.T) {
			_, err := explain.Find(p, c.asked, "en")
			var unknown *explain.UnknownError
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, c.asked, unknown.Name)
			require.LessOrEqual(t, len(unknown.Near), 5)
			for _, lang := range []string{"fr", "en"} {
				require.NotEmpty(t, unknown.In(lang))
				require.NotEmpty(t, unknown.Hint(lang))
			}
			if c.near != "" {
				require.Contains(t, unknown.Near, c.near)
			}
		})
	}
}

// TestExamplesDiffer: the two examples of a rule are shown by what makes the
// difference. Only where edits go to an earlier message may they look alike.
func TestExamplesDiffer(t *testing.T) {
	p := load(t, "")
	for _, r := range rules.Catalogue() {
		page, err := explain.Find(p, r.ID, "en")
		require.NoError(t, err)
		var good, bad []explain.Line
		for _, s := range page.Sections {
			switch {
			case strings.HasPrefix(s.Heading, "Good example"):
				good = s.Lines
			case strings.HasPrefix(s.Heading, "Bad example"):
				bad = s.Lines
			}
		}
		require.NotEmpty(t, good, r.ID)
		require.NotEmpty(t, bad, r.ID)
		if len(r.Good.Messages) == 1 && len(r.Bad.Messages) == 1 {
			require.NotEqual(t, good, bad, r.ID)
		}
	}
}

// TestPages holds the words of some pages.
func TestPages(t *testing.T) {
	p := load(t, "")
	for _, name := range []string{"fr.zbe-9.table", "ZBE-9", "A11", "ZBE", "CX", "0004", "historic_strict"} {
		for _, lang := range []string{"fr", "en"} {
			t.Run(name+" "+lang, func(t *testing.T) {
				page, err := explain.Find(p, name, lang)
				require.NoError(t, err)
				var out strings.Builder
				require.NoError(t, page.Text(&out, 100))
				path := filepath.Join("testdata", name+"."+lang)
				if *update {
					require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err, "run the test with -update to make it")
				require.Equal(t, string(want), out.String())
			})
		}
	}
}
