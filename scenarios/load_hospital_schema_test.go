package scenarios

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHospitalSchema: editors say of a hospital what package hospital says.
func TestHospitalSchema(t *testing.T) {
	schema := compileSchema(t, "../docs/hospital.schema.json")
	for _, file := range []string{"hospital/default.yaml", "hospital/testdata/small.yaml"} {
		require.NoError(t, validate(t, schema, file))
	}
	bad, err := filepath.Glob("hospital/testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, bad)
	for _, file := range bad {
		require.Error(t, validate(t, schema, file), file)
	}
}
