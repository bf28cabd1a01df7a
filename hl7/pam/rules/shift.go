package rules

import (
	"maps"
	"slices"
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

// mostTried bounds how many segments are tried: a message that is broken all
// over is not explained by a shift.
const mostTried = 8

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
	tried := 0
	for _, segment := range slices.Sorted(maps.Keys(counts)) {
		if counts[segment] < worthTrying {
			continue
		}
		if tried++; tried > mostTried {
			return
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
	first := 1
	if segment == 0 {
		first = 3 // MSH-1 and MSH-2 say what a field is
	}
	before := r.faults(m, segment, def)
	best, least := shift{}, before
	for at := first; at <= min(seg.NumFields(), len(def.Fields)); at++ {
		for _, by := range [...]int{1, -1} {
			moved, i := shifted(m, segment, shift{at, by})
			if moved == nil {
				continue
			}
			if n := r.faults(moved, i, def); n < least || n == least && n < before {
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

// shifted returns a message of nothing but MSH and the segment, with the shift
// undone, and the index of the segment in it; nil when that cannot be.
func shifted(m *hl7.Message, segment int, by shift) (*hl7.Message, int) {
	seg := m.Segment(segment)
	raw, start := seg.Raw(), seg.Offset()
	field := seg.Field(by.at)
	from := field.Offset() - start
	if from <= 0 || from > len(raw) || by.by < 0 && by.at >= seg.NumFields() { // the last field moves nothing
		return nil, 0
	}
	var data []byte
	at := 0
	if segment > 0 {
		data, at = append(append(data, m.Segment(0).Raw()...), '\r'), 1
	}
	data = append(data, raw[:from]...)
	if by.by > 0 {
		data = append(append(data, m.Delimiters().Field), raw[from:]...)
	} else {
		data = append(data, raw[from+len(field.Raw())+1:]...)
	}
	moved, err := hl7.Parse(data)
	if err != nil {
		return nil, 0
	}
	return moved, at
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
