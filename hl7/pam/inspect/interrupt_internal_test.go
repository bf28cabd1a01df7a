package inspect

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadOfAFile: a file is read without a goroutine, and not after the end of
// the context.
func TestReadOfAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.hl7")
	require.NoError(t, os.WriteFile(name, []byte("MSH|"), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r := newInterruptible(ctx, f, nil)
	require.True(t, r.prompt)
	p := make([]byte, 10)
	n, err := r.Read(p)
	require.NoError(t, err)
	require.Equal(t, "MSH|", string(p[:n]))
	_, err = r.Read(p)
	require.ErrorIs(t, err, io.EOF)
	cancel()
	_, err = r.Read(p)
	require.ErrorIs(t, err, context.Canceled)
}

// TestWhatMayWait is read so that the end of the context ends it.
func TestWhatMayWait(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	empty, err := os.Create(filepath.Join(t.TempDir(), "empty"))
	require.NoError(t, err)
	defer empty.Close()
	for _, src := range []io.Reader{r, empty, io.LimitReader(empty, 1)} {
		require.False(t, newInterruptible(t.Context(), src, nil).prompt)
	}
}
