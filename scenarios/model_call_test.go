package scenarios

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONPath(t *testing.T) {
	document := jsonDocument([]byte(`{"a": [{"b": 1.50}, {"b": "x"}], "c": {"d": null}, "e": true, "f": [1, {"g": 2}]}`))
	for text, want := range map[string]string{
		"a[0].b": "1.50", "a[1].b": "x", "a[*].b": "1.50, x", "a[2].b": "absent", "c.d": `""`, "e": "true", "f": `[1,{"g":2}]`, "f[1].g": "2", "c.x.y": "absent",
	} {
		p, ok := compileJSONPath(text)
		require.True(t, ok, text)
		require.Equal(t, want, p.actual(document).String(), text)
	}
	for _, text := range []string{"", ".a", "a..b", "a[", "a[x]", "a[-1]", "a]b", "[0]b", "a."} {
		_, ok := compileJSONPath(text)
		require.False(t, ok, text)
	}
	whole, ok := compileJSONPath(".")
	require.True(t, ok)
	require.Equal(t, "absent", jsonPath{steps: []jsonStep{{member: "a"}}}.actual(jsonDocument([]byte("<a/>"))).String())
	require.Equal(t, "absent", whole.actual(jsonDocument([]byte("<a/>"))).String())
	require.Equal(t, "7", whole.actual(jsonDocument([]byte("7"))).String())
	require.Equal(t, noDocument{}, jsonDocument([]byte("1 2")))
}

// FuzzJSONPath: whatever the path and the document, no panic, and what is read can
// be shown.
func FuzzJSONPath(f *testing.F) {
	f.Add("a[0].b", `{"a": [{"b": 1}]}`)
	f.Add("a[*].b[*]", `{"a": [{"b": [1, null]}]}`)
	f.Add("[0]", `[[]]`)
	f.Fuzz(func(t *testing.T, path, document string) {
		p, ok := compileJSONPath(path)
		if !ok {
			return
		}
		require.LessOrEqual(t, len(p.steps), mostJSONSteps)
		_ = p.actual(jsonDocument([]byte(document))).String()
	})
}
