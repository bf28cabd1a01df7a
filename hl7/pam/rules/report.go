package rules

import (
	"cmp"
	"slices"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

// A Report is the outcome of judging one message. The zero Report is ready to
// use; using one again for the next message saves its allocations, and then the
// findings of the last one are gone. A Report is for one goroutine.
type Report struct {
	Findings []Finding

	scope  scope
	facts  []schema.Finding
	rule   *Rule // that is being run
	ofRule int   // how many findings it has
	reason reason
	found  func(hl7.Value) // r.add, made once
}

func (r *Report) reset(m *hl7.Message) {
	r.Findings, r.facts, r.reason = r.Findings[:0], r.facts[:0], reason{}
	if r.found == nil {
		r.found = r.add
	}
}

// Message returns the message that was judged.
func (r *Report) Message() *hl7.Message { return r.scope.m }

// Profile returns what the message was judged by.
func (r *Report) Profile() *profile.Profile { return r.scope.profile }

// Header returns the MSH of the message.
func (r *Report) Header() hl7.Header { return r.scope.header }

// Why says why the message was judged by that profile.
func (r *Report) Why() pam.Text { return r.reason.text(r.scope.profile) }

// Worst returns the highest level of the findings, Off when there are none.
func (r *Report) Worst() Level {
	worst := Off
	for i := range r.Findings {
		worst = max(worst, r.Findings[i].Level)
	}
	return worst
}

// Verdict is "fail" when a MUST is broken, "warn" when a SHOULD is, else
// "pass". In a strict judgement a broken SHOULD fails too.
func (r *Report) Verdict(strict bool) string {
	switch worst := r.Worst(); {
	case worst == Must, worst == Should && strict:
		return "fail"
	case worst == Should:
		return "warn"
	}
	return "pass"
}

// mostFindings bounds the findings of a message. One with more is broken in a
// way that a longer list would not explain, and time and memory are bounded
// whatever a peer sends.
const (
	mostFindings = 1000
	mostOfRule   = 100 // of one rule with demands
)

// add notes that the rule being run is broken by a value.
func (r *Report) add(v hl7.Value) {
	r.scope.told = true
	level := r.scope.level(r.rule)
	if level == Off {
		return
	}
	if r.ofRule++; r.ofRule >= mostOfRule || len(r.Findings) >= mostFindings {
		r.scope.enough = true
	}
	raw := v.Raw()
	f := Finding{Rule: r.rule, Level: level, Location: v.Location(), Offset: v.Offset(), Size: len(raw), Segment: -1, m: r.scope.m}
	f.Segment = segmentAt(r.scope.m, f.Offset)
	r.Findings = append(r.Findings, f)
}

// claimFacts turns facts about definitions into findings of rules.
func (r *Report) claimFacts() {
	s := &r.scope
	if len(r.facts) == 0 {
		return
	}
	index := s.plan.catalogue.claims()
	for i := range r.facts {
		fact := &r.facts[i]
		if len(r.Findings) >= mostFindings {
			break
		}
		if s.answer && s.repeats(fact.Location) {
			continue
		}
		if r.ofUnwanted(i) || r.ofUnwantedPart(i) {
			continue
		}
		s.count(fact)
		rule := s.claimant(index, fact)
		if rule == nil {
			continue
		}
		level := s.level(rule)
		if level == Must && !rule.weighs() && s.profile.Softens(fact) {
			level = Should
		}
		if level == Off {
			continue
		}
		r.Findings = append(r.Findings, Finding{
			Rule: rule, Level: level, Location: fact.Location, Offset: fact.Offset, Size: fact.Size, Segment: fact.Segment, m: s.m, profile: s.profile, fact: fact,
		})
	}
	s.nested = false
}

// ofUnwanted says whether fact i is about what stands in a field that should not
// be there at all: that the field is there is the one fault. The fact about the
// field follows those about what is in it.
func (r *Report) ofUnwanted(i int) bool {
	l := r.facts[i].Location
	if l.Field == 0 {
		return false
	}
	for _, f := range r.facts[i+1:] {
		if f.Segment != r.facts[i].Segment || f.Location.Field != l.Field {
			return false
		}
		if f.Kind == schema.FieldNotUsed || f.Kind == schema.FieldWithdrawn {
			return true
		}
	}
	return false
}

// ofUnwantedPart says the same of what stands in a component. The fact about the
// component is a neighbour of those about what is in it, before or after them.
func (r *Report) ofUnwantedPart(i int) bool {
	f := &r.facts[i]
	if f.Kind == schema.ComponentNotUsed || f.Location.Component == 0 {
		return false
	}
	place := f.Location
	place.Subcomponent = 0
	for _, step := range [...]int{-1, 1} {
		for k := i + step; k >= 0 && k < len(r.facts) && r.facts[k].Segment == f.Segment; k += step {
			at := r.facts[k].Location
			if at == place && r.facts[k].Kind == schema.ComponentNotUsed {
				return true
			}
			if at.Subcomponent = 0; at != place {
				break
			}
		}
	}
	return false
}

// weighs says whether a rule knows better than the profile how grave a fact is:
// it asks a setting, or looks at what else is there.
func (r *Rule) weighs() bool {
	levels := 0
	for _, l := range r.body.lines {
		if l.key == "level" {
			levels++
		}
	}
	return r.Setting != "" || levels > 1
}

// settle puts the findings in the order of the message and lets one fault be
// one finding.
func (r *Report) settle() {
	if len(r.Findings) < 2 {
		return
	}
	r.foldShifted()
	r.foldUnknown()
	r.foldSwapped()
	r.Findings = slices.DeleteFunc(r.Findings, r.ofStranger)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Level, a.Level), cmp.Compare(len(a.Rule.body.claims), len(b.Rule.body.claims)))
	})
	r.tellOnce()
}

// ofStranger says whether a demand is on a segment that has no place in the
// message: that it is there is the one fault.
func (r *Report) ofStranger(f Finding) bool {
	if f.fact != nil || f.Location.Field == 0 {
		return false
	}
	for i := range r.scope.match.Findings {
		o := &r.scope.match.Findings[i]
		if o.Segment != f.Segment {
			continue
		}
		switch o.Kind {
		case schema.SegmentUnknown, schema.SegmentForbidden, schema.SegmentRepeated:
			return true
		}
	}
	return false
}

// tellOnce drops facts that another finding already tells: a rule that was
// written for the place knows better than one for any field, and what is no code
// or no date need not be called too long as well.
func (r *Report) tellOnce() {
	var demanded, demandedCode map[hl7.Location]Level // places of demands
	var found map[hl7.Location]bool                   // places of facts that are not about length
	long := false
	for i := range r.Findings {
		f := &r.Findings[i]
		switch {
		case f.fact == nil:
			if demanded == nil {
				demanded, demandedCode = map[hl7.Location]Level{}, map[hl7.Location]Level{}
			}
			place := firstRepetition(f.Location)
			demanded[place] = max(demanded[place], f.Level)
			place = firstPart(place)
			demandedCode[place] = max(demandedCode[place], f.Level)
		case f.fact.Kind == schema.TooLong:
			long = true
		}
	}
	if demanded == nil && !long {
		return
	}
	if long {
		found = map[hl7.Location]bool{}
		for i := range r.Findings {
			if f := &r.Findings[i]; f.fact != nil && f.fact.Kind != schema.TooLong {
				found[f.Location] = true
			}
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		if f.fact == nil {
			return false
		}
		place, places := firstRepetition(f.Location), demanded
		switch f.fact.Kind {
		case schema.NotInTable, schema.NotSuggested, schema.BadFormat, schema.NoSuchTime:
			place, places = firstPart(place), demandedCode
		case schema.TooLong:
			if found[f.Location] {
				return true
			}
		}
		return places[place] >= f.Level
	})
}

// firstRepetition is the place of a field, written as that of its first repetition.
func firstRepetition(l hl7.Location) hl7.Location {
	l.Repetition = max(l.Repetition, 1)
	return l
}

// firstPart is the place of a value, written as that of its first part: where a
// code or a date stands.
func firstPart(l hl7.Location) hl7.Location {
	l.Component, l.Subcomponent = max(l.Component, 1), max(l.Subcomponent, 1)
	return l
}

// segmentAt returns the index of the segment that has the byte at an offset.
func segmentAt(m *hl7.Message, offset int) int {
	last := 0
	for i := range m.NumSegments() {
		if m.Segment(i).Offset() > offset {
			break
		}
		last = i
	}
	return last
}
