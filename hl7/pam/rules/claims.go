package rules

import (
	"strings"

	"github.com/pamlab/pamlab/hl7/schema"
)

// Grammars, fields, types and tables of a profile are checked by package
// schema, which finds facts. A rule says by a claim which facts are its
// business:
//
//	claim not-in-table ZBE-9                   a field
//	claim component-missing PID-3.4 CX.4       a component of a field, or of a type anywhere
//	claim field-not-used layer:fr              what France has forbidden and HL7 has not
//	claim too-long                             whatever nobody else has claimed
//
// The more precise claim wins; among equals, the first whose condition holds.
type claim struct {
	kind                  schema.Kind
	place                 string // a segment, a type, layer:NAME, table:NUMBER or ""
	field, component, sub int
}

// claimIndex finds the rules that claim a fact.
type claimIndex map[claim][]*Rule

func (c *catalogue) indexClaims() claimIndex {
	index := claimIndex{}
	for _, r := range c.rules {
		for _, at := range r.body.claims {
			index[at] = append(index[at], r)
		}
	}
	return index
}

// claimant finds the rule whose business a fact is, nil when it is nobody's.
func (s *scope) claimant(index claimIndex, f *schema.Finding) *Rule {
	s.fact = f
	s.lookAt(f)
	l := f.Location
	at := claim{f.Kind, l.Segment, l.Field, l.Component, l.Subcomponent}
	if r := s.firstOf(index[at]); r != nil {
		return r
	}
	if at.sub > 0 {
		at.sub = 0
		if r := s.firstOf(index[at]); r != nil {
			return r
		}
	}
	if at.component > 0 {
		at.component = 0
		if r := s.firstOf(index[at]); r != nil {
			return r
		}
	}
	return s.broadClaimant(index, f)
}

// lookAt lets conditions of claims speak of the segment and of the value that a
// fact is about, as those of `each` do: -7 is a field of the segment, .7 the
// component beside the one concerned.
func (s *scope) lookAt(f *schema.Finding) {
	l := f.Location
	s.segment, s.nested = f.Segment, l.Subcomponent > 0
	at := &s.claimed
	*at = place{segment: int32(f.Segment)}
	s.at = at
	if l.Field == 0 || f.Segment >= s.m.NumSegments() {
		return
	}
	at.field, at.repetition = int32(l.Field), int32(max(l.Repetition, 1))
	if s.nested {
		at.component = int32(l.Component)
	}
	at.raw = s.current().Raw()
}

// broadClaimant looks for claims on a type, a table, a segment, a layer, and
// on everything.
func (s *scope) broadClaimant(index claimIndex, f *schema.Finding) *Rule {
	if f.Type != nil && f.Component != nil {
		if r := s.firstOf(index[claim{kind: f.Kind, place: f.Type.Name, component: f.Component.Number}]); r != nil {
			return r
		}
	}
	if r := s.typeClaimant(index, f); r != nil {
		return r
	}
	if f.Table != nil {
		if r := s.firstOf(index[claim{kind: f.Kind, place: "table:" + f.Table.Number}]); r != nil {
			return r
		}
	}
	if r := s.firstOf(index[claim{kind: f.Kind, place: f.Location.Segment}]); r != nil {
		return r
	}
	if r := s.firstOf(index[claim{kind: f.Kind, place: "layer:" + s.layer(f)}]); r != nil {
		return r
	}
	return s.firstOf(index[claim{kind: f.Kind}])
}

// typeClaimant looks for a claim on a component of the type of the field.
func (s *scope) typeClaimant(index claimIndex, f *schema.Finding) *Rule {
	if f.Field == nil || f.Field.Type == nil || f.Location.Component == 0 {
		return nil
	}
	t := f.Field.Type
	if f.Location.Subcomponent > 0 {
		if d := t.Component(f.Location.Component); d != nil && d.Type != nil {
			at := claim{kind: f.Kind, place: d.Type.Name, component: f.Location.Subcomponent}
			if r := s.firstOf(index[at]); r != nil {
				return r
			}
		}
	}
	name, _, _ := strings.Cut(t.Name, "-") // a variant of a type is called "CX-INS"
	return s.firstOf(index[claim{kind: f.Kind, place: name, component: f.Location.Component}])
}

// layer says whose definition a fact breaks.
func (s *scope) layer(f *schema.Finding) string {
	l := f.Location
	switch {
	case f.Table != nil:
		return s.profile.TableOrigin(f.Table.Number).Layer
	case f.Slot != nil || l.Field == 0:
		if s.profile.PAM != "" && strings.HasPrefix(l.Segment, "Z") {
			return "fr"
		}
		return "hl7"
	case f.Component != nil && f.Type != nil:
		return s.profile.ComponentOrigin(f.Type.Name, f.Component.Number).Layer
	case f.Component != nil && f.Field != nil && f.Field.Type != nil && l.Subcomponent == 0:
		return s.profile.ComponentOrigin(f.Field.Type.Name, f.Component.Number).Layer
	}
	return s.profile.FieldOrigin(l.Segment, l.Field).Layer
}

// firstOf returns the first rule that belongs to the profile and whose
// condition holds. What only an acknowledgement owes is owed by no other
// message.
func (s *scope) firstOf(list []*Rule) *Rule {
	for _, r := range list {
		if s.plan.has(r) && (r.body.of != ofAck || s.isAck()) && s.plan.catalogue.compiled(r).holds(s) {
			return r
		}
	}
	return nil
}
