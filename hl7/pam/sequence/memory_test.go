package sequence

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryForgetsTheOldest(t *testing.T) {
	m := newMemory[int](10)
	for i := range 100 {
		m.put([]byte(fmt.Sprint(i)), i)
		_, ok := m.get([]byte("0"))
		require.True(t, ok, "what is asked for again and again is kept")
		require.LessOrEqual(t, m.len(), 10)
	}
	v, ok := m.get([]byte("99"))
	require.True(t, ok)
	require.Equal(t, 99, v)
	_, ok = m.get([]byte("50"))
	require.False(t, ok)
	m.remove([]byte("99"))
	_, ok = m.get([]byte("99"))
	require.False(t, ok)
}

func TestMemoryTakesANewValueWithoutForgetting(t *testing.T) {
	m := newMemory[int](4)
	m.put([]byte("a"), 1)
	m.put([]byte("b"), 1)
	m.put([]byte("c"), 1) // a and b are the old half by now
	m.put([]byte("d"), 1)
	for i := range 10 {
		m.put([]byte("d"), i)
	}
	_, ok := m.old[maphash.Bytes(seed, []byte("a"))]
	require.True(t, ok)
}

func TestMemoryTakesNoEndlessKeys(t *testing.T) {
	m := newMemory[int](4)
	m.put([]byte(strings.Repeat("9", mostKey+1)), 1)
	require.Zero(t, m.len())
}

// TestBefore: which movement a transfer followed is told by their moments and,
// at one moment, by which came first, also where no ZBE gives them numbers.
func TestBefore(t *testing.T) {
	st := &stay{movements: []movement{
		{trigger: "A01", start: "202603021000", housing: "first"},
		{trigger: "A02", start: "202603021000", housing: "second"},
		{trigger: "A02", start: "202603021000", housing: "third"},
		{trigger: "A05", start: "202603021000", housing: "expected"},
		{trigger: "A02", start: "202603021000", housing: "cancelled", cancelled: true},
		{trigger: "A02", start: "202603021200", housing: "later"},
	}}
	for i, want := range []string{"", "first", "second", "third", "third", "third"} {
		got := ""
		if m := st.before(&st.movements[i]); m != nil {
			got = m.housing
		}
		require.Equal(t, want, got, st.movements[i].housing)
	}
}

// TestRoot: merges one after the other leave nobody between the first record
// and the last.
func TestRoot(t *testing.T) {
	chain := make([]patient, 100)
	for i := range chain[1:] {
		chain[i].into = &chain[i+1]
	}
	last := &chain[99]
	require.Same(t, last, chain[0].root())
	for i := range chain[1:] {
		require.Same(t, last, chain[i].into)
	}
}
