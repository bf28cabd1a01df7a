package sequence

import (
	"hash/maphash"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// seed makes hashes of messages comparable within the process.
var seed = maphash.MakeSeed()

// controlID judges MSH-10 and says whether the message was followed already:
// the same message sent again is no new one. A sender is an application in a
// hospital: the same product counts for itself in the next one.
func (s *step) controlID() (again bool) {
	if s.header.ControlID == "" {
		return false
	}
	s.t.key = append(append(s.t.key[:0], s.header.SendingApplication...), '|')
	s.t.key = append(append(s.t.key, s.header.SendingFacility...), '|')
	s.t.key = append(s.t.key, s.header.ControlID...)
	sum := maphash.Bytes(seed, s.m.Bytes())
	before, seen := s.t.ids.swap(s.t.key, sum)
	switch {
	case !seen:
		return false
	case before == sum:
		s.find("seq.msh-10.resent", rules.Info, s.m.Segment(0).Field(10))
		return true
	}
	s.find("seq.msh-10.unique", rules.Must, s.m.Segment(0).Field(10))
	return false
}

// answerID judges MSH-10 of an acknowledgement, which has numbers of its own.
func (s *step) answerID() {
	if s.header.ControlID == "" {
		return
	}
	s.t.key = append(append(append(append(s.t.key[:0], "ACK|"...), s.header.SendingApplication...), '|'), s.header.ControlID...)
	sum := maphash.Bytes(seed, s.m.Bytes())
	before, seen := s.t.ids.swap(s.t.key, sum)
	if seen && before != sum {
		s.find("ack.unique-id", rules.Should, s.m.Segment(0).Field(10))
	}
}

// momentOf is a date and time that can be compared: its digits, without offset.
func momentOf(raw []byte) []byte {
	n := 0
	for n < len(raw) && n < 14 && raw[n] >= '0' && raw[n] <= '9' {
		n++
	}
	return raw[:n]
}

func moment(v hl7.Value) string { return string(momentOf(v.Raw())) }

// compareMoments compares two moments in the precision of the coarser one. It
// says 0 also when one is not known.
func compareMoments(a, b string) int {
	n := min(len(a), len(b))
	switch a, b = a[:n], b[:n]; {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
