package reference

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// The names of the partners come back in the character set of the message, and
// with them the announcement of it; an answer in ASCII announces nothing.
func TestCharsetIsEchoed(t *testing.T) {
	tests := []struct {
		charset  string
		facility string
		wire     string // how it has to stand in the answer
	}{
		{"UNICODE UTF-8", "Hôpital œuvre", "H\xc3\xb4pital \xc5\x93uvre"},
		{"8859/1", "Hôpital", "H\xf4pital"},
		{"8859/15", "Hôpital œuvre €", "H\xf4pital \xbduvre \xa4"},
	}
	for _, tt := range tests {
		t.Run(tt.charset, func(t *testing.T) {
			m := adt(v25, "A01", "M1").moved("1")
			m.charset = tt.charset
			cs, err := hl7.ParseCharset(tt.charset)
			require.NoError(t, err)

			d := newDMN(t, Options{})
			message, err := cs.Encode(strings.Replace(m.text(), "|CHU|", "|"+tt.facility+"|", 1))
			require.NoError(t, err)
			h, v := d.judge(t.Context(), message)
			answer := d.compose(h, v)
			require.Equal(t, hl7.AA, v.code)
			require.True(t, bytes.Contains(answer, []byte("|DMN|SERVICE|GAM|"+tt.wire+"|")), "%q", answer)
			r, err := hl7.ReadAck(answer)
			require.NoError(t, err)
			require.NoError(t, r.Message.CheckText())
			require.Equal(t, tt.charset, r.Message.Get("MSH-18"))
			require.Equal(t, tt.facility, r.Message.Get("MSH-6"))

			p, ok := d.Patient("4711")
			require.True(t, ok)
			require.Equal(t, "ZOÉ", p.Given, "accents reach the record")
		})
		t.Run(tt.charset+", ASCII answer", func(t *testing.T) {
			m := adt(v25, "A01", "M1").moved("1")
			m.charset = tt.charset
			require.NotContains(t, exchange(t, newDMN(t, Options{}), m.bytes(t)), tt.charset)
		})
	}
}

func TestDeviceNamesItself(t *testing.T) {
	d := newDMN(t, Options{Application: "POMPE", Facility: "RÉA"})
	answer := exchange(t, d, []byte("what is this\r"))
	require.True(t, strings.HasPrefix(answer, `MSH|^~\&|POMPE|RÉA|||`), answer)

	m := strings.Replace(string(adt(v25, "A28", "1").bytes(t)), "|DMN|SERVICE|", "|||", 1)
	require.True(t, strings.HasPrefix(exchange(t, d, []byte(m)), `MSH|^~\&|POMPE|RÉA|GAM|CHU|`))
}
