package rules

import (
	"bytes"
	"slices"

	"github.com/pamlab/pamlab/hl7"
)

// itiChecks are the demands of IHE that look at several segments or at what the
// profile says about the event.
var itiChecks = []named[demand]{
	{"action", movementAction},
	{"original-event", originalEvent},
	{"superseded-type", supersededType},
	{"superseded-authority", supersededAuthority},
	{"superseded-is-gone", supersededIsGone},
	{"moved-account", movedAccount},
	{"whole-seconds", wholeSeconds},
	{"observation-sub-id", observationSubID},
}

// movementAction finds a ZBE-4 that does not go with the event.
func movementAction(s *scope, found func(hl7.Value)) {
	v := s.field("ZBE", 4)
	if s.event != nil && v.State() == hl7.Present && len(s.event.Actions) > 0 && !oneOf(s.event.Actions, leaf(v)) {
		found(v)
	}
}

// originalEvent finds a ZBE-6 that is not the event cancelled by a cancellation,
// nor one that a correction could correct.
func originalEvent(s *scope, found func(hl7.Value)) {
	v := s.field("ZBE", 6)
	if s.event == nil || v.State() != hl7.Present {
		return
	}
	name := string(leaf(v))
	switch s.event.Kind {
	case "cancel":
		if !slices.Contains(s.event.Cancels, name) {
			found(v)
		}
	case "update":
		if e := s.profile.Event(name); e == nil || e.Kind != "insert" {
			found(v)
		}
	}
}

// supersede calls yield for each MRG-1 repetition with the PID-3 of the patient
// that the MRG belongs to.
func (s *scope) supersede(yield func(old, current hl7.Value)) {
	var pid hl7.Segment
	known := false
	for i := range s.m.NumSegments() {
		switch seg := s.m.Segment(i); {
		case seg.Name() == "PID":
			pid, known = seg, true
		case seg.Name() == "MRG" && known:
			for old := range seg.Field(1).Repetitions() {
				if old.State() == hl7.Present && len(old.Component(1).Raw()) > 0 {
					yield(old, pid.Field(3))
				}
			}
		}
	}
}

// sameType says whether two CX have the same type of identifier. Who leaves it
// out does not contradict.
func sameType(a, b hl7.Value) bool { return agree(a.Component(5), b.Component(5)) }

// sameAuthority says whether two CX come from the same authority: by its name,
// or by its universal identifier.
func sameAuthority(a, b hl7.Value) bool {
	x, y := a.Component(4), b.Component(4)
	if id := x.Subcomponent(2).Raw(); len(id) > 0 && bytes.Equal(id, y.Subcomponent(2).Raw()) {
		return true
	}
	return agree(x.Subcomponent(1), y.Subcomponent(1)) && agree(x.Subcomponent(2), y.Subcomponent(2))
}

func agree(a, b hl7.Value) bool {
	x, y := leaf(a), leaf(b)
	return len(x) == 0 || len(y) == 0 || bytes.Equal(x, y)
}

// among says whether one of the repetitions is as wanted.
func among(list hl7.Value, wanted func(hl7.Value) bool) bool {
	for v := range list.Repetitions() {
		if wanted(v) {
			return true
		}
	}
	return false
}

// isINS says whether an identifier is an INS, about whose changes PAM.fr 4.4
// has rules of its own.
func isINS(v hl7.Value) bool { return string(leaf(v.Component(5))) == "INS" }

// supersededType finds identifiers in MRG-1 for which PID-3 has none of their
// type.
func supersededType(s *scope, found func(hl7.Value)) {
	s.supersede(func(old, current hl7.Value) {
		if !isINS(old) && !among(current, func(v hl7.Value) bool { return sameType(old, v) }) {
			found(old)
		}
	})
}

// supersededAuthority finds those for which PID-3 has only some of another
// authority.
func supersededAuthority(s *scope, found func(hl7.Value)) {
	s.supersede(func(old, current hl7.Value) {
		if isINS(old) || !among(current, func(v hl7.Value) bool { return sameType(old, v) }) {
			return
		}
		if !among(current, func(v hl7.Value) bool { return sameType(old, v) && sameAuthority(old, v) }) {
			found(old)
		}
	})
}

// supersededIsGone finds identifiers in MRG-1 that PID-3 still has.
func supersededIsGone(s *scope, found func(hl7.Value)) {
	s.supersede(func(old, current hl7.Value) {
		number := old.Component(1).Raw()
		if !isINS(old) && among(current, func(v hl7.Value) bool {
			return bytes.Equal(v.Component(1).Raw(), number) && sameType(old, v) && sameAuthority(old, v)
		}) {
			found(old)
		}
	})
}

// movedAccount finds an account in PID-18 that is not the one of the MRG-3
// behind it.
func movedAccount(s *scope, found func(hl7.Value)) {
	var pid hl7.Segment
	known := false
	for i := range s.m.NumSegments() {
		switch seg := s.m.Segment(i); {
		case seg.Name() == "PID":
			pid, known = seg, true
		case seg.Name() == "MRG" && known:
			moved, account := seg.Field(3), pid.Field(18)
			if moved.State() == hl7.Present && !bytes.Equal(moved.Component(1).Raw(), account.Component(1).Raw()) {
				found(account)
			}
		}
	}
}

// observationSubID finds OBX of the same observation that OBX-4 does not tell
// apart.
func observationSubID(s *scope, found func(hl7.Value)) {
	seen := map[string]bool{}
	for i := range s.m.NumSegments() {
		seg := s.m.Segment(i)
		if seg.Name() != "OBX" || len(seg.Field(3).Raw()) == 0 {
			continue
		}
		key := string(leaf(seg.Field(3))) + "\r" + string(seg.Field(4).Raw())
		if seen[key] {
			found(seg.Field(4))
		}
		seen[key] = true
	}
}

// wholeSeconds finds dates with a fraction of a second. A look at the bytes
// tells that there is none, nearly always.
func wholeSeconds(s *scope, found func(hl7.Value)) {
	const seconds = len("YYYYMMDDHHMMSS")
	data := s.m.Bytes()
	for at := seconds; at+1 < len(data); at++ {
		next := bytes.IndexByte(data[at:len(data)-1], '.')
		if next < 0 {
			return
		}
		if at += next; digits(data[at-seconds:at]) && digits(data[at+1:at+2]) && s.isTime(s.m.Locate(at)) {
			found(valueAt(s.m, s.m.Locate(at)))
		}
		at += seconds // so many digits stand before the next that could be one
	}
}

// isTime says whether the profile has a TS at a place.
func (s *scope) isTime(l hl7.Location) bool {
	def := s.profile.Version.Segment(l.Segment)
	if def == nil || def.Field(l.Field) == nil || def.Field(l.Field).Type == nil {
		return false
	}
	t := def.Field(l.Field).Type
	if plainName(t) == "TS" {
		return true
	}
	c := t.Component(l.Component)
	return c != nil && c.Type != nil && plainName(c.Type) == "TS"
}

func digits(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
