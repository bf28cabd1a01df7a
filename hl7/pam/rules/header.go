package rules

import (
	"bytes"
	"slices"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/schema"
)

// Some faults of a header leave nothing that could be judged: whatever else was
// found would only follow from them. They are looked for first, and told alone.

// The rules that are judged before all others.
const (
	mismatchRule = "hl7.msh-2.mismatch" // the message is not written with what MSH-2 declares
	typeRule     = "hl7.msh-9.type"     // it is of another kind than any rule speaks of
)

// unjudgeable says whether the header alone is at fault, and notes how.
func (r *Report) unjudgeable() bool {
	return r.breaks(mismatchRule) || r.hasNoType()
}

// breaks runs one rule before the others.
func (r *Report) breaks(id string) bool {
	rule := ByID(id)
	if rule == nil || !r.scope.plan.has(rule) {
		return false
	}
	r.rule, r.ofRule, r.scope.enough = rule, 0, false
	r.scope.judge(rule, r.found)
	return len(r.Findings) > 0
}

// hasNoType says whether MSH-9 does not tell of which event the message is, or
// tells that it is no ADT message at all: an ORU owes nothing of what PAM asks.
func (r *Report) hasNoType() bool {
	s := &r.scope
	if s.isAck() || s.header.Type == "ADT" && s.header.Trigger != "" {
		return false
	}
	if s.header.Type != "" {
		return r.breaks(typeRule)
	}
	c := schema.Checker{Version: s.profile.Version}
	r.facts = c.Segment(r.facts[:0], s.m, 0, s.profile.Version.Segment("MSH"))
	r.facts = slices.DeleteFunc(r.facts, func(f schema.Finding) bool { return f.Location.Field != 9 })
	r.claimFacts()
	r.facts = r.facts[:0]
	return len(r.Findings) > 0
}

// otherDelimiters finds that MSH-2 declares characters with which the message is
// not written: ^ is none of them and stands everywhere.
func otherDelimiters(s *scope, found func(hl7.Value)) {
	d := s.m.Delimiters()
	if d.Component == hl7.StandardDelimiters().Component || bytes.IndexByte(s.raw("MSH", 2), '^') >= 0 {
		return
	}
	declared := s.field("MSH", 2)
	const some = 3 // one or two may be text
	body := s.m.Bytes()[declared.Offset()+len(declared.Raw()):]
	written := bytes.Count(body, []byte{'^'})
	if written >= some && (d.Component == 0 || written > bytes.Count(body, []byte{d.Component})) {
		found(declared)
	}
}
