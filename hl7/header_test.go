package hl7_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestParseHeader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     hl7.Header
	}{
		{
			"full", sample,
			hl7.Header{
				Delimiters: hl7.StandardDelimiters(), SendingApplication: "GAM", SendingFacility: "CHU-X",
				ReceivingApplication: "DMN", ReceivingFacility: "CHU-X", Time: "20260105101500",
				Type: "ADT", Trigger: "A01", Structure: "ADT_A01", ControlID: "S00042", ProcessingID: "P",
				Version: "2.5", VersionRaw: "2.5^FRA^2.11", CountryCode: "FRA", Charset: "UNICODE UTF-8",
			},
		},
		{
			"enhanced mode, repetitions, raw bytes", "\xef\xbb\xbf\nMSH|^~\\&|A\xe9&1^2|\\T\\||||sec|ACK^A01&&^ACK&~X||P|2.3.1||cont|AL|NE|FRA|8859/1|FR\rPID|1\r",
			hl7.Header{
				Delimiters: hl7.StandardDelimiters(), SendingApplication: "A\xe9&1^2", SendingFacility: `\T\`, Type: "ACK", Trigger: "A01", Structure: "ACK",
				ProcessingID: "P", Version: "2.3.1", VersionRaw: "2.3.1", AcceptAck: "AL", ApplicationAck: "NE",
				CountryCode: "FRA", Charset: "8859/1",
			},
		},
		{"ended by LF", "MSH|^~\\&|A\nPID|1||X", hl7.Header{Delimiters: hl7.StandardDelimiters(), SendingApplication: "A"}},
		{"LF that is text", "MSH|^~\\&|A\n  b|C\r", hl7.Header{Delimiters: hl7.StandardDelimiters(), SendingApplication: "A\n  b", SendingFacility: "C"}},
		{"nothing but delimiters", `MSH|^~\&`, hl7.Header{Delimiters: hl7.StandardDelimiters()}},
		{"nothing but delimiters, and CR", "MSH|^~\\&\r", hl7.Header{Delimiters: hl7.StandardDelimiters()}},
		{"all empty", `MSH|^~\&|||||||||||||||||||||||||||`, hl7.Header{Delimiters: hl7.StandardDelimiters()}},
		{
			"short MSH-2", "MSH*^*A****20260105**ADT^A01*1",
			hl7.Header{Delimiters: hl7.Delimiters{Field: '*', Component: '^'}, SendingApplication: "A", Time: "20260105", Type: "ADT", Trigger: "A01", ControlID: "1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := hl7.ParseHeader([]byte(c.in))
			require.NoError(t, err)
			require.Equal(t, c.want, h)
			require.Equal(t, c.want, parse(t, c.in).Header(), "that of the message")
		})
	}
}

// TestParseHeaderOfBrokenMessage has what a server can still answer to.
func TestParseHeaderOfBrokenMessage(t *testing.T) {
	data := []byte("MSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.5\rMSH|^~\\&|A\r\x00")
	_, err := hl7.Parse(data)
	requireError(t, err, hl7.KindSeveral, "", 35)
	h, err := hl7.ParseHeader(data)
	require.NoError(t, err)
	require.Equal(t, "1", h.ControlID)
}
