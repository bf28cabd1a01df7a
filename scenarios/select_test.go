package scenarios_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
)

func small(id, tags string) string {
	return "version: 1\nid: " + id + "\ntitle: {fr: a, en: a}\nrole: dmn\ntags: [" + tags + "]\ngiven: {patient: {new: patient}}\nsteps:\n  - {id: one, send: A28}\n"
}

func TestSelect(t *testing.T) {
	rows := small("b/rows", "core, rows") + "    # rows\n"
	rows = rows[:len(rows)-len("  - {id: one, send: A28}\n    # rows\n")] +
		"  - {id: one, send: \"{{case.event}}\"}\ncases:\n  - {id: x, event: A28}\n  - {id: y, event: A31}\n"
	sel := scenarios.Selector{Library: fstest.MapFS{
		"a/one.yaml":  {Data: []byte(small("a/one", "core"))},
		"a/two.yaml":  {Data: []byte(small("a/two", "other"))},
		"b/rows.yaml": {Data: []byte(rows)},
	}}
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	write("mine/one.yaml", small("mine/one", "mine"))
	write("mine/deep/two.yaml", small("mine/two", "mine"))
	write("mine/candidate.yaml", "candidate: {name: x}\n")
	write("same/other.yaml", small("mine/one", "mine"))
	write("bad/a.yaml", "version: 2\n")
	write("bad/b.yaml", "version: 3\n")
	require.NoError(t, os.MkdirAll("empty", 0o755))

	for _, test := range []struct {
		name       string
		args, tags []string
		want       []string
		failed     string
		hint       string
	}{
		{name: "everything", want: []string{"a/one", "a/two", "b/rows#x", "b/rows#y"}},
		{name: "an id", args: []string{"a/two"}, want: []string{"a/two"}},
		{name: "a folder", args: []string{"a"}, want: []string{"a/one", "a/two"}},
		{name: "a folder with a slash", args: []string{"a/"}, want: []string{"a/one", "a/two"}},
		{name: "a case", args: []string{"b/rows#y"}, want: []string{"b/rows#y"}},
		{name: "each once, in the order asked for", args: []string{"b/rows#y", "a/one", "b/rows"}, want: []string{"b/rows#y", "a/one", "b/rows#x"}},
		{name: "a file", args: []string{"mine/one.yaml"}, want: []string{"mine/one"}},
		{name: "a folder of the disk, all depths, no candidate file", args: []string{"./mine"}, want: []string{"mine/two", "mine/one"}},
		{name: "a folder of the disk by its bare name", args: []string{"mine"}, want: []string{"mine/two", "mine/one"}},
		{name: "tags", tags: []string{"rows", "other"}, want: []string{"a/two", "b/rows#x", "b/rows#y"}},

		{name: "a slip in an id", args: []string{"a/onw"}, failed: `no scenario, file or folder is called "a/onw"`, hint: `did you mean "a/one"?`},
		{name: "a slip in a tag", tags: []string{"cor"}, failed: `none of these scenarios has the tag "cor"`, hint: `did you mean "core"?`},
		{name: "no such case", args: []string{"b/rows#z"}, failed: `the scenario "b/rows" has no case "z"`, hint: "its cases: x, y"},
		{name: "an empty folder", args: []string{"./empty"}, failed: "has no .yaml file"},
		{name: "no such file", args: []string{"nowhere.yaml"}, failed: "nowhere.yaml: no such file"},
		{name: "two files with one id", args: []string{"mine/one.yaml", "same/other.yaml"}, failed: `two scenarios have the id "mine/one"`},
		{name: "the problems of all files together", args: []string{"./bad"}, failed: "(and 7 more)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plays, err := sel.Select(test.args, test.tags)
			if test.failed != "" {
				require.ErrorContains(t, err, test.failed)
				if hinter, ok := err.(interface{ Hint(string) string }); ok && test.hint != "" {
					require.Equal(t, test.hint, hinter.Hint("en"))
				}
				return
			}
			require.NoError(t, err)
			var got []string
			for _, p := range plays {
				name := p.Scenario.ID
				if p.Case.ID != "" {
					name += "#" + p.Case.ID
				}
				got = append(got, name)
			}
			require.Equal(t, test.want, got)
		})
	}
}
