package rules

import (
	"strconv"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// A field left out, or one too many, moves everything behind it: seven faults
// for one. When a segment has several broken definitions, foldShifted tries
// what the segment would look like with a field put in or taken out, and when
// that mends nearly all of them it says just that.

// shiftRule is the rule that speaks of shifted segments.
const shiftRule = "hl7.segment.shifted"

// How a shifted segment is told.
var (
	tooEarly = pam.Text{FR: "un rang trop tôt : il manque un champ (un séparateur |) avant", EN: "one place too early: a field (a separator |) is missing before it"}
	tooLate  = pam.Text{FR: "un rang trop tard : un champ est de trop avant", EN: "one place too late: there is one field too many before it"}
)

// worthTrying is how many faults a segment must have before a shift is thought of.
const worthTrying = 3

func (r *Report) foldShifted() {
	rule := ByID(shiftRule)
	if rule == nil || !r.scope.plan.has(rule) {
		return
	}
	counts := map[int]int{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Level >= Should && f.Location.Field > 0 {
			counts[f.Segment]++
		}
	}
	for segment, n := range counts {
		if n < worthTrying || segment == 0 {
			continue
		}
		if shift, ok := r.findShift(segment); ok {
			r.fold(rule, segment, shift)
		}
	}
}

// shift is a field too few (by = 1) or too many (by = -1) at a field number.
type shift struct{ at, by int }

// findShift looks for the shift that mends the segment.
func (r *Report) findShift(segment int) (shift, bool) {
	m := r.scope.m
	seg := m.Segment(segment)
	def := r.scope.profile.Version.Segment(seg.Name())
	if def == nil {
		return shift{}, false
	}
	before := r.faults(m, segment, def)
	best, least := shift{}, before
	for at := 1; at <= min(seg.NumFields(), len(def.Fields)); at++ {
		for _, by := range [...]int{1, -1} {
			moved := shifted(m, segment, shift{at, by})
			if moved == nil {
				continue
			}
			if n := r.faults(moved, segment, def); n < least || n == least && n < before {
				best, least = shift{at, by}, n // of equals the last: it moves the fewest
			}
		}
	}
	return best, before >= worthTrying && least <= before/4
}

// faults counts the broken definitions of a segment.
func (r *Report) faults(m *hl7.Message, segment int, def *schema.SegmentDef) int {
	c := schema.Checker{Version: r.scope.profile.Version, Skip: schema.KindsOf(schema.TooLong, schema.NotSuggested)}
	return len(c.Segment(nil, m, segment, def))
}

// shifted returns the message with the shift undone, nil when that cannot be.
func shifted(m *hl7.Message, segment int, by shift) *hl7.Message {
	seg := m.Segment(segment)
	raw, start := seg.Raw(), seg.Offset()
	from := seg.Field(by.at).Offset() - start
	if from <= 0 || from > len(raw) {
		return nil
	}
	var line []byte
	line = append(line, raw[:from]...)
	if by.by > 0 {
		line = append(line, m.Delimiters().Field)
		line = append(line, raw[from:]...)
	} else {
		if by.at >= seg.NumFields() {
			return nil // the last field moves nothing
		}
		line = append(line, raw[from+len(seg.Field(by.at).Raw())+1:]...)
	}
	data := append([]byte(nil), m.Bytes()[:start]...)
	data = append(append(data, line...), m.Bytes()[start+len(raw):]...)
	moved, err := hl7.Parse(data)
	if err != nil {
		return nil
	}
	return moved
}

// fold puts one finding in the place of those of the segment.
func (r *Report) fold(rule *Rule, segment int, by shift) {
	kept := r.Findings[:0]
	count := 0
	for _, f := range r.Findings {
		if f.Segment == segment && f.Location.Field > 0 && (f.Location.Field >= by.at-1 || f.Level < Should) {
			count++
			continue
		}
		kept = append(kept, f)
	}
	seg := r.scope.m.Segment(segment)
	words := tooEarly
	moved := by.at // the first field that stands in a wrong place
	if by.by < 0 {
		words, moved = tooLate, by.at+1
	}
	f := NewFinding(rule, r.scope.level(rule), r.scope.m, seg.Field(by.at),
		Arg{"field", seg.Name() + "-" + strconv.Itoa(moved)}, Arg{"culprit", seg.Name() + "-" + strconv.Itoa(by.at)}, Arg{"faults", strconv.Itoa(count)},
		Arg{"direction.fr", words.FR}, Arg{"direction.en", words.EN})
	r.Findings = append(kept, f)
}
