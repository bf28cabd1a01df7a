package store

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However much is purged, who has a message to store waits for a few pages of it
// at a time: giving back what a large file no longer needs takes long.
func TestPagesAreGivenBackSomeAtATime(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for range 3 {
		require.NoError(t, s.Add(t.Context(), &Record{Time: time.Unix(1, 0), Message: make([]byte, 3<<20)}))
	}
	var counts []int64
	count := func(tx *sql.Tx) (err error) {
		var free int64
		if len(counts) == 0 {
			if _, err := tx.Exec("DELETE FROM messages"); err != nil {
				return err
			}
			err = tx.QueryRow("PRAGMA freelist_count").Scan(&free)
		} else {
			free, err = giveBack(tx)
		}
		counts = append(counts, free)
		return err
	}
	for len(counts) == 0 || counts[len(counts)-1] > 0 {
		require.NoError(t, s.do(t.Context(), count))
		require.Less(t, len(counts), 10)
	}
	require.Greater(t, counts[0], int64(2*purgePages))
	for i, free := range counts[1:] {
		require.Less(t, free, counts[i], "shorter each time")
		require.LessOrEqual(t, counts[i]-free, int64(purgePages)+2, "and pages of the map of pages")
	}
}
