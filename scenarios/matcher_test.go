package scenarios

import (
	"fmt"
	"testing"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/stretchr/testify/require"
)

const matchedMessage = "MSH|^~\\&|GAM|CHU|DMN|CHU|20240306142000||ACK^A01^ACK|7||2.5|||||FRA|8859/1\r" +
	"MSA|AE|42|\"\"\r" +
	"ERR||PID^1^3|101^Required^HL70357|E\r" +
	"ERR||PID^1^8|103^Table^HL70357|W\r" +
	"ZZA|a~b~~\"\"|  x |L\xc9A|\xff\xfe|20240306143000+0100\r"

// expectation loads what a step expects of the acknowledgement at one path.
func expectation(t *testing.T, path, matcher string) *Expectation {
	t.Helper()
	s := load(t, fmt.Sprintf(`version: 1
id: a
title: A
vars: {ward: "6270"}
steps:
  - {id: first, send: A01}
  - id: one
    send: A02
    expect: {ack: {%q: %s}}
`, path, matcher))
	return s.Cases[0].Steps[1].Expect[0]
}

func TestMatchers(t *testing.T) {
	m, err := hl7.Parse([]byte(matchedMessage))
	require.NoError(t, err)
	env := &fakeEnv{values: map[string]string{
		"ward": "6270", "first.sent.MSH-10": "42", "first.sent.MSH-7": "20240306141000", "sent.MSH-10": "42",
	}}
	for _, c := range []struct {
		path, matcher string
		ok            bool
		expected      string // in English
	}{
		{"MSA-1", `AE`, true, "AE"},
		{"MSA-1", `AA`, false, "AA"},
		{"MSA-1", `{is: AE}`, true, "AE"},
		{"MSH-9", `ACK^A01^ACK`, true, "ACK^A01^ACK"},
		{"MSH-10", `007`, false, "007"},
		{"MSH-10", `7`, true, "7"},
		{"ZZA-2", `"  x "`, true, `"  x "`},
		{"ZZA-2", `x`, false, "x"},
		{"ZZA-3", `LÉA`, true, "LÉA"},
		{"ZZA-4", `ÿþ`, true, "ÿþ"},
		{"MSA-2", `"{{first.sent.MSH-10}}"`, true, "42"},
		{"MSA-2", `"x{{ward}}"`, false, "x6270"},

		{"MSA-3", `null`, true, `"" (delete)`},
		{"MSA-3", `present`, false, "a value"},
		{"MSA-3", `absent`, false, "absent"},
		{"MSA-3", `"null"`, false, "null"},
		{"MSA-4", `absent`, true, "absent"},
		{"MSA-4", `null`, false, `"" (delete)`},
		{"MSA-1", `present`, true, "a value"},
		{"ERR[3]", `absent`, true, "absent"},
		{"ERR[2]", `present`, true, "a value"},
		{"NTE-3", `{absent: true, level: should}`, true, "absent"},

		{"MSA-1", `{not: AA}`, true, "anything but AA"},
		{"MSA-1", `{not: {in: [AE, AR]}}`, false, "anything but AE or AR"},
		{"MSA-4", `{not: absent}`, false, "anything but absent"},
		{"MSA-1", `{in: [AA, AE, AR]}`, true, "AA, AE or AR"},
		{"MSH-11", `{in: [P, absent]}`, true, "P or absent"},
		{"MSH-12", `{in: ["2.3.1", 2.50]}`, false, "2.3.1 or 2.50"},

		{"MSH-10", `{matches: "^[0-9]+$"}`, true, "a text that matches /^[0-9]+$/"},
		{"MSH-11", `{matches: ".*"}`, false, "a text that matches /.*/"},
		{"MSH-12", `{starts: 2.}`, true, `a text that starts with "2."`},
		{"MSH-12", `{starts: "{{ward}}"}`, false, `a text that starts with "6270"`},
		{"MSA-1", `{table: 0008}`, true, "a code of table 0008 (AA, AE, AR, CA, CE, CR)"},
		{"MSH-3", `{table: 0008}`, false, "a code of table 0008 (AA, AE, AR, CA, CE, CR)"},

		{"MSH-7", `{instant: {within: 10m, of: now}}`, true, "an instant within 10m of now"},
		{"MSH-7", `{instant: {within: 1m}}`, false, "an instant within 1m of now"},
		{"MSH-7", `{instant: {after: first.sent.MSH-7}}`, true, "an instant after 20240306141000 (first.sent.MSH-7)"},
		{"MSH-7", `{instant: {after: first.sent.MSH-7, before: 20240306141500}}`, false,
			"an instant after 20240306141000 (first.sent.MSH-7) and before 20240306141500"},
		{"MSH-7", `{instant: {before: "{{now}}"}}`, true, "an instant before now"},
		{"MSH-10", `{instant: {within: 100000h}}`, false, "an instant within 100000h of now"},
		{"ZZA-5", `{instant: {before: now - 50m}}`, true, "an instant before now - 50m"},

		{"ERR[*]-3.1", `{any: "103"}`, true, "at least once 103"},
		{"ERR[*]-3.1", `{any: "207"}`, false, "at least once 207"},
		{"ERR[*]-3.1", `{all: {table: "0516"}}`, false, "everywhere a code of table 0516 (E, I, W)"},
		{"ERR[*]-4", `{all: {table: "0516"}}`, true, "everywhere a code of table 0516 (E, I, W)"},
		{"NTE[*]-3", `{all: x}`, false, "everywhere x"},
		{"NTE[*]-3", `{any: absent}`, false, "at least once absent"},
		{"ERR", `{count: 2}`, true, "exactly 2"},
		{"ERR[*]", `{count: {min: 3}}`, false, "at least 3"},
		{"ERR[*]-9", `{count: {max: 0}}`, true, "exactly 0"},
		{"ZZA-1", `{count: {min: 1, max: 3}}`, true, "1 to 3"},
		{"NTE", `{count: 0}`, true, "exactly 0"},
		{"ERR[*]-4", `{count: 2, any: W}`, true, "exactly 2, and at least once W"},

		{"ERR[*]-4", `{not: {any: I}}`, true, "anything but at least once I"},
		{"ERR", `{not: {count: 1}}`, true, "anything but exactly 1"},

		{"MSA-2", `{same_as: first.sent.MSH-10}`, true, "42, the same as first.sent.MSH-10"},
		{"MSH-10", `{same_as: "{{sent.MSH-10}}"}`, false, "42, the same as sent.MSH-10"},
		{"MSH-10", `{not: {same_as: sent.MSH-10}, matches: "."}`, true,
			"anything but 42, the same as sent.MSH-10, and a text that matches /./"},
	} {
		t.Run(c.path+" "+c.matcher, func(t *testing.T) {
			e := expectation(t, c.path, c.matcher)
			ok, expected, err := e.Matcher.Match(e.Actual(m), env)
			require.NoError(t, err)
			require.Equal(t, c.expected, expected.EN)
			require.NotEmpty(t, expected.FR)
			require.Equal(t, c.ok, ok, "found %s", e.Actual(m))
		})
	}
}

// Bytes that the character set does not have are equal to nothing, and shown so
// that they can be seen.
func TestMatchUndecodable(t *testing.T) {
	m, err := hl7.Parse([]byte("MSH|^~\\&|G\xc9||||||ACK|1||2.5||||||UNICODE UTF-8\rMSA|AA|1\r"))
	require.NoError(t, err)
	for _, matcher := range []string{`GÉ`, `{starts: G}`, `{matches: "."}`, `{in: ["G\u00c9"]}`} {
		e := expectation(t, "MSH-3", matcher)
		ok, _, err := e.Matcher.Match(e.Actual(m), &fakeEnv{})
		require.NoError(t, err)
		require.False(t, ok, matcher)
		require.Contains(t, e.Actual(m).String(), `\xc9`)
	}
}

func TestMatchWithoutValue(t *testing.T) {
	for _, matcher := range []string{
		`"{{first.ack.MSH-10}}"`, `{same_as: first.ack.MSH-10}`, `{not: "{{ward}}"}`, `{in: [a, "{{ward}}"]}`,
		`{starts: "{{ward}}"}`, `{instant: {after: first.ack.MSH-7}}`,
	} {
		e := expectation(t, "MSA-2", matcher)
		_, _, err := e.Matcher.Match(ActualText("x"), &fakeEnv{})
		var bad *RefError
		require.ErrorAs(t, err, &bad, matcher)
	}
}

func TestActual(t *testing.T) {
	require.Equal(t, "absent", ActualText("").String())
	require.Equal(t, "absent", ActualValues().String())
	require.Equal(t, "open", ActualText("open").String())
	require.Equal(t, "2024-03-06T14:25:30Z", ActualTime(time.Date(2024, 3, 6, 14, 25, 30, 0, time.UTC)).String())
	m, err := hl7.Parse([]byte(matchedMessage))
	require.NoError(t, err)
	require.Equal(t, "101, 103", expectation(t, "ERR[*]-3.1", `{any: x}`).Actual(m).String())
	require.Equal(t, `""`, expectation(t, "MSA-3", `absent`).Actual(m).String())
	require.Equal(t, `"  x "`, expectation(t, "ZZA-2", `absent`).Actual(m).String())
}

func TestMatchConnectionFacts(t *testing.T) {
	s := load(t, `version: 1
id: a
title: A
steps:
  - id: one
    send: A01
    expect:
      latency: {under: 2s}
      tls: {peer: {not_after: {instant: {after: now}}}, version: {not: "1.2"}}
      connection: {not: closed}
`)
	verdicts := map[string]bool{}
	now := (&fakeEnv{}).Now()
	facts := map[string]Actual{
		"latency": ActualDuration(3 * time.Second), "tls.peer.not_after": ActualTime(now.Add(time.Second)),
		"tls.outcome": ActualText(TLSAccepted), "tls.version": ActualText("1.3"), "connection": ActualText(ConnectionOpen),
	}
	for _, e := range s.Cases[0].Steps[0].Expect {
		ok, _, err := e.Matcher.Match(facts[e.Name()], &fakeEnv{})
		require.NoError(t, err)
		verdicts[e.Name()] = ok
	}
	require.Equal(t, map[string]bool{
		"latency": false, "tls.peer.not_after": true, "tls.outcome": true, "tls.version": true, "connection": true,
	}, verdicts)
}

func TestTables(t *testing.T) {
	for _, name := range tableNames() {
		codes := tableCodes(name)
		require.NotEmpty(t, codes, name)
		seen := map[string]bool{}
		for _, code := range codes {
			require.False(t, code == "" || seen[code], "%s: %q", name, code)
			seen[code] = true
		}
	}
	require.Nil(t, tableCodes(""))
	require.Nil(t, tableCodes("000"))
}
