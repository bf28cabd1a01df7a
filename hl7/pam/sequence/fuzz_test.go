package sequence

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// FuzzTracker follows streams of messages that were bent on their way: nothing
// panics, what is remembered keeps within its bounds, and whatever is found has
// words in both languages and a place in the message.
//
// The input is a list of orders of four bytes: which message, how it is bent,
// and two bytes that say where.
func FuzzTracker(f *testing.F) {
	var samples [][]byte
	for _, name := range rules.Samples() {
		m, err := rules.Sample(name)
		require.NoError(f, err)
		samples = append(samples, m.Bytes())
	}
	for start := range 8 { // all samples in several orders, each bent in its own way
		var orders []byte
		for i := range samples {
			orders = append(orders, byte(i*(2*start+1)), byte(i%4*start), byte(i), byte(37*i))
		}
		f.Add(orders)
	}
	j, err := rules.New(rules.Options{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, orders []byte) {
		const patients = 8
		tracker := New(Options{Patients: patients})
		var report rules.Report
		for n := 0; n < 256 && len(orders) >= 4; n, orders = n+1, orders[4:] {
			m, err := hl7.Parse(bent(samples, orders[:4]))
			if err != nil {
				continue
			}
			j.Message(&report, m)
			before := len(report.Findings)
			tracker.Follow(&report)
			for i := before; i < len(report.Findings); i++ {
				requireWords(t, &report.Findings[i], m)
			}
		}
		requireBounds(t, tracker, patients)
	})
}

// bent is a message as an order has it.
func bent(samples [][]byte, order []byte) []byte {
	data := slices.Clone(samples[int(order[0])%len(samples)])
	at := (int(order[2])<<8 | int(order[3])) % len(data)
	end := at + bytes.IndexAny(data[at:], "|~^&\r") // the rest of a value; each segment ends
	switch order[1] % 8 {
	case 1: // another byte
		data[at] ^= order[3] | 1
	case 2: // no value
		data = slices.Delete(data, at, end)
	case 3: // the value of another message
		other := samples[int(order[3])%len(samples)]
		from := at % len(other)
		data = slices.Insert(data, at, other[from:from+bytes.IndexAny(other[from:], "|\r")]...)
	case 4: // a value that is too long
		data = slices.Insert(data, at, bytes.Repeat([]byte{'9'}, 1<<(order[3]%12))...)
	case 5: // the end is missing
		data = data[:at]
	case 6: // another event
		data = bytes.Replace(data, []byte("^A"), fmt.Appendf(nil, "^A%d", order[3]%6), 1)
	case 7: // the same segments twice
		data = append(data, data[bytes.IndexByte(data, '\r')+1:]...)
	}
	return data
}

func requireWords(t *testing.T, f *rules.Finding, m *hl7.Message) {
	t.Helper()
	for _, lang := range []string{"fr", "en"} {
		require.NotEmpty(t, f.Message(lang), f.Rule.ID)
		require.NotEmpty(t, f.Hint(lang), f.Rule.ID)
		require.NotContains(t, f.Message(lang), "{", f.Rule.ID)
	}
	require.NotEmpty(t, f.Path(), f.Rule.ID)
	require.GreaterOrEqual(t, f.Offset, 0, f.Rule.ID)
	require.LessOrEqual(t, f.Offset+f.Size, len(m.Bytes()), f.Rule.ID)
}

// requireBounds holds all that can be reached from a tracker to its bounds.
func requireBounds(t *testing.T, tracker *Tracker, patients int) {
	t.Helper()
	require.LessOrEqual(t, tracker.Remembered(), patients+patients/4)
	require.LessOrEqual(t, tracker.stays.len(), patients+patients/10)
	require.LessOrEqual(t, tracker.accounts.len(), patients+patients/10)
	require.LessOrEqual(t, tracker.moves.len(), 4*patients)
	require.LessOrEqual(t, tracker.ids.len(), 4*patients)
	for _, half := range []map[uint64]*patient{tracker.patients.young, tracker.patients.old} {
		for _, p := range half {
			require.LessOrEqual(t, len(p.number), 4*mostKey)
			require.LessOrEqual(t, len(p.modes), mostModes)
			require.NotNil(t, p.root())
			require.Contains(t, []*patient{nil, p.root()}, p.into, "the way to the root is one step")
		}
	}
	for _, half := range []map[uint64]*stay{tracker.moves.young, tracker.moves.old} {
		for _, st := range half {
			require.LessOrEqual(t, len(st.movements), mostMovements)
		}
	}
}
