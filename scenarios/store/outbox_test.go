package store_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios/store"
)

func TestOutbox(t *testing.T) {
	for _, path := range []string{store.Memory, file(t)} {
		s := open(t, path, store.Options{})
		value, err := s.State(t.Context(), "clock")
		require.NoError(t, err)
		require.Nil(t, value)

		a, b, c := record(1), record(2), record(3)
		b.Destination = "other"
		require.NoError(t, s.EnqueueWith(t.Context(), "clock", []byte("noon"), a, b))
		require.NoError(t, s.Enqueue(t.Context(), c))
		value, err = s.State(t.Context(), "clock")
		require.NoError(t, err)
		require.Equal(t, "noon", string(value))

		waiting, err := s.Waiting(t.Context(), "dmn", 0, 10)
		require.NoError(t, err)
		require.Equal(t, "M1 M3", ids(waiting), "those of the destination, in their order")
		require.Equal(t, store.Waiting, waiting[0].State)
		waiting, err = s.Waiting(t.Context(), "dmn", a.ID, 10)
		require.NoError(t, err)
		require.Equal(t, "M3", ids(waiting))
		waiting, err = s.Waiting(t.Context(), "dmn", 0, 1)
		require.NoError(t, err)
		require.Equal(t, "M1", ids(waiting))

		a.State, a.Ack, a.Attempts, a.Error, a.Answer = store.Parked, "AE", 3, "refused: 204", []byte("MSA|AE")
		c.State, c.Answer = store.Done, nil
		require.NoError(t, s.Settle(t.Context(), a, c))
		got, err := s.Get(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, []any{store.Parked, "AE", 3, "refused: 204", "MSA|AE"}, []any{got.State, got.Ack, got.Attempts, got.Error, string(got.Answer)})
		require.Equal(t, a.Message, got.Message)
		got, err = s.Get(t.Context(), c.ID)
		require.NoError(t, err)
		require.NotNil(t, got.Answer, "an answer is not taken away by none")
		waiting, err = s.Waiting(t.Context(), "dmn", 0, 10)
		require.NoError(t, err)
		require.Empty(t, waiting)

		// As a whole or not at all.
		b.State = store.Done
		require.Error(t, s.Settle(t.Context(), b, &store.Record{ID: 99}))
		got, err = s.Get(t.Context(), b.ID)
		require.NoError(t, err)
		require.Equal(t, store.Waiting, got.State)
	}
}

// What is purged is gone from the bytes of the files, which get shorter; what
// waits to be sent stays.
func TestPurge(t *testing.T) {
	path := file(t)
	s := open(t, path, store.Options{})
	var rs []*store.Record
	for n := range 520 {
		r := full(n)
		r.Message = bytes.Repeat([]byte("SECRET"), 1200) // more pages than are given back at once
		rs = append(rs, r)
	}
	require.NoError(t, s.AddAll(t.Context(), rs...))
	out := record(1)
	require.NoError(t, s.Enqueue(t.Context(), out))
	_, err := s.Purge(t.Context(), noon.Add(-time.Hour)) // nothing is older
	require.NoError(t, err)

	n, err := s.Purge(t.Context(), noon.Add(510*time.Second))
	require.NoError(t, err)
	require.Equal(t, int64(510), n)
	require.Len(t, list(t, s, store.Filter{}), 11)
	_, err = s.Get(t.Context(), out.ID)
	require.NoError(t, err)
	n, err = s.Purge(t.Context(), noon.Add(24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(10), n)
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Less(t, len(data), 64<<10, name)
		require.False(t, bytes.Contains(data, []byte("SECRET")), name)
	}

	m := open(t, store.Memory, store.Options{})
	require.NoError(t, m.AddAll(t.Context(), record(1), record(2)))
	n, err = m.Purge(t.Context(), noon.Add(2*time.Second))
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Equal(t, "M2", ids(list(t, m, store.Filter{})))
}

// A store in memory has a bound: it forgets the oldest, and never what waits.
func TestMemoryIsBounded(t *testing.T) {
	s := open(t, store.Memory, store.Options{MaxBytes: 20_000})
	for n := range 100 {
		require.NoError(t, s.Add(t.Context(), full(n)))
	}
	kept := list(t, s, store.Filter{})
	require.Len(t, kept, 10)
	require.Equal(t, "M99", kept[9].ControlID)
	var err error
	for range 100 {
		if err = s.Enqueue(t.Context(), full(1)); err != nil {
			break
		}
	}
	var e *store.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, store.Full, e.Kind)
}

// Records belong to the store: what the caller does with its bytes afterwards
// changes nothing.
func TestRecordsAreCopies(t *testing.T) {
	s := open(t, store.Memory, store.Options{})
	r := record(1)
	want := string(r.Message)
	require.NoError(t, s.Add(t.Context(), r))
	clear(r.Message)
	got := list(t, s, store.Filter{})[0]
	require.Equal(t, want, string(got.Message))
	clear(got.Message)
	got, err := s.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, want, string(got.Message))
}

func TestAlias(t *testing.T) {
	require.Empty(t, store.Alias(""))
	require.Equal(t, store.Alias("4711^X"), store.Alias("4711^X"))
	require.NotEqual(t, store.Alias("4711^X"), store.Alias("4712^X"))
	require.Regexp(t, `^P-[0-9A-HJKMNP-TV-Z]{8}$`, store.Alias("4711^X"))
	for _, tt := range []struct{ pid3, want string }{
		{"4711^^^CHU&1.2.3&ISO^PI", "4711^1.2.3"},
		{"1^^^INS&1.9&ISO^INS~4711^^^CHU^PI", "4711^CHU"},
		{"1^^^INS&1.9&ISO^INS", "1^1.9"},
		{"^^^CHU^PI", ""},
		{"", ""},
	} {
		m, err := hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260302||ADT^A01|1|P|2.5\rPID|||" + tt.pid3 + "\r"))
		require.NoError(t, err)
		require.Equal(t, tt.want, store.Identifier(m))
	}
}
