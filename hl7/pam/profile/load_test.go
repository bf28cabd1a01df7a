package profile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/schema"
)

// TestEveryProfileLoads also compiles every grammar, and reads every origin,
// which is left to the first message, or finding, otherwise.
func TestEveryProfileLoads(t *testing.T) {
	strict, err := newLibrary(dataFiles, "data")
	require.NoError(t, err)
	strict.strict = true
	for _, name := range Names() {
		whole, err := strict.load(name)
		require.NoError(t, err, name)
		p, err := Load(name)
		require.NoError(t, err, name)
		require.Equal(t, name, p.Name)
		require.Equal(t, whole.origins(), p.origins())
		require.NotEmpty(t, p.Dialect)
		require.NotEmpty(t, p.Title.FR)
		require.NotEmpty(t, p.Title.EN)
		for _, trigger := range p.Events() {
			e := p.Event(trigger)
			_, err := schema.Compile(e.Structure, e.Grammar.Notation)
			require.NoError(t, err, "%s %s: %s", name, trigger, e.Grammar.Notation)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l, err := newLibrary(dataFiles, "data")
				require.NoError(b, err)
				_, err = l.load(name)
				require.NoError(b, err)
			}
		})
	}
}

// TestInPlace holds the texts that are not read against the files.
func TestInPlace(t *testing.T) {
	l := shipped()
	known := 0
	for _, name := range l.names {
		text, err := l.beginning(name, make([]byte, chunk), mostText, "")
		require.NoError(t, err)
		if there := l.inPlace(name); there != "" {
			known++
			require.Equal(t, text, there, name)
		}
	}
	require.Equal(t, 2, known)
}
