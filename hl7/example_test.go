package hl7_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// Messages end their segments with carriage returns; the examples print them
// one segment a line.
func show(message []byte) {
	fmt.Println(strings.TrimSpace(strings.ReplaceAll(string(message), "\r", "\n")))
}

func ExampleParse() {
	m, err := hl7.Parse([]byte("MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5||||||8859/1\r" +
		"PID|||1001^^^CHU-X^PI~2850^^^INS^INS||LEF\xc8VRE^\xc9lo\xefse||19851204|F|\"\"\r"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Header().Trigger, m.NumSegments(), "segments")
	fmt.Println(m.Get("PID-5.1"), m.Get("PID-5.2"))
	fmt.Println(m.Get("PID-3[.5=INS].1"))
	fmt.Println(m.Lookup(hl7.MustPath("PID-9")).State(), m.Lookup(hl7.MustPath("PID-10")).State())
	// Output:
	// A01 2 segments
	// LEFÈVRE Éloïse
	// 2850
	// null absent
}

func ExampleParse_error() {
	_, err := hl7.Parse([]byte("\x0bMSH|^~\\&|GAM\r\x1c\r"))
	var e *hl7.Error
	if errors.As(err, &e) {
		fmt.Println(e.In("en"))
		fmt.Println(e.In("fr"))
		fmt.Println(e.Hint("fr"))
	}
	// Output:
	// byte 0: the message is still inside its MLLP frame (0x0B)
	// octet 0 : le message est encore dans son bloc MLLP (0x0B)
	// découpez d'abord l'entrée : les blocs seront retirés
}

func ExampleMessage_Set() {
	m, _ := hl7.Parse([]byte("MSH|^~\\&|GAM|||||||1|P|2.5\rPID|||1001^^^CHU-X^PI||DUPONT^ANNE||19851204\r"))
	_ = m.Set(hl7.MustPath("PID-5.7"), "L")
	_ = m.Set(hl7.MustPath("PID-11[2]"), "^^LYON")
	_ = m.Set(hl7.MustPath("PID-7"), `""`)
	show(m.Bytes())
	err := m.Set(hl7.MustPath("PID-5.1"), "DUPONT^ANNE")
	fmt.Println(err)
	// Output:
	// MSH|^~\&|GAM|||||||1|P|2.5
	// PID|||1001^^^CHU-X^PI||DUPONT^ANNE^^^^^L||""||||~^^LYON
	// PID-5.1: the value contains "^", which would end the place it is meant for
}

func ExampleMessage_SetText() {
	m, _ := hl7.Parse([]byte("MSH|^~\\&|GAM|||||||1|P|2.5\rNTE|1\r"))
	_ = m.SetText(hl7.MustPath("NTE-3"), "A & B\nC")
	show(m.Bytes())
	fmt.Printf("%q\n", m.Get("NTE-3"))
	// Output:
	// MSH|^~\&|GAM|||||||1|P|2.5
	// NTE|1||A \T\ B\.br\C
	// "A & B\nC"
}

func ExampleMessage_All() {
	m, _ := hl7.Parse([]byte("MSH|^~\\&|GAM\rPID|||1001^^^CHU-X^PI~2850^^^INS^INS\r"))
	for v := range m.All(hl7.MustPath("PID-3[*].1")) {
		fmt.Println(v.Location(), v)
	}
	// Output:
	// PID-3.1 1001
	// PID-3[2].1 2850
}

func ExampleMessage_CheckText() {
	m, _ := hl7.Parse([]byte("MSH|^~\\&|GAM|||||||1|P|2.5||||||UNICODE UTF-8\rPID|||||LEF\xc8VRE^Anne\r"))
	fmt.Println(m.CheckText())
	// Output:
	// PID-5.1 (byte 57): the byte 0xC8 is not valid UTF-8, which MSH-18 announces
}

func ExampleMessage_Oddities() {
	m, _ := hl7.Parse([]byte("MSH|^~\\&|GAM\nPID|1\nPV1|1"))
	for _, o := range m.Oddities() {
		fmt.Println(o.In("en"))
	}
	// Output:
	// a segment ends with LF (2 times, first at byte 12)
	// the last segment has no terminator (once, at byte 24)
}

func ExamplePath() {
	for _, s := range []string{"PV1-3.4.2", "PID-3(.5=PI).1", "PID-O3"} {
		p, err := hl7.CompilePath(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(p, "in", p.SegmentName(), "field", p.Field())
	}
	// Output:
	// PV1-3.4.2 in PV1 field 3
	// PID-3[.5=PI].1 in PID field 3
	// path "PID-O3", character 5: a number from 1 to 9999 was expected
}

func ExampleSplit() {
	raws, err := hl7.Split([]byte("BHS|^~\\&|GAM\rMSH|^~\\&|GAM|||||||1\rMSH|^~\\&|GAM|||||||2\rBTS|2\r"))
	for _, r := range raws {
		h, _ := hl7.ParseHeader(r.Data)
		fmt.Println("message", h.ControlID, "of batch", r.Batch, "at byte", r.Offset)
	}
	fmt.Println(err)
	// Output:
	// message 1 of batch 1 at byte 13
	// message 2 of batch 1 at byte 34
	// <nil>
}

func ExampleAck_Append() {
	h, err := hl7.ParseHeader([]byte("MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5^FRA^2.11|||||FRA\rPID|1\r"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ack := hl7.Ack{
		Code: hl7.AE, ControlID: "R00019", Time: time.Date(2026, 1, 5, 10, 15, 2, 0, time.UTC),
		Errors: []hl7.AckError{{Location: hl7.Location{Segment: "PID", Field: 3, Component: 4}, Code: hl7.ConditionRequired}},
	}
	show(ack.Append(nil, h))
	h.Version, h.VersionRaw, h.CountryCode = "2.3.1", "2.3.1", ""
	show(ack.Append(nil, h))
	// Output:
	// MSH|^~\&|DMN|CHU-X|GAM|CHU-X|20260105101502||ACK^A01^ACK|R00019|P|2.5^FRA^2.11|||||FRA
	// MSA|AE|S00042
	// ERR||PID^1^3^1^4|101^Required field missing^HL70357|E
	// MSH|^~\&|DMN|CHU-X|GAM|CHU-X|20260105101502||ACK^A01|R00019|P|2.3.1
	// MSA|AE|S00042|Required field missing
	// ERR|PID^1^3^101&Required field missing&HL70357
}

func ExampleReadAck() {
	r, err := hl7.ReadAck([]byte("MSH|^~\\&|DMN|||||||R1|P|2.5\rMSA|AR|S00042\rERR||MSH^1^9^1^2|201^Unsupported trigger event^HL70357|E\r"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Code, "for", r.MessageID)
	for _, e := range r.Errors {
		fmt.Println(e.Location, e.Code, e.Text)
	}
	// Output:
	// AR for S00042
	// MSH-9.2 201 Unsupported trigger event
}

func ExampleBuilder() {
	b := hl7.NewBuilder(hl7.StandardDelimiters())
	b.Segment("MSH").Field(3, "GAM").Field(9, "ADT^A28^ADT_A05").Field(10, "S1").Field(11, "P").Field(12, "2.5")
	b.Segment("PID").Field(3, "1001^^^CHU-X^PI", "2850^^^INS^INS").Text(5, "DUPONT & FILS")
	data, err := b.Bytes(hl7.ASCII)
	if err != nil {
		fmt.Println(err)
		return
	}
	show(data)
	// Output:
	// MSH|^~\&|GAM||||||ADT^A28^ADT_A05|S1|P|2.5
	// PID|||1001^^^CHU-X^PI~2850^^^INS^INS||DUPONT \T\ FILS
}

func ExampleParseTime() {
	for _, s := range []string{"198512", "20260105101502+0100", "20260229"} {
		t, err := hl7.ParseTime(s, time.UTC)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(t, t.Precision, t.HasZone)
	}
	// Output:
	// 198512 month false
	// 20260105101502+0100 second true
	// byte 0: the date "20260229" does not exist
}
