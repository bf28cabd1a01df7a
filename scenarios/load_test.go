package scenarios

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// TestBadScenarios holds what the loader says about each faulty file, in both
// languages.
func TestBadScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/lang/bad/*.yaml")
	require.NoError(t, err)
	require.Greater(t, len(files), 40)
	for _, file := range files {
		t.Run(nameOf(file), func(t *testing.T) {
			s, err := LoadFS(os.DirFS("."), filepath.ToSlash(file))
			require.Nil(t, s)
			requireGolden(t, file, err)
		})
	}
}

func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), ".yaml") }

// requireGolden compares the problems with the golden files beside a faulty
// one, and looks whether each has a place in the file.
func requireGolden(t *testing.T, file string, err error) {
	t.Helper()
	var problems Problems
	require.ErrorAs(t, err, &problems)
	data, readErr := os.ReadFile(file)
	require.NoError(t, readErr)
	requirePlaces(t, problems, data)
	for _, lang := range []string{"en", "fr"} {
		shown := strings.ReplaceAll(problems.In(lang), filepath.ToSlash(file), path.Base(filepath.ToSlash(file))) + "\n"
		golden := strings.TrimSuffix(file, ".yaml") + "." + lang + ".txt"
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(shown), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err, "write it with -update")
		require.Equal(t, string(want), shown)
	}
}

// requirePlaces checks that problems are sorted, bounded and inside the file,
// and that each speaks both languages.
func requirePlaces(t *testing.T, problems Problems, data []byte) {
	t.Helper()
	require.NotEmpty(t, problems)
	require.LessOrEqual(t, len(problems), maxProblems+1)
	lines := splitLines(strings.TrimPrefix(strings.ToValidUTF8(string(data), "\ufffd"), "\ufeff"))
	before := Source{}
	for _, p := range problems {
		require.NotEmpty(t, p.Message.FR)
		require.NotEmpty(t, p.Message.EN)
		require.Equal(t, p.Expected.FR == "", p.Expected.EN == "", "%v", p.Expected)
		if !strings.Contains(string(data), "%!") { // what a file has, its problems may quote
			require.NotContains(t, p.In("en")+p.In("fr")+p.Hint("en")+p.Hint("fr"), "%!")
		}
		if p.Pos.File == overrideFile || p.Pos.Line == 0 {
			continue
		}
		require.False(t, p.Pos.Line < before.Line || p.Pos.Line == before.Line && p.Pos.Column < before.Column, "not sorted")
		before = p.Pos
		require.LessOrEqual(t, p.Pos.Line, len(lines))
		require.GreaterOrEqual(t, p.Pos.Column, 1)
		require.LessOrEqual(t, p.Pos.Column, len([]rune(lines[p.Pos.Line-1]))+1)
	}
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	f, err := os.Create(large)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<30)) // sparse
	require.NoError(t, f.Close())
	for name, c := range map[string]struct{ file, want string }{
		"missing":        {filepath.Join(dir, "none.yaml"), "no such file"},
		"missing folder": {filepath.Join(dir, "none", "none.yaml"), "no such file"},
		"a directory":    {dir, "this is a directory, not a file"},
		"a device":       {os.DevNull, "this is not a regular file"},
		"a gigabyte":     {large, "the file is larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(c.file)
			require.EqualError(t, err, c.file+": "+c.want)
			_, err = LoadCandidate(c.file, nil)
			require.EqualError(t, err, c.file+": "+c.want)
		})
	}
	_, err = Load(filepath.Join(dir, "none.yaml"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	var p *Problem
	require.True(t, errors.As(err, &p))
	require.Equal(t, "fichier introuvable", p.Message.In("fr"))
}

// Files that grow when they are read, or that a parser could choke on, are
// refused in little time.
func TestHostileFiles(t *testing.T) {
	const size = maxFile / 4
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	head := "version: 1\nid: a\ntitle: A\n"
	var rows strings.Builder
	for i := range maxCases {
		fmt.Fprintf(&rows, "  - {id: c%d, x: %s}\n", i, strings.Repeat("y", 1500))
	}
	for name, text := range map[string]string{
		"brackets":   fill("["),
		"braces":     fill("{a: "),
		"dashes":     fill("- "),
		"questions":  fill("? "),
		"anchors":    fill("&a "),
		"comments":   fill("#\n"),
		"one line":   "[" + fill("a,") + "]",
		"same keys":  fill("a:\n"),
		"late error": fill("- abc\n") + "x: y: z",
		"late quote": fill("- abc\n") + `"x`,
		"aliases":    "a: &a [b, b, b, b, b, b, b, b]\nc: [" + strings.Repeat("*a,", 10_000) + "]",
		"cells":      head + "cases:\n" + rows.String() + "steps: [{id: a, send: {raw: \"" + strings.Repeat("{{case.x}}", 1000) + "\"}}]\n",
		"columns":    head + "cases: [{id: a, " + strings.Repeat("x: 1, ", 10_000) + "}]\nsteps: [{id: a, send: A01}]\n",
		"references": head + "steps: [{id: a, send: {raw: \"" + strings.Repeat("{{x}}", 40_000) + "\"}}]\n",
		"block":      head + "steps:\n  - id: a\n    send:\n      raw: |\n        " + strings.Repeat("{{x}}", 40_000) + "\n",
		"variables":  head + "vars: {" + strings.Repeat("x: \"{{y}}\", ", 20_000) + "}\nsteps: [{id: a, send: A01}]\n",
		"fields":     head + "steps: [{id: a, send: A01, set: {" + strings.Repeat("PID-3: x, ", 20_000) + "}}]\n",
		"steps":      head + "steps: [" + strings.Repeat("{id: a, send: A01},", 8_000) + "]\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := LoadFS(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, "s.yaml")
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.Less(t, time.Since(start), slowLoad)
			require.Less(t, len(problems.In("en")), 64<<10)
		})
	}
}
