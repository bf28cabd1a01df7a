package schema_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// told writes a finding for comparison: its kind, the segment with its index,
// then the slot by segment and group, then what it stands in place of.
func told(f schema.Finding) string {
	s := f.Kind.String() + " " + f.Location.String()
	if f.Count > 1 {
		s += strings.Repeat("+", f.Count-1)
	}
	if f.Slot != nil {
		s += " in " + f.Slot.Group + "/" + f.Slot.Segment
	}
	if f.Expected != nil {
		s += " for " + f.Expected.Segment
	}
	return s
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, structure, message, want string }{
		{"nothing missing", "A01", "MSH EVN PID PV1 ZBE", ""},
		{"no PID", "A01", "MSH EVN NK1 PV1 ZBE", "segment-missing PID in /PID"},
		{"no ZBE at the end", "A01", "MSH EVN PID PV1", "segment-missing ZBE in /ZBE"},
		{"nothing at all", "A11", "", "segment-missing MSH in /MSH; segment-missing EVN in /EVN; segment-missing PID in /PID; segment-missing PV1 in /PV1; segment-missing ZBE in /ZBE"},
		{"two PV1", "A01", "MSH EVN PID PV1 PV1 ZBE", "segment-repeated PV1[2] in /PV1"},
		{"four PV1", "A01", "MSH EVN PID PV1 PV1 PV1 PV1 ZBE", "segment-repeated PV1[2]++ in /PV1"},
		{"PID behind PV1", "A01", "MSH EVN PD1 NK1 PV1 PID ZBE", "segment-misplaced PID in /PID"},
		{"ZBE before PV1", "A01", "MSH EVN PID ZBE PV1 PV2 DG1", "segment-misplaced ZBE in /ZBE"},
		{"PV1 first", "A01", "MSH PV1 EVN PID PD1 ROL NK1 ZBE OBX", "segment-misplaced PV1 in /PV1"},
		{"contacts behind the visit", "A01", "MSH EVN PID PV1 ZBE NK1 NK1 NK1 DG1", "segment-misplaced NK1++ in /NK1"},
		{"a name misspelt", "A01", "MSH EVN PDI PD1 PV1 ZBE", "segment-unknown PDI for PID"},
		{"a name in lower case", "A01", "MSH EVN pid PD1 PV1 ZBE", "segment-unknown pid for PID"},
		{"PD1 for PV1", "A01", "MSH EVN PID NK1 PD1 ZBE", "segment-misplaced PD1 in /PD1 for PV1"},
		{"an optional name misspelt", "A01", "MSH EVN PID NKK PV1 ZBE", "segment-unknown NKK"},
		{"a segment of another message", "A01", "MSH EVN PID PV1 ZBE ORC", "segment-unknown ORC"},
		{"a Z segment of a site", "A01", "MSH EVN PID ZXX PV1 ZBE", "segment-local ZXX"},
		{"a Z segment is no misspelt PV1", "A01", "MSH EVN PID ZPV ZBE", "segment-local ZPV; segment-missing PV1 in /PV1"},
		{"forbidden in its place", "A11", "MSH EVN PID PV1 ZBE DG1", "segment-forbidden DG1 in /DG1"},
		{"forbidden, several", "A28", "MSH EVN PID PV1 ROL ROL ROL", "segment-forbidden ROL++ in /ROL"},
		{"forbidden and misplaced", "A11", "MSH EVN DG1 PID PV1 ZBE", "segment-forbidden DG1 in /DG1"},
		{"a diagnosis too late", "A01", "MSH EVN PID PV1 ZBE IN1 IN2 DG1", "segment-misplaced DG1 in /DG1"},
		{"no head of a group", "A01", "MSH EVN PID PV1 ZBE DG1 IN2 ACC", "segment-missing IN1 in IN1/IN1"},
		{"a group in the wrong order", "A01", "MSH EVN PID PV1 ZBE IN2 IN1 ACC", "segment-misplaced IN2 in IN1/IN2"},
		{"the second MRG is missing", "A44", "MSH EVN PID MRG PID PD1", "segment-missing MRG[2] in PID/MRG"},
		{"a required group is missing", "A44", "MSH EVN", "segment-missing PID in PID/PID"},
		{"all of a group but its head", "A44", "MSH EVN MRG", "segment-missing PID in PID/PID"},
		{"two faults are two", "A01", "MSH EVN PV1 PV1 ZBE", "segment-missing PID in /PID; segment-repeated PV1[2] in /PV1"},
		{"too many of a number", "few", "MSH OBX OBX OBX OBX OBX OBX OBX NTE", "segment-repeated OBX[6]+ in /OBX"},
		{"ROL before EVN", "A01", "MSH ROL EVN PID PV1 ZBE", "segment-misplaced ROL in /ROL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := schema.Compile(c.structure, french[c.structure])
			require.NoError(t, err)
			var m schema.Match
			s.MatchNames(strings.Fields(c.message), &m)
			var got []string
			for _, f := range m.Findings {
				got = append(got, told(f))
			}
			require.Equal(t, c.want, strings.Join(got, "; "))
		})
	}
}

func TestPlaces(t *testing.T) {
	s := schema.V25().Structure("ADT_A01")
	var m schema.Match
	s.MatchNames(strings.Fields("MSH EVN PID ROL PV1 ROL PR1 ROL PR1 PR1 ROL ROL IN1 IN2 ROL IN1"), &m)
	require.Empty(t, m.Findings)
	var got []string
	for _, p := range m.Places {
		slot := s.Slots()[p.Slot]
		got = append(got, slot.Group+strings.Repeat("'", p.Instance)+slot.Segment)
	}
	require.Equal(t, "'MSH 'EVN 'PID 'ROL 'PV1 'ROL PROCEDURE'PR1 PROCEDURE'ROL PROCEDURE''PR1 PROCEDURE'''PR1 PROCEDURE'''ROL PROCEDURE'''ROL INSURANCE'IN1 INSURANCE'IN2 INSURANCE'ROL INSURANCE''IN1", strings.Join(got, " "))
	require.True(t, s.Has("ROL"))
	require.False(t, s.Has("ZBE"))
	require.False(t, s.Has(""))

	s.MatchNames(strings.Fields("MSH EVN PID QQQ PV1 PR1 ROL PR1 DG1 ROL"), &m)
	require.Equal(t, -1, m.Places[3].Slot)
	require.Equal(t, 2, m.Places[9].Instance)
}

func TestFindingsHaveTheirPlaceInTheMessage(t *testing.T) {
	m, err := hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rEVN||2026\rPV1||I\rPID|1\rNK1|1\rNK1|2\rEVN||2027"))
	require.NoError(t, err)
	var r schema.Match
	schema.V25().Structure("ADT_A01").Match(m, &r)
	require.Len(t, r.Findings, 2)
	at := func(f schema.Finding) string { return string(m.Bytes()[f.Offset : f.Offset+f.Size]) }
	require.Equal(t, []string{"PV1||I", "EVN||2027"}, []string{at(r.Findings[0]), at(r.Findings[1])})
	require.Equal(t, "EVN[2]", r.Findings[1].Location.String())

	m, err = hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rEVN||2026\rPID|1\r"))
	require.NoError(t, err)
	schema.V25().Structure("ADT_A01").Match(m, &r)
	require.Equal(t, []any{"PV1", len(m.Bytes()), 3}, []any{r.Findings[0].Location.String(), r.Findings[0].Offset, r.Findings[0].Segment})
}

func TestMatchingAllocatesNothingWhenAllIsWell(t *testing.T) {
	s := schema.V25().Structure("ADT_A39")
	m, err := hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|2026||ADT^A40|1|P|2.5\rEVN||2026\rPID|1\rMRG|1\rPID|1\rMRG|1\r"))
	require.NoError(t, err)
	var r schema.Match
	s.Match(m, &r)
	require.Empty(t, r.Findings)
	require.Zero(t, testing.AllocsPerRun(100, func() { s.Match(m, &r) }))
}

// TestHostileMessages are long and as wrong as can be. They have to cost time in
// proportion to their length; the limit is generous because machines differ.
func TestHostileMessages(t *testing.T) {
	s := schema.V25().Structure("ADT_A01")
	for name, part := range map[string]string{
		"backwards": "PDA UB2 UB1 ACC IN1 GT1 PR1 DRG DG1 AL1 OBX DB1 PV2 PV1 NK1 PD1 PID EVN ", "one name": "PID ", "unknown": "QQQ ",
		"two names": "IN2 PID ", "late": "ROL IN3 ", "local": "ZZZ ", "no names": "x ",
	} {
		t.Run(name, func(t *testing.T) {
			names := strings.Fields(strings.Repeat(part, 30_000/len(strings.Fields(part))))
			var m schema.Match
			start := time.Now()
			s.MatchNames(names, &m)
			require.Less(t, time.Since(start), 20*time.Second)
			require.NotEmpty(t, m.Findings)
			require.LessOrEqual(t, len(m.Findings), 1000)
			require.Len(t, m.Places, len(names))
		})
	}
}

func TestNotationErrors(t *testing.T) {
	for _, c := range []struct {
		notation string
		column   int
		want     string
	}{
		{"MSH pid", 8, "segment name was expected"},
		{"MSH PIDX", 9, "segment name was expected"},
		{"", 1, "without segments"},
		{"MSH { }", 7, "without segments"},
		{"MSH { PID", 10, "not closed"},
		{"MSH } PID", 5, "closed that was not opened"},
		{"MSH PID(Q)", 10, "usage was expected"},
		{"MSH PID(RE", 11, "usage was expected"},
		{"MSH ROL* ROL*", 14, "ambiguous"},
		{"MSH { PID NK1? }* NK1", 22, "ambiguous"},
		{"MSH OBX[2..5]", 9, "bounds"},
		{"MSH OBX[1..", 9, "bounds"},
		{"MSH ~{ PID }", 7, "marked ~"},
		{"MSH { PID }[0..3]", 18, "repeats without bound"},
		{strings.Repeat("{", 9) + "PID", 9, "too many"},
		{"MSH ?", 5, "segment name was expected"},
	} {
		_, err := schema.Compile("test", c.notation)
		var e *schema.NotationError
		require.ErrorAs(t, err, &e, c.notation)
		require.Contains(t, err.Error(), c.want, c.notation)
		require.Equal(t, c.column, e.Column, "%s: %v", c.notation, err)
		require.Contains(t, e.In("fr"), "colonne")
		require.NotEmpty(t, e.Hint("fr"))
		require.NotEqual(t, e.Hint("fr"), e.Hint("en"))
	}
}

func TestUsagesOfSlots(t *testing.T) {
	s, err := schema.Compile("A28", french["A28"])
	require.NoError(t, err)
	got := ""
	for _, slot := range s.Slots()[:12] {
		got += slot.Segment + " " + slot.Usage.String() + " "
	}
	require.Equal(t, "MSH R SFT O EVN R PID R PD1 O ROL O NK1 RE PV1 R PV2 X ZFA O ZFD O ZFS C ", got)
}
