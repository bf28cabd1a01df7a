package hospital_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/hospital"
)

// TestBadDescriptions: each has one fault, at the place that its first line says,
// counted without that line. The published schema refuses them too: see
// TestHospitalSchema of package scenarios.
func TestBadDescriptions(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		first, rest, _ := strings.Cut(string(data), "\n")
		_, err = hospital.Parse(file, []byte(rest))
		var problems scenarios.Problems
		require.ErrorAs(t, err, &problems, file)
		require.Len(t, problems, 1, "%s\n%s", file, problems.In("en"))
		at := problems[0].Pos
		require.Equal(t, strings.TrimPrefix(first, "# "), fmt.Sprintf("%d:%d", at.Line, at.Column), "%s\n%s", file, problems.In("en"))
		require.NotEqual(t, problems.In("fr"), problems.In("en"), file)
	}
}

// TestWhatASchemaCannotSay is wrong by what stands elsewhere in the file.
func TestWhatASchemaCannotSay(t *testing.T) {
	const head = "version: 1\nfacility: {name: A, finess: \"990000025\"}\npoles:\n- name: B\n  units:\n  - {code: \"1\", label: C, kind: ward, beds: 2, days: 2}\n"
	for tail, want := range map[string]string{
		"  - {code: \"1\", label: D, kind: emergency}\nmix: {admissions: 1}\n": "described already",
		"mix: {emergencies: 4}\n":                      "no unit of kind",
		"mix: {admissions: 0}\n":                       "nobody comes",
		"mix: {admissions: 1}\nmix: {admissions: 2}\n": "already given",
		"mix: [1]\n":               "keys are expected",
		"mix: {admissions: NaN}\n": "no number",
	} {
		_, err := hospital.Parse("a.yaml", []byte(head+tail))
		require.ErrorContains(t, err, want, tail)
	}
	_, err := hospital.Load("testdata/none.yaml")
	require.True(t, errors.Is(err, fs.ErrNotExist), err)
}

// TestDefault: some 500 beds, and a unit for everybody who comes.
func TestDefault(t *testing.T) {
	c, err := hospital.Default()
	require.NoError(t, err)
	require.InDelta(t, 500, c.Beds(), 50)
	again, err := hospital.Parse("again.yaml", hospital.DefaultYAML())
	require.NoError(t, err)
	require.Equal(t, c, again)
}

// FuzzParse: what is no description is a list of problems, and what is one makes
// a hospital that lives.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(f, err)
	for _, file := range append(files, small) {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := hospital.Parse("fuzz.yaml", data)
		if err != nil {
			var problems scenarios.Problems
			require.ErrorAs(t, err, &problems)
			require.NotEmpty(t, problems)
			require.NotEmpty(t, problems.In("fr"))
			return
		}
		h := hospital.New(c, hospital.Options{Seed: 1, Start: opening})
		for range 20 {
			_, err := h.Next()
			require.NoError(t, err)
		}
	})
}
