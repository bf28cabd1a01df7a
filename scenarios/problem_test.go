package scenarios

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestProblemShow(t *testing.T) {
	for name, c := range map[string]struct {
		problem Problem
		want    string
	}{
		"whole file": {
			Problem{Pos: Source{File: "a.yaml"}, Message: Text{EN: "no such file"}}, "a.yaml: no such file\n",
		},
		"whole file with advice": {
			Problem{Pos: Source{File: "a.yaml"}, Message: Text{EN: "empty"}, Expected: Text{EN: "write something"}},
			"a.yaml: empty\n = write something\n",
		},
		"tab and control characters": {
			Problem{Pos: Source{File: "a", Line: 1, Column: 3, Width: 1, Text: "\t\x1bx\u009by\x7f"}, Message: Text{EN: "m"}},
			"a:1:3: m\n  |\n1 | →␛x\uFFFDy␡\n  |   ^\n",
		},
		"combining accents take no place": {
			Problem{Pos: Source{File: "a", Line: 1, Column: 4, Width: 3, Text: "e\u0301 e\u0301e"}, Message: Text{EN: "m"}},
			"a:1:4: m\n  |\n1 | e\u0301 e\u0301e\n  |   ^^\n",
		},
		"behind the end of the line": {
			Problem{Pos: Source{File: "a", Line: 1, Column: 3, Width: 5, Text: "ab"}, Message: Text{EN: "m"}},
			"a:1:3: m\n  |\n1 | ab\n  |   ^\n",
		},
		"empty line": {
			Problem{Pos: Source{File: "a", Line: 12, Column: 1}, Message: Text{EN: "m"}},
			"a:12:1: m\n   |\n12 |\n   | ^\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.problem.Show("en"))
		})
	}
}

func TestProblemShowLongLine(t *testing.T) {
	line := strings.Repeat("a", 500) + "XYZ" + strings.Repeat("b", 500)
	shown := (&Problem{Pos: Source{File: "f", Line: 1, Column: 501, Width: 3, Text: line}, Message: Text{EN: "m"}}).Show("en")
	rows := strings.Split(shown, "\n")
	require.Less(t, len([]rune(rows[2])), excerptWidth+10)
	require.Equal(t, "XYZ", string([]rune(rows[2])[strings.Index(rows[3], "^"):strings.LastIndex(rows[3], "^")+1]))
	require.True(t, strings.HasPrefix(rows[2], "1 | …") && strings.HasSuffix(rows[2], "…"))
}

func TestProblemsAsErrors(t *testing.T) {
	cause := errors.New("cause")
	var err error = Problems{{Pos: Source{File: "a"}, Message: Text{EN: "x"}}, {Pos: Source{File: "b"}, Message: Text{EN: "y"}, Err: cause}}
	require.EqualError(t, err, "a: x (and 1 more)")
	require.ErrorIs(t, err, cause)
	var first *Problem
	require.ErrorAs(t, err, &first)
	require.Equal(t, "a", first.Pos.File)
}

func TestNearest(t *testing.T) {
	known := []string{"send", "set", "expect", "AA", "0008", "certificate_required"}
	for word, want := range map[string]string{
		"sned": "send", "sent": "send", "Expect": "expect", "expct": "expect", "AE": "AA", "aa": "AA", "capture": "", "": "", "x": "",
		"certificate_require": "certificate_required", "008": "0008", strings.Repeat("s", 100): "",
	} {
		require.Equal(t, want, Nearest(word, known), word)
	}
}

// Lines are counted as the YAML library counts them, whatever ends them.
func TestPlacesWhateverEndsLines(t *testing.T) {
	text := "version: 1\nid: a\ntitle: \"é\u0301\"\nsteps:\n  - id: one\n    sned: A01\n"
	for name, file := range map[string]string{
		"LF": text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "CR": strings.ReplaceAll(text, "\n", "\r"),
		"byte order mark": "\ufeff" + text, "NEL": strings.ReplaceAll(text, "\n", "\u0085"), "LS": strings.ReplaceAll(text, "\n", "\u2028"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(file)}}, "s.yaml")
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.Equal(t, Source{File: "s.yaml", Line: 6, Column: 5, Width: 4, Text: "    sned: A01"}, problems[0].Pos)
		})
	}
}
