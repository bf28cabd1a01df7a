package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/report"
)

const schemaFile = "../../docs/report.schema.json"

func jsonOf(t *testing.T, s *script, lang string) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.JSON(&out, read(s.play(t)), lang))
	return out.Bytes()
}

// strictSchema is the published schema, with members that it does not name
// forbidden: readers have to accept new ones, we have to document them.
func strictSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	forbidOthers(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(schemaFile, doc))
	schema, err := c.Compile(schemaFile)
	require.NoError(t, err)
	return schema
}

func forbidOthers(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, is := n["properties"].(map[string]any); is {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			forbidOthers(child)
		}
	case []any:
		for _, child := range n {
			forbidOthers(child)
		}
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, doc []byte) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value), "%s", doc)
}

func TestJSONGolden(t *testing.T) {
	tests := []struct {
		name   string
		script *script
		lang   string
	}{
		{"verdicts-fr", everyVerdict(), "fr"},
		{"verdicts-en", everyVerdict(), "en"},
		{"interrupted-en", interrupted(), "en"},
		{"cut-off-fr", cutOff(), "fr"},
		{"hostile-fr", hostile(), "fr"},
		{"empty-en", &script{}, "en"},
	}
	schema := strictSchema(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := jsonOf(t, test.script, test.lang)
			golden(t, "json-"+test.name+".json", doc)
			validate(t, schema, doc)
		})
	}
}

// TestSchemaCanFail: a schema that accepts anything would prove nothing.
func TestSchemaCanFail(t *testing.T) {
	schema := strictSchema(t)
	for name, change := range map[string]func(doc map[string]any){
		"another version":     func(d map[string]any) { d["v"] = 2 },
		"no scenarios":        func(d map[string]any) { delete(d, "scenarios") },
		"a new member":        func(d map[string]any) { d["surprise"] = true },
		"a verdict of no one": func(d map[string]any) { d["scenarios"].([]any)[0].(map[string]any)["verdict"] = "maybe" },
		"a time without zone": func(d map[string]any) { d["run"].(map[string]any)["started"] = "2026-03-02 09:30" },
	} {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			require.NoError(t, json.Unmarshal(jsonOf(t, everyVerdict(), "en"), &doc))
			change(doc)
			require.Error(t, schema.Validate(doc))
		})
	}
}

func TestJSONTotals(t *testing.T) {
	var doc struct {
		Totals struct {
			Selected, Finished int
			NotPlayed          int `json:"not_played"`
			Scenarios, Checks  map[scenarios.Verdict]int
		}
		Run struct{ Complete, Interrupted bool }
	}
	require.NoError(t, json.Unmarshal(jsonOf(t, everyVerdict(), "en"), &doc))
	require.True(t, doc.Run.Complete)
	require.Equal(t, 9, doc.Totals.Selected)
	require.Equal(t, 9, doc.Totals.Finished)
	require.Equal(t, 2, doc.Totals.Scenarios[scenarios.Pass])
	for _, v := range scenarios.Verdicts() {
		require.Contains(t, doc.Totals.Scenarios, v)
		require.NotZero(t, doc.Totals.Scenarios[v], v)
	}
	require.Equal(t, 2, doc.Totals.Checks[scenarios.Warn])

	require.NoError(t, json.Unmarshal(jsonOf(t, interrupted(), "en"), &doc))
	require.False(t, doc.Run.Complete)
	require.True(t, doc.Run.Interrupted)
	require.Equal(t, 4, doc.Totals.Selected)
	require.Equal(t, 1, doc.Totals.Finished)
	require.Equal(t, 2, doc.Totals.NotPlayed)
}

// TestJSONHasNoContent: the report may be shown around, the messages may not.
func TestJSONHasNoContent(t *testing.T) {
	doc := string(jsonOf(t, everyVerdict(), "en"))
	require.NotContains(t, doc, "FICTIF")
	require.NotContains(t, doc, "PID|")
	require.NotContains(t, doc, `"data"`)
}

// TestJSONMemberNames holds the names of members: a reader's code depends on them.
func TestJSONMemberNames(t *testing.T) {
	var doc any
	require.NoError(t, json.Unmarshal(jsonOf(t, everyVerdict(), "en"), &doc))
	names := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, child := range v {
				names[name] = true
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(doc)
	for _, name := range []string{
		"v", "lang", "notice", "run", "candidate", "totals", "scenarios",
		"id", "tool", "version", "seed", "instant", "jobs", "refuse_real_identities", "started", "duration_ms", "complete",
		"interrupted", "exit", "meaning", "name", "release", "role", "address", "dialect", "charset", "tls",
		"selected", "finished", "not_played", "checks", "case", "title", "verdict", "reason", "spec", "tags", "covers", "source",
		"replay", "steps", "connections", "messages", "notes", "state", "identity", "kind", "error",
		"direction", "type", "control_id", "bytes", "latency_ms", "oddities",
		"level", "expected", "actual", "hint", "rule", "field", "file", "line", "column", "width", "text",
	} {
		require.True(t, names[name], "the report has lost its member %q", name)
	}
}
