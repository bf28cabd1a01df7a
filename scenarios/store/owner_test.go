package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/store"
)

func owned(t testing.TB, err error) *store.Error {
	t.Helper()
	var e *store.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, store.Owned, e.Kind)
	return e
}

// By whatever name it is called, a store has one owner. Others may read and purge.
// (That a program that is killed is no owner any more, package main tests.)
func TestOneOwner(t *testing.T) {
	path, link := file(t), filepath.Join(t.TempDir(), "link.db")
	s := open(t, path, store.Options{})
	require.NoError(t, s.Add(t.Context(), record(1)))
	require.NoError(t, os.Symlink(path, link))
	for _, name := range []string{path, link} {
		_, err := store.Open(t.Context(), name, store.Options{})
		e := owned(t, err)
		require.Equal(t, os.Getpid(), e.Process)
		for _, lang := range []string{"fr", "en"} {
			require.Contains(t, e.In(lang), name)
			require.NotEmpty(t, e.Hint(lang))
		}
	}
	beside := open(t, link, store.Options{MustExist: true})
	require.Len(t, list(t, beside, store.Filter{}), 1)
	n, err := beside.Purge(t.Context(), record(2).Time)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.NoError(t, s.Add(t.Context(), record(2)))

	require.NoError(t, s.Close())
	require.NoFileExists(t, path+"-owner")
	next := open(t, path, store.Options{})
	require.Len(t, list(t, next, store.Filter{}), 1)
}

// What a program that was killed left does not keep the next one out, nor does a
// file that is no store keep its owner file.
func TestNoOwnerIsLeft(t *testing.T) {
	path := file(t)
	require.NoError(t, os.WriteFile(path+"-owner", []byte("4194305\nand more"), 0o600))
	require.NoError(t, open(t, path, store.Options{}).Close())
	require.NoFileExists(t, path+"-owner")

	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("a letter, and much more than a letter"), 0o600))
	_, err := store.Open(t.Context(), text, store.Options{})
	require.Error(t, err)
	require.NoFileExists(t, text+"-owner")
}

// A link that somebody else has put there is not followed.
func TestOwnerFollowsNoLink(t *testing.T) {
	path, precious := file(t), filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(precious, []byte("kept"), 0o600))
	require.NoError(t, os.Symlink(precious, path+"-owner"))
	_, err := store.Open(t.Context(), path, store.Options{})
	var e *store.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, store.Failing, e.Kind)
	require.Equal(t, path+"-owner", e.Path)
	kept, err := os.ReadFile(precious)
	require.NoError(t, err)
	require.Equal(t, "kept", string(kept))
}
