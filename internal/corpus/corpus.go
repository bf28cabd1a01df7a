// Package corpus finds the messages that others have written, for the tests that
// read them. They are not ours to distribute, so they stand beside the
// repository, or nowhere.
package corpus

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of third-party messages: $PAMLAB_CORPUS, or
// shared/corpus beside the repository. Where there is none the test is skipped;
// it fails when PAMLAB_REQUIRE_CORPUS is 1, as in the gate.
func Dir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PAMLAB_CORPUS")
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("PAMLAB_REQUIRE_CORPUS") == "1" {
			t.Fatalf("PAMLAB_REQUIRE_CORPUS=1, but there is no corpus of third-party messages: %v", err)
		}
		t.Skipf("no corpus of third-party messages (set PAMLAB_CORPUS to its folder): %v", err)
	}
	return dir
}

// root returns the folder of the repository: tests run in that of their package.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the folder of the test")
		}
		dir = parent
	}
}
