package store

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a loss of power needs cannot be seen by killing a process: the system
// keeps what was written. So the settings that see to it are looked at.
func TestEveryConnectionSyncs(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for name, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} {
		var got string
		require.NoError(t, s.write.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got))
		require.Equal(t, want, got, name)
	}
}
