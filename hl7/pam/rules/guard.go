package rules

import "github.com/pamlab/pamlab/hl7"

// Most rules ask for a field that most messages leave empty, or fill. Which
// fields of a segment are filled is known from one pass, so that a rule that
// cannot find anything is passed over before its conditions are asked, or even
// compiled. What a rule asks for is read from its lines when the catalogue is
// generated.

// needs are the fields of a segment, or the parts of a value, without which a
// rule finds nothing, by bits.
type needs struct {
	present, missing uint64 // have a value; have none, or the null
	some, none       uint64 // are not empty; are empty
}

// met says whether a rule may find something.
func (n *needs) met(f filled) bool {
	return f.present&n.present == n.present && f.present&n.missing == 0 && f.some&n.some == n.some && f.some&n.none == 0
}

// noted says whether the states of what a path names are noted by bits.
func (p *path) noted() bool {
	switch {
	case p.sent || p.every || p.literal:
		return false
	case p.relative && p.field == 0:
		return p.component > 0 && p.component < tabled && p.sub == 0
	}
	return p.field > 0 && p.field < tabled && p.component == 0
}

// state is that of what such a path names. It is false when the segment is not
// there.
func (p *path) state(s *scope) (hl7.State, bool) {
	var has filled
	n := p.field
	switch {
	case p.relative && n == 0 && s.at.count == 0: // the value of a claim, which nobody has divided
		return s.state(p.within(s, s.at.raw)), true
	case p.relative && n == 0:
		has, n = s.at.filled, p.component
	case p.relative:
		has = s.filled[s.segment]
	default:
		i := s.first[p.segment]
		if i < 0 {
			return hl7.Absent, false
		}
		has = s.filled[i]
	}
	switch {
	case has.present>>n&1 != 0:
		return hl7.Present, true
	case has.some>>n&1 != 0:
		return hl7.Null, true
	}
	return hl7.Absent, true
}

// segmentNeeds are those on the first segment of a name.
type segmentNeeds struct {
	segment segmentID
	needs   needs
}

// candidate is a rule with demands on messages of an event, and what can be
// asked before the rule is looked at.
type candidate struct {
	segments uint64
	first    []segmentNeeds
	rule     *Rule
}

// mayFind says whether a rule may find something in this message.
func (s *scope) mayFind(segments uint64, first []segmentNeeds) bool {
	if segments&^s.present != 0 {
		return false
	}
	for i := range first {
		n := &first[i]
		var has filled
		if at := s.first[n.segment]; at >= 0 {
			has = s.filled[at]
		}
		if !n.needs.met(has) {
			return false
		}
	}
	return true
}
