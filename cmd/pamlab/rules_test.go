package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// TestRulesKeepTheirSchema: what `pamlab rules --json` prints is what
// docs/rules.schema.json says.
func TestRulesKeepTheirSchema(t *testing.T) {
	data, err := os.ReadFile("../../docs/rules.schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("rules.json", doc))
	schema, err := c.Compile("rules.json")
	require.NoError(t, err)

	var out, complaints bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	require.Zero(t, run(t.Context(), []string{"rules", "--json"}, nil, &out, &complaints, none), complaints.String())
	printed, err := jsonschema.UnmarshalJSON(&out)
	require.NoError(t, err)
	require.NoError(t, schema.Validate(printed))
	require.Greater(t, len(printed.([]any)), 300)
}
