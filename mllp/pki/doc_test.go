package pki

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docRow is an entry of the catalogue as docs/pki.md shows it.
func docRow(f Fault) string {
	return fmt.Sprintf("| `%s` | %s | %s | %s: %s | %s |\n", f.Name, f.FromClient.In("en"), f.FromServer.In("en"), f.Title.EN, f.Why.EN, f.Spec)
}

// The page shows the catalogue as it is.
func TestDocumentedCatalogue(t *testing.T) {
	data, err := os.ReadFile("../../docs/pki.md")
	require.NoError(t, err)
	var rows strings.Builder
	for _, f := range Faults() {
		rows.WriteString(docRow(f))
	}
	require.Contains(t, strings.ReplaceAll(string(data), "\r\n", "\n"), rows.String())
}
