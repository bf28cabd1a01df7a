package hl7_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestUnescape(t *testing.T) {
	truncating := hl7.StandardDelimiters()
	truncating.Truncation = '#'
	for _, c := range []struct {
		name, in, want string
		d              hl7.Delimiters
	}{
		{"nothing", "Zoé", "Zoé", hl7.StandardDelimiters()},
		{"delimiters", `\F\\S\\T\\R\\E\`, `|^&~\`, hl7.StandardDelimiters()},
		{"line break", `a\.br\b`, "a\nb", hl7.StandardDelimiters()},
		{"hexadecimal", `\X41\\X09\\X0D0A\\Xc3A9\`, "A\t\r\né", hl7.StandardDelimiters()},
		{"hexadecimal that is no UTF-8", `\XE9\`, `\XE9\`, hl7.StandardDelimiters()},
		{"hexadecimal that is none", `\XZZ\\X4\\X\`, `\XZZ\\X4\\X\`, hl7.StandardDelimiters()},
		{"truncation", `a\P\b`, "a#b", truncating},
		{"truncation unknown", `a\P\b`, `a\P\b`, hl7.StandardDelimiters()},
		{"highlighting", `\H\bold\N\`, `\H\bold\N\`, hl7.StandardDelimiters()},
		{"formatting", `\.sp\\.in+2\`, `\.sp\\.in+2\`, hl7.StandardDelimiters()},
		{"local", `\Zxx\`, `\Zxx\`, hl7.StandardDelimiters()},
		{"character set", `\C2842\\M2442\`, `\C2842\\M2442\`, hl7.StandardDelimiters()},
		{"empty", `a\\b`, `a\\b`, hl7.StandardDelimiters()},
		{"lone", `C:`, `C:`, hl7.StandardDelimiters()},
		{"lone at the end", `C:\`, `C:\`, hl7.StandardDelimiters()},
		{"path of a file", `C:\dir\file`, `C:\dir\file`, hl7.StandardDelimiters()},
		{"lower case is unknown", `\t\`, `\t\`, hl7.StandardDelimiters()},
		{"other delimiters", `#F##S##T##R##E#`, `@~\&#`, hl7.Delimiters{Field: '@', Component: '~', Repetition: '&', Escape: '#', Subcomponent: '\\'}},
		{"no escape character", `\F\`, `\F\`, hl7.Delimiters{Field: '|', Component: '^'}},
		{"a delimiter that is not there", `\T\`, `\T\`, hl7.Delimiters{Field: '|', Component: '^', Repetition: '~', Escape: '\\'}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, hl7.Unescape(c.in, c.d)) })
	}
}

func TestEscape(t *testing.T) {
	d := hl7.StandardDelimiters()
	require.Equal(t, "Zoé, sœur d'Éloïse #1", hl7.Escape("Zoé, sœur d'Éloïse #1", d))
	require.Equal(t, `\F\\S\\T\\R\\E\`, hl7.Escape(`|^&~\`, d))
	require.Equal(t, `a\.br\b\.br\c\X0D\d\X09\`, hl7.Escape("a\nb\r\nc\rd\t", d))
	d.Truncation = '#'
	require.Equal(t, `\P\1`, hl7.Escape("#1", d))
	require.Equal(t, "a|b", hl7.Escape("a|b", hl7.Delimiters{Field: '|'}), "nothing to escape with")
}

func TestUnescapeUndoesEscape(t *testing.T) {
	for _, d := range []hl7.Delimiters{
		hl7.StandardDelimiters(),
		{Field: '@', Component: '~', Repetition: '&', Escape: '#', Subcomponent: '\\', Truncation: '!'},
	} {
		var all strings.Builder
		for r := rune(0); r < 0x300; r++ {
			all.WriteRune(r)
			all.WriteByte('x')
		}
		require.Equal(t, all.String(), hl7.Unescape(hl7.Escape(all.String(), d), d))
	}
}
