package hl7_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestReadAck(t *testing.T) {
	const msh = `MSH|^~\&|R|RF|S|SF|20260105101502||ACK^A01^ACK|R1|P|2.5`
	for _, c := range []struct {
		name string
		in   []string
		want hl7.Receipt
	}{
		{"accepted", []string{msh, "MSA|AA|S1"}, hl7.Receipt{Code: hl7.AA, ControlID: "R1", MessageID: "S1"}},
		{"bare MSH-9", []string{`MSH|^~\&|||||||ACK|b|P|2.4||||||UNICODE`, "MSA|AA|a"}, hl7.Receipt{Code: hl7.AA, ControlID: "b", MessageID: "a"}},
		{"structure of another name", []string{`MSH|^~\&|||||||ACK^A01^ACK_A01|ACK|P|2.5`, "MSA|CA|a"}, hl7.Receipt{Code: hl7.CA, ControlID: "ACK", MessageID: "a"}},
		{"text in MSA-3", []string{msh, `MSA|AE|S1|a \T\ b|1`}, hl7.Receipt{Code: hl7.AE, ControlID: "R1", MessageID: "S1", Text: "a & b"}},
		{"UTF-8 that is not announced", []string{msh, "MSA|AA|S1|traité avec succès"}, hl7.Receipt{Code: hl7.AA, ControlID: "R1", MessageID: "S1", Text: "traité avec succès"}},
		{"Latin-1 that is not announced", []string{msh, "MSA|AA|S1|trait\xe9"}, hl7.Receipt{Code: hl7.AA, ControlID: "R1", MessageID: "S1", Text: `"trait\xe9"`}},
		{"MSA-2 byte for byte", []string{msh, "MSA|AR|a\\T\\b\xe9 "}, hl7.Receipt{Code: hl7.AR, ControlID: "R1", MessageID: "a\\T\\b\xe9 "}},
		{"ERR of 2.5", []string{msh, "MSA|AE|S1", "ERR||PID^1^3^1^4^2|101^Required field missing^HL70357|E|||diag|user"}, hl7.Receipt{
			Code: hl7.AE, ControlID: "R1", MessageID: "S1", Errors: []hl7.AckError{{
				Location: hl7.Location{Segment: "PID", Occurrence: 1, Field: 3, Repetition: 1, Component: 4, Subcomponent: 2},
				Code:     101, Text: "Required field missing", Severity: "E", Diagnostic: "diag", User: "user",
			}}}},
		{"ERR of 2.5 in two places, and another", []string{msh, "MSA|AE|S1", "ERR||PID^1^3~PID^1^5|101|E", "ERR|||207|W"}, hl7.Receipt{
			Code: hl7.AE, ControlID: "R1", MessageID: "S1", Errors: []hl7.AckError{
				{Location: hl7.Location{Segment: "PID", Occurrence: 1, Field: 3}, Code: 101, Severity: "E"},
				{Location: hl7.Location{Segment: "PID", Occurrence: 1, Field: 5}, Code: 101, Severity: "E"},
				{Code: 207, Severity: "W"},
			}}},
		{"ERR of 2.3.1", []string{msh, "MSA|AE|S1", "ERR|PID^1^3^101&Required field missing&HL70357~PV1^2^19^103"}, hl7.Receipt{
			Code: hl7.AE, ControlID: "R1", MessageID: "S1", Errors: []hl7.AckError{
				{Location: hl7.Location{Segment: "PID", Occurrence: 1, Field: 3}, Code: 101, Text: "Required field missing"},
				{Location: hl7.Location{Segment: "PV1", Occurrence: 2, Field: 19}, Code: 103},
			}}},
		{"ERR of 2.3.1 without place", []string{msh, "MSA|AR|S1", "ERR|^^^207&Application internal error&HL70357"}, hl7.Receipt{
			Code: hl7.AR, ControlID: "R1", MessageID: "S1", Errors: []hl7.AckError{{Code: 207, Text: "Application internal error"}}}},
		{"free text in ERR-3", []string{msh, "MSA|AE|S1", "ERR|||Mouvement introuvable|E"}, hl7.Receipt{
			Code: hl7.AE, ControlID: "R1", MessageID: "S1", Errors: []hl7.AckError{{Code: hl7.NoCondition, Text: "Mouvement introuvable", Severity: "E"}}}},
		{"numbers that are none", []string{msh, "MSA|AE|S1", "ERR||PID^x^-1^99999999999|-5^y|E"}, hl7.Receipt{
			Code: hl7.AE, ControlID: "R1", MessageID: "S1", Errors: []hl7.AckError{{Location: hl7.Location{Segment: "PID"}, Code: hl7.NoCondition, Text: "y", Severity: "E"}}}},
		{"MSA-6", []string{msh, "MSA|AR|S1|no||| 205 ^Duplicate key identifier"}, hl7.Receipt{
			Code: hl7.AR, ControlID: "R1", MessageID: "S1", Text: "no", Errors: []hl7.AckError{{Code: 205, Text: "Duplicate key identifier"}}}},
		{"MSA-6 that accepts", []string{msh, "MSA|AA|S1||||0^Message accepted"}, hl7.Receipt{Code: hl7.AA, ControlID: "R1", MessageID: "S1"}},
		{"empty ERR", []string{msh, "MSA|AE|S1", "ERR"}, hl7.Receipt{Code: hl7.AE, ControlID: "R1", MessageID: "S1"}},
		{"SFT first", []string{msh, "SFT|V|1", "MSA|AA|S1"}, hl7.Receipt{Code: hl7.AA, ControlID: "R1", MessageID: "S1"}},
		{"a code of its own", []string{msh, "MSA|OK|S1"}, hl7.Receipt{Code: "OK", ControlID: "R1", MessageID: "S1"}},
		{"an empty MSA", []string{msh, "MSA"}, hl7.Receipt{ControlID: "R1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := hl7.ReadAck(segments(c.in...))
			require.NoError(t, err)
			require.Equal(t, segments(c.in...), r.Message.Bytes())
			r.Message = nil
			require.Equal(t, c.want, *r)
		})
	}
}

func TestReadAckRefuses(t *testing.T) {
	_, err := hl7.ReadAck(segments(`MSH|^~\&|||||20061212||ACK|2059434|P|2.2`, "MAS|AA|20167098"))
	e := requireError(t, err, hl7.KindNotAck, "MSA", 57)
	require.Equal(t, `MSA (byte 57): no acknowledgement: the message ("ACK") has no MSA segment`, e.Error())
	_, err = hl7.ReadAck([]byte("HTTP/1.1 400 Bad Request\r\n"))
	requireError(t, err, hl7.KindNotHL7, "", 0)
}

func TestAckCode(t *testing.T) {
	for code, positive := range map[hl7.AckCode]bool{hl7.AA: true, hl7.CA: true, hl7.AE: false, hl7.AR: false, hl7.CE: false, hl7.CR: false} {
		require.True(t, code.Valid())
		require.Equal(t, positive, code.Positive())
	}
	require.False(t, hl7.AckCode("aa").Valid())
	require.False(t, hl7.AckCode("").Positive())
}

// A client reads one acknowledgement for each message it sends: the usual form
// costs an allocation for the Receipt, one for its identifiers.
func TestReadAckAllocatesLittle(t *testing.T) {
	const msh = `MSH|^~\&|R|RF|S|SF|20260105101502||ACK^A01^ACK|R000000000000017|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8`
	for _, c := range []struct {
		name string
		in   []string
		most float64
	}{
		{"accepted", []string{msh, "MSA|AA|S000000000000001"}, 2},
		{"accepted, with a text", []string{msh, "MSA|AA|S000000000000001|Message accepted"}, 3},
		{"long identifiers", []string{msh, "MSA|AA|20260105101502-000000000000000000000000001"}, 3},
		{"refused", []string{msh, "MSA|AE|S1", "ERR||PID^1^3^1^4|101^Required field missing^HL70357|E|||diag|user"}, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := segments(c.in...)
			require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
				_, err := hl7.ReadAck(data)
				require.NoError(t, err)
			}), c.most)
		})
	}
}
