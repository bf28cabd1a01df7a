// Command gen writes the definitions of package schema as Go source: one file
// z*.go for each file of data. Run it by "go generate ./hl7/schema".
//
// What it writes are composite literals without function calls, so that the
// linker lays them out and a program that imports the package does no work for
// them when it starts. Types, tables and segments that two versions have in
// common are written once, in the file of the first.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run generates the files of the package in dir.
func run(dir string) error {
	w := writer{known: map[string]string{}}
	for _, version := range []string{"2.3.1", "2.5", "2.5.1"} {
		data, err := os.ReadFile(filepath.Join(dir, "data", version+".txt"))
		if err != nil {
			return err
		}
		f, err := parse(data)
		if err != nil {
			return fmt.Errorf("data/%s.txt: %w", version, err)
		}
		w.Reset()
		if err := w.file(f); err != nil {
			return fmt.Errorf("data/%s.txt: %w", version, err)
		}
		source, err := format.Source(w.Bytes())
		if err != nil {
			return err
		}
		if err := writeIfChanged(filepath.Join(dir, "z"+suffix(version)+".go"), source); err != nil {
			return err
		}
	}
	return nil
}

// writeIfChanged leaves a file alone that is what it should be.
func writeIfChanged(name string, content []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, content) {
		return nil
	}
	return os.WriteFile(name, content, 0o644)
}
