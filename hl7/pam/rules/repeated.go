package rules

import (
	"bytes"

	"github.com/pamlab/pamlab/hl7"
)

// repeated are the fields of an acknowledgement that take over one of the MSH of
// the message that it answers.
var repeated = map[[3]byte]map[int]int{
	{'M', 'S', 'H'}: {3: 5, 4: 6, 5: 3, 6: 4, 9: 9, 11: 11, 12: 12, 17: 17},
	{'M', 'S', 'A'}: {2: 10},
}

// repeats says whether a value of an acknowledgement is what its message has: an
// event that nobody knows, for one, or no MSH-10 at all, is the fault of who sent
// it, and an acknowledgement that repeats it does as it must. To what is no
// message there is no MSH-10 to give back.
func (s *scope) repeats(l hl7.Location) bool {
	if s.sent == nil {
		return l.Segment == "MSA" && l.Field == 2
	}
	if len(l.Segment) != 3 || l.Repetition > 1 {
		return false
	}
	from := repeated[[3]byte([]byte(l.Segment))][l.Field]
	if from == 0 {
		return false
	}
	part := func(v hl7.Value) []byte {
		if l.Component > 0 {
			v = v.Component(l.Component)
		}
		if l.Subcomponent > 0 {
			v = v.Subcomponent(l.Subcomponent)
		}
		return v.Raw()
	}
	return bytes.Equal(part(s.field(l.Segment, l.Field)), part(s.sentHeader(from)))
}
