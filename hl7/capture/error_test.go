package capture_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/capture"
)

func TestErrorSentences(t *testing.T) {
	for _, c := range []struct{ name, in, en, fr, hint string }{
		{"garbage", "\nbonjour\n" + a,
			`byte 1 (line 2): 7 bytes belong to no message: "bonjour"`,
			`octet 1 (ligne 2) : 7 octets n'appartiennent à aucun message : "bonjour"`, "beginning of a line"},
		{"one byte", "\x06",
			`byte 0 (line 1): 1 byte belongs to no message: "\x06"`,
			`octet 0 (ligne 1) : 1 octet n'appartient à aucun message : "\x06"`, "beginning of a line"},
		{"a log", "12:00 received MSH|^~\\&|GAM|CHU-X",
			`byte 0 (line 1): 33 bytes belong to no message: "12:00 received MSH|^~\\&|"…`,
			`octet 0 (ligne 1) : 33 octets n'appartiennent à aucun message : "12:00 received MSH|^~\\&|"…`, "date of a log"},
		{"too large", a + "PID|" + strings.Repeat("x", 200),
			"byte 0 (line 1): a message of 221 bytes is over the limit of 100 and was not read",
			"octet 0 (ligne 1) : un message de 221 octets dépasse la limite de 100 et n'a pas été lu", "raise the limit"},
		{"UTF-16", "\xff\xfeM\x00",
			`byte 0 (line 1): 4 bytes of UTF-16, not an HL7 message: "\xff\xfeM\x00"`,
			`octet 0 (ligne 1) : 4 octets en UTF-16, et non un message HL7 : "\xff\xfeM\x00"`, "UTF-8"},
		{"XML", "<a/>",
			`byte 0 (line 1): 4 bytes of XML, not an HL7 message: "<a/>"`,
			`octet 0 (ligne 1) : 4 octets de XML, et non un message HL7 : "<a/>"`, "ER7"},
		{"JSON", `{"a":1}`,
			`byte 0 (line 1): 7 bytes of JSON, not an HL7 message: "{\"a\":1}"`,
			`octet 0 (ligne 1) : 7 octets de JSON, et non un message HL7 : "{\"a\":1}"`, "ER7"},
		{"FHIR", `{"resourceType":"Patient"}`,
			`byte 0 (line 1): 26 bytes of FHIR, not an HL7 message: "{\"resourceType\":\"Patient"…`,
			`octet 0 (ligne 1) : 26 octets de FHIR, et non un message HL7 : "{\"resourceType\":\"Patient"…`, "another standard"},
		{"gzip", "\x1f\x8b\x08\x00",
			"byte 0 (line 1): the input is compressed",
			"octet 0 (ligne 1) : l'entrée est compressée", "unpack"},
		{"pcap", "\xd4\xc3\xb2\xa1",
			"byte 0 (line 1): the input is a capture of network packets (pcap)",
			"octet 0 (ligne 1) : l'entrée est une capture de paquets réseau (pcap)", "Wireshark"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := capture.NewReader(strings.NewReader(c.in), 100).Next()
			requireSentences(t, err, c.en, c.fr, c.hint)
		})
	}
	t.Run("truncated", func(t *testing.T) {
		r := capture.NewReader(strings.NewReader("\x0b"+a), 0)
		_, err := r.Next()
		require.NoError(t, err)
		_, err = r.Next()
		requireSentences(t, err,
			"byte 1 (line 1): the MLLP frame has no end (0x1C 0x0D), it stops after 17 bytes",
			"octet 1 (ligne 1) : le bloc MLLP n'a pas de fin (0x1C 0x0D), il s'arrête après 17 octets", "the fragment that had come is not judged")
	})
}

func requireSentences(t *testing.T, err error, en, fr, hint string) {
	t.Helper()
	var e *capture.Error
	require.True(t, errors.As(err, &e), "got %v", err)
	require.Equal(t, en, e.Error())
	require.Equal(t, en, e.In("en"))
	require.Equal(t, fr, e.In("fr"))
	require.Contains(t, e.Hint("en"), hint)
	require.NotEmpty(t, e.Hint("fr"))
	require.NotEqual(t, e.Hint("en"), e.Hint("fr"))
}

// TestErrorSampleIsBounded checks that an error does not carry a gigabyte of
// rubbish away, nor change when the reader goes on.
func TestErrorSampleIsBounded(t *testing.T) {
	r := capture.NewReader(strings.NewReader(strings.Repeat("x", 1e6)+"\n"+a+"\x0b"+b), 0)
	_, err := r.Next()
	var e *capture.Error
	require.True(t, errors.As(err, &e))
	require.EqualValues(t, 1e6, e.Size)
	for err != nil {
		_, err = r.Next()
	}
	require.Equal(t, strings.Repeat("x", 256), string(e.Sample))
}
