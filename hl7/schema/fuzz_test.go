package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// FuzzMatch matches any sequence of segments against any structure: every
// segment gets a place or a finding, and a message without findings is one that
// the regular expression of the grammar accepts.
func FuzzMatch(f *testing.F) {
	names := strings.Fields("MSH SFT EVN PID PD1 ROL NK1 PV1 PV2 DB1 OBX AL1 DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC UB1 UB2 PDA MRG ZBE NPU IAM MSA ERR QQQ pid")
	all := grammars(f)
	structures := sortedKeys(all)
	f.Add(uint8(3), []byte{0, 2, 3, 7})
	f.Add(uint8(20), []byte{0, 2, 7, 3, 3, 3, 24, 29, 16, 17, 16})
	f.Add(uint8(70), []byte{})
	f.Add(uint8('6'), []byte("00A"+strings.Repeat("z", 1500)))
	f.Fuzz(func(t *testing.T, which uint8, sequence []byte) {
		s := all[structures[int(which)%len(structures)]]
		var message []string
		for _, b := range sequence[:min(len(sequence), 2000)] {
			message = append(message, names[int(b)%len(names)])
		}
		var m schema.Match
		s.MatchNames(message, &m)
		require.Len(t, m.Places, len(message))
		require.Equal(t, accepts(oracle(s.Notation), message), len(m.Findings) == 0, "%s %v%s", s.Notation, message, list(m.Findings))
		spoken := map[int]bool{}
		for _, x := range m.Findings {
			for i := range x.Count {
				spoken[x.Segment+i] = true
			}
		}
		for i, p := range m.Places {
			// Of more than a thousand findings the rest is not kept, and some of those
			// that are kept turn out to be parts of others.
			if p.Slot < 0 && len(m.Findings) < 900 {
				require.True(t, spoken[i], "%v: segment %d has neither place nor finding", message, i)
			}
		}
	})
}

// FuzzCompile reads any text as a grammar.
func FuzzCompile(f *testing.F) {
	for _, notation := range french {
		f.Add(notation)
	}
	f.Add("MSH {{{ PID?")
	f.Add("A{ B00[0..9999](C) }+ ~C00")
	f.Fuzz(func(t *testing.T, notation string) {
		s, err := schema.Compile("fuzz", notation)
		if err != nil {
			var e *schema.NotationError
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Column, len(notation)+1)
			return
		}
		var m schema.Match
		s.MatchNames([]string{"MSH", "PID", "PID", "EVN"}, &m)
		require.Len(t, m.Places, 4)
	})
}

// FuzzChecker checks the fields of any message: findings lie within it.
func FuzzChecker(f *testing.F) {
	for _, d := range []string{"pam-2.5", "adt-2.3.1"} {
		for _, m := range journeys(f, d, 1) {
			f.Add(m.Bytes())
		}
	}
	f.Add([]byte("MSH|^~\\&\rOBX|1|CX|||^&~\"\"&^x|||||||\rPID"))
	f.Add([]byte("MSH#^\rPID#1#~&\\##\"\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := hl7.Parse(data)
		if err != nil {
			return
		}
		for _, v := range schema.Versions() {
			for _, x := range (schema.Checker{Version: v}).Message(nil, m) {
				require.GreaterOrEqual(t, x.Offset, m.Segment(x.Segment).Offset())
				require.LessOrEqual(t, x.Offset+x.Size, m.Segment(x.Segment).Offset()+len(m.Segment(x.Segment).Raw()))
				require.Equal(t, m.Segment(x.Segment).Name()[:3], x.Location.Segment)
			}
		}
	})
}
