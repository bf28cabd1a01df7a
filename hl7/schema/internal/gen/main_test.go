package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGeneratedFilesAreUpToDate generates anew from the data and compares.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "data"), os.DirFS("../../data")))
	require.NoError(t, run(dir))
	files, err := filepath.Glob(filepath.Join(dir, "z*.go"))
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, name := range files {
		want, err := os.ReadFile(name)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("../..", filepath.Base(name)))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s: run go generate ./hl7/schema", filepath.Base(name))
	}
}

func TestDataErrors(t *testing.T) {
	const good = "version\t9\ntable\t0001\tUser\tSex\n\tF\tFemale\ntype\tST\tString\ntype\tXX\tTest\n\t1\tST\t-\tO\t0001\tOne\n" +
		"segment\tPID\tPatient\n\t1\tXX\t4\tR\t1..*\t-\t1\tOne\n"
	write := func(data string) error {
		f, err := parse([]byte(data))
		if err != nil {
			return err
		}
		w := writer{known: map[string]string{}}
		return w.file(f)
	}
	require.NoError(t, write(good))
	for want, data := range map[string]string{
		"line 1: not a line":      "versions\t9\n",
		"line 2: 1 cells":         "version\t9\n\tF\n",
		"there is no table 0002":  good + "type\tYY\tTest\n\t1\tST\t-\tO\t0002\tOne\n",
		"unknown type":            good + "type\tYY\tTest\n\t1\tZZ\t-\tO\t-\tOne\n",
		"contain each other":      good + "type\tYY\tTest\n\t1\tYY\t-\tO\t-\tOne\n",
		"stands in place 2":       good + "\t3\tXX\t4\tR\t1..*\t-\t1\tOne\n",
		"component 2 stands in":   good + "type\tYY\tTest\n\t2\tST\t-\tO\t-\tOne\n",
		"has the unknown type QQ": good + "\t2\tQQ\t4\tR\t1..*\t-\t1\tOne\n",
	} {
		require.ErrorContains(t, write(data), want)
	}
}
