package hl7_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

var ackTime = time.Date(2026, 1, 5, 10, 15, 2, 0, time.UTC)

// lines writes a message for people: one segment a line.
func lines(b []byte) string { return strings.ReplaceAll(string(b), "\r", "\n") }

func segments(s ...string) []byte { return []byte(strings.Join(s, "\r") + "\r") }

func TestAckAppend(t *testing.T) {
	latin9, utf8 := hl7.Latin9, hl7.UTF8
	missing := hl7.AckError{Location: hl7.Location{Segment: "PID", Field: 3, Component: 4}, Code: 101}
	for _, c := range []struct {
		name string
		msh  string
		ack  hl7.Ack
		want string

		misread bool // it does not decode, and cannot
	}{
		{
			name: "accepted, 2.5",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5`,
			ack:  hl7.Ack{Code: hl7.AA, ControlID: "R00017"},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01^ACK|R00017|P|2.5
MSA|AA|S00042
`},
		{
			name: "rejected event, 2.5",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105101500||ADT^A24^ADT_A24|S00043|P|2.5`,
			ack:  hl7.Ack{Code: hl7.AR, ControlID: "R00018", Errors: []hl7.AckError{{Location: hl7.Location{Segment: "MSH", Field: 9, Component: 2}, Code: 201}}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A24^ACK|R00018|P|2.5
MSA|AR|S00043
ERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E
`},
		{
			name: "a segment without a name is no place, 2.5",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105101500||ADT^A28^ADT_A05|S00044|P|2.5`,
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R00019", Errors: []hl7.AckError{{Location: hl7.Location{Segment: "P\nD1"}, Code: 100}}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A28^ACK|R00019|P|2.5
MSA|AE|S00044
ERR|||100^Segment sequence error^HL70357|E
`},
		{
			name: "missing field, 2.5",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105101500||ADT^A28^ADT_A05|S00044|P|2.5`,
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R00019", Errors: []hl7.AckError{missing}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A28^ACK|R00019|P|2.5
MSA|AE|S00044
ERR||PID^1^3^1^4|101^Required field missing^HL70357|E
`},
		{
			name: "missing field, 2.3.1",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105101500||ADT^A01|S00045|P|2.3.1`,
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R00020", Errors: []hl7.AckError{missing}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01|R00020|P|2.3.1
MSA|AE|S00045|Required field missing
ERR|PID^1^3^101&Required field missing&HL70357
`},
		{
			name: "French version, country, several errors",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105101500||ADT^A01^ADT_A01|S1|P|2.5^FRA^2.11|||||FRA|8859/15`,
			ack: hl7.Ack{Code: hl7.AE, ControlID: "R1", Errors: []hl7.AckError{
				{Code: 207, Severity: "W", Diagnostic: "stack|trace", User: "Réessayez"}, missing}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01^ACK|R1|P|2.5^FRA^2.11|||||FRA|8859/15
MSA|AE|S1
ERR|||207^Application internal error^HL70357|W|||stack\F\trace|R` + "\xe9" + `essayez
ERR||PID^1^3^1^4|101^Required field missing^HL70357|E
`},
		{
			name: "nothing known of the message",
			ack:  hl7.Ack{Code: hl7.AR, ControlID: "R2"},
			want: `MSH|^~\&|||||20260105101502||ACK|R2
MSA|AR
`},
		{
			name: "Latin-1 facility, given back in Latin-1",
			msh:  "MSH|^~\\&|SND|H\xf4pital|RCV|RFAC|20260105||ADT^A01^ADT_A01|S1|P|2.5||||||8859/1",
			ack:  hl7.Ack{Code: hl7.AA, ControlID: "R3"},
			want: "MSH|^~\\&|RCV|RFAC|SND|H\xf4pital|20260105101502||ACK^A01^ACK|R3|P|2.5||||||8859/1\nMSA|AA|S1\n"},
		{
			name: "Latin-1 facility, given back in UTF-8",
			msh:  "MSH|^~\\&|SND|H\xf4pital|RCV|RFAC|20260105||ADT^A01^ADT_A01|S\\T\\ 1|P|2.5||||||8859/1",
			ack:  hl7.Ack{Code: hl7.AA, ControlID: "R3", Charset: &utf8},
			want: "MSH|^~\\&|RCV|RFAC|SND|Hôpital|20260105101502||ACK^A01^ACK|R3|P|2.5||||||UNICODE UTF-8\nMSA|AA|S\\T\\ 1\n"},
		{
			name: "accents to a sender without character set",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105||ADT^A01|S1|P|2.3.1`,
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R4", Text: "Patient décédé"},
			want: "MSH|^~\\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01|R4|P|2.3.1||||||UNICODE UTF-8\nMSA|AE|S1|Patient décédé\n"},
		{
			name: "typography that 8859/15 does not have",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|20260105||ADT^A01|S1|P|2.3.1`,
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R5", Text: "l’œuvre … № 1", Charset: &latin9},
			want: "MSH|^~\\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01|R5|P|2.3.1||||||8859/15\nMSA|AE|S1|l'\xbduvre ... \\XE28496\\ 1\n"},
		{
			name: "commit acknowledgement, custom delimiters",
			msh:  `MSH#*!$%#SND#SFAC#RCV#RFAC#20260105##ADT*A01*ADT_A01#S#P#2.5`,
			ack:  hl7.Ack{Code: hl7.CE, ControlID: "R6", Errors: []hl7.AckError{{Code: 102, Text: "a*b^c"}}},
			want: "MSH#*!$%#RCV#RFAC#SND#SFAC#20260105101502##ACK*A01*ACK#R6#P#2.5\nMSA#CE#S\nERR###102*a$S$b^c*HL70357#E\n"},
		{
			name: "a control identifier is given back as bytes",
			msh:  "MSH|^~\\&|SND|H\xf4|RCV|RFAC|||ADT^A01|\xf4|P|2.5||||||8859/1",
			ack:  hl7.Ack{Code: hl7.AA, ControlID: "R3", Charset: &utf8},
			want: "MSH|^~\\&|RCV|RFAC|SND|Hô|20260105101502||ACK^A01^ACK|R3|P|2.5||||||UNICODE UTF-8\nMSA|AA|\xf4\n", misread: true},
		{
			name: "a character set that is not known",
			msh:  "MSH|^~\\&|SND|H\xf4|RCV|RFAC|||ADT^A01|1|P|2.3.1||||||ISO IR 999",
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R3", Text: "é"},
			want: "MSH|^~\\&|RCV|RFAC|SND|H\xf4|20260105101502||ACK^A01|R3|P|2.3.1||||||ISO IR 999\nMSA|AE|1|\\XC3A9\\\n", misread: true},
		{
			name: "accents without character set, undeclared",
			msh:  "MSH|^~\\&|SND|H\xf4|RCV|RFAC|||ADT^A01|1|P|2.3.1",
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R3", Text: "l’é"},
			want: "MSH|^~\\&|RCV|RFAC|SND|H\xf4|20260105101502||ACK^A01|R3|P|2.3.1\nMSA|AE|1|l'\\XC3A9\\\n", misread: true},
		{
			name: "severity and text of its own, no place",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|||ADT^A01|1|P|2.8`,
			ack: hl7.Ack{Code: hl7.AA, ControlID: "R3", Errors: []hl7.AckError{
				{Code: hl7.NoCondition, Text: "noted", Severity: "I"}, {Location: hl7.Location{Segment: "ZBE"}, Code: 100}, {Code: 999, Text: "x"}}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01^ACK|R3|P|2.8
MSA|AA|1
ERR|||^noted^HL70357|I
ERR||ZBE^1|100^Segment sequence error^HL70357|W
ERR|||999^x^HL70357|W
`},
		{
			name: "texts that the version has no place for",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|||ADT^A01|1|P|2.5||||||8859/15`,
			ack:  hl7.Ack{Code: hl7.AE, ControlID: "R3", Text: "refusé", Errors: []hl7.AckError{{Code: 207, User: "l’ID"}}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01^ACK|R3|P|2.5
MSA|AE|1
ERR|||207^Application internal error^HL70357|E||||l'ID
`},
		{
			name: "version 2.4: new MSH-9, old ERR",
			msh:  `MSH|^~\&|SND|SFAC|RCV|RFAC|||ADT^A01|1|P|2.4`,
			ack:  hl7.Ack{Code: hl7.AR, ControlID: "R3", Errors: []hl7.AckError{{Code: 207, User: "later"}, {Location: hl7.Location{Segment: "PV1", Occurrence: 2, Field: 3}, Code: 103}}},
			want: `MSH|^~\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01^ACK|R3|P|2.4
MSA|AR|1|later
ERR|^^^207&Application internal error&HL70357~PV1^2^3^103&Table value not found&HL70357
`},
		{
			name: "control bytes cannot break the frame",
			msh:  "MSH|^~\\&|SND|SF\x0bAC|RCV|RFAC|20260105||ADT^A01^ADT_A01|S1\x1c|P|2.5",
			ack:  hl7.Ack{Code: hl7.AA, ControlID: "R7"},
			want: "MSH|^~\\&|RCV|RFAC|SND|SFAC|20260105101502||ACK^A01^ACK|R7|P|2.5\nMSA|AA|S1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h hl7.Header
			if c.msh != "" {
				var err error
				h, err = hl7.ParseHeader(segments(c.msh))
				require.NoError(t, err)
			}
			c.ack.Time = ackTime
			got := c.ack.Append([]byte("before"), h)
			require.Equal(t, "before"+c.want, lines(got))
			r, err := hl7.ReadAck(got[len("before"):])
			require.NoError(t, err)
			require.Equal(t, c.ack.Code, r.Code)
			require.Equal(t, c.ack.ControlID, r.ControlID)
			require.Len(t, r.Errors, len(c.ack.Errors))
			require.Equal(t, c.misread, r.Message.CheckText() != nil)
		})
	}
}

// TestAckTexts has the texts of table 0357, as IHE writes them, and the
// characters that 8859/1 does not have but typographers use.
func TestAckTexts(t *testing.T) {
	latin1 := hl7.Latin1
	ack := hl7.Ack{Code: hl7.AE, Charset: &latin1, Text: "‘a’ – — ‑ “b” «c» … \u202fd\u00a0œŒ \xff"}
	for _, code := range []int{0, 100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208} {
		ack.Errors = append(ack.Errors, hl7.AckError{Code: code})
	}
	r, err := hl7.ReadAck(ack.Append(nil, hl7.Header{Version: "2.3.1"}))
	require.NoError(t, err)
	require.NoError(t, r.Message.CheckText())
	require.Equal(t, "'a' - - - \"b\" «c» ...  d\u00a0oeOE \u00ff", r.Text)
	var texts []string
	for _, e := range r.Errors {
		texts = append(texts, e.Text)
	}
	require.Equal(t, []string{
		"Message accepted",
		"Segment sequence error", "Required field missing", "Data type error", "Table value not found",
		"Unsupported message type", "Unsupported trigger event", "Unsupported processing id", "Unsupported version id",
		"Unknown key identifier", "Duplicate key identifier", "Application record locked", "Application internal error",
		"",
	}, texts)
}
