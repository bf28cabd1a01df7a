package mllptest_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/mllptest"
)

func TestCasesAreTheCallersOwn(t *testing.T) {
	first, second := mllptest.Cases(), mllptest.Cases()
	for i, c := range first {
		for j := range c.Bytes {
			c.Bytes[j] ^= 0xff
		}
		for _, f := range c.Frames {
			clear(f)
		}
		if len(c.Bytes) > 0 {
			require.NotEqual(t, c.Bytes, second[i].Bytes)
		}
	}
	require.Equal(t, second, mllptest.Cases())
}

func TestCasesAreNamed(t *testing.T) {
	names := mllptest.Names()
	require.Len(t, names, len(mllptest.Cases()))
	slices.Sort(names)
	require.Equal(t, names, slices.Compact(slices.Clone(names)), "a name twice")
	for _, name := range names {
		c, ok := mllptest.Find(name)
		require.True(t, ok)
		require.Equal(t, name, c.Name)
		require.NotEmpty(t, name)
	}
	_, ok := mllptest.Find("no such case")
	require.False(t, ok)
}

func TestPiecesAreTheBytes(t *testing.T) {
	cut := 0
	for _, c := range mllptest.Cases() {
		pieces := c.Pieces()
		require.Len(t, pieces, len(c.Cuts)+1)
		require.True(t, bytes.Equal(c.Bytes, bytes.Join(pieces, nil)), c.Name)
		for _, p := range pieces {
			require.True(t, len(p) > 0 || c.Name == "nothing", c.Name)
		}
		cut += len(c.Cuts)
	}
	require.NotZero(t, cut)
}
