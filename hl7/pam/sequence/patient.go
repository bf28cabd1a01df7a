package sequence

import (
	"bytes"
	"cmp"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// patient is what is remembered about a person.
type patient struct {
	number string // the identifier by which it was met first, for words
	domain string // the authority of that identifier
	// fresh says that the tracker saw the patient from the beginning (A28), so
	// that what it does not know does not exist.
	fresh bool
	into  *patient // that it was merged into; nil when it was not
	modes []mode   // legal modes of care (ZFS)
	open  *stay    // the admission as an inpatient that is open, if any
}

// root is the patient that is left after merges. It has been merged into nobody,
// and merge lets only such a patient take others in: there are no circles. The
// way there is shortened, so that nobody is kept for the sake of the way.
func (p *patient) root() *patient {
	root := p
	for root.into != nil {
		root = root.into
	}
	for p != root {
		p, p.into = p.into, root
	}
	return root
}

// elsewhere says whether the patient is an inpatient of another stay, one that
// is still theirs (A44 may have taken it away).
func (p *patient) elsewhere(st *stay) bool {
	return p.open != nil && p.open != st && p.open.open() && p.open.owner() == p.root()
}

// byNumber finds the patient by the identifiers by which patients are known:
// those of type PI, else the first.
func (s *step) byNumber() (p *patient) {
	any := false
	for i := range s.known {
		if n := &s.known[i]; n.kind == internal {
			any = true
			p = cmp.Or(p, s.whose(n))
		}
	}
	if !any && len(s.known) > 0 {
		return s.whose(&s.known[0])
	}
	return p
}

// whose is the patient whom an identifier was seen with.
func (s *step) whose(n *number) *patient {
	if !n.named {
		return nil
	}
	p, ok := s.t.patients.find(n.key)
	if !ok {
		return nil
	}
	p.root() // which shortens the way of those who are asked for
	return p
}

// findPatient returns the patient of the PID, remembered from now on, and says
// whether it was known.
func (s *step) findPatient() (p *patient, known bool) {
	p = s.byNumber()
	field := s.field(s.pid, 3)
	if p == nil {
		p = s.byINS(field)
	}
	if known = p != nil; !known {
		p = &patient{fresh: s.header.Trigger == "A28"}
		p.number, p.domain = s.named(mainNumber(field))
	}
	if p.into != nil && s.header.Trigger != "A40" {
		s.find("seq.pid-3.merged", rules.Must, mainNumber(field), rules.Arg{Name: "into", Value: p.root().number})
	}
	if s.header.Trigger != "A47" {
		s.rememberAll(p)
	}
	return p, known
}

// mainNumber is the identifier that people mean by the number of a patient.
func mainNumber(field hl7.Value) hl7.Value {
	for v := range field.Repetitions() {
		if string(v.Component(5).Raw()) == "PI" {
			return v
		}
	}
	return field.Repetition(1)
}

// named returns an identifier for words and its authority.
func (s *step) named(v hl7.Value) (number, domain string) {
	key := s.t.identifier(v, s.delims)
	if len(key) > mostKey {
		return "…", ""
	}
	_, authority, _ := bytes.Cut(key, []byte{'^'})
	return v.Component(1).String(), string(authority)
}

// rememberAll notes the identifiers of a patient, unless they are somebody's.
func (s *step) rememberAll(p *patient) {
	for i := range s.known {
		n := &s.known[i]
		if !n.named || !n.short || n.kind == otherKind {
			continue
		}
		if _, taken := s.t.patients.find(n.key); !taken {
			s.t.patients.keep(n.key, p)
		}
	}
}

// byINS finds a patient whose number is new by their INS: a number that changed
// without A47 or A40 (PAM.fr 4.1). Under another authority it is no other number
// but one more: each hospital of a group counts its own patients and stays.
func (s *step) byINS(field hl7.Value) *patient {
	for i := range s.known {
		n := &s.known[i]
		if n.kind != national || !n.named {
			continue
		}
		p, ok := s.t.patients.find(n.key)
		if !ok || s.header.Trigger == "A47" || s.header.Trigger == "A40" {
			continue
		}
		if _, domain := s.named(mainNumber(field)); domain != p.domain {
			return nil
		}
		s.find("seq.pid-3.changed", rules.Must, mainNumber(field), rules.Arg{Name: "known", Value: p.number})
		return p
	}
	return nil
}

// identity follows the messages of ITI-30.
func (s *step) identity(p *patient, known bool) {
	switch s.header.Trigger {
	case "A28", "A31":
		s.legalModes(p)
	case "A40":
		s.merge(p)
	case "A47":
		s.renumber(p, known)
	}
}

// merge lets the identifiers of MRG-1 be those of a patient who is no more.
func (s *step) merge(survivor *patient) {
	survivor.into = nil
	for v := range s.field(s.mrg, 1).Repetitions() {
		key := s.t.identifier(v, s.delims)
		if len(key) == 0 {
			continue
		}
		gone, ok := s.t.patients.get(key)
		if ok && gone == survivor {
			continue
		}
		if !ok {
			gone = &patient{}
			s.t.patients.put(key, gone)
			gone.number, gone.domain = s.named(v)
		}
		gone.into = survivor
		if gone.open != nil {
			survivor.open = gone.open
		}
	}
}

// renumber lets the identifiers of MRG-1 be replaced by those of PID-3 (A47).
// A new number that is somebody else's is refused (IHE ITI TF-2 3.30.6.5: an
// A40 was due).
func (s *step) renumber(p *patient, known bool) {
	field := s.field(s.pid, 3)
	for old := range s.field(s.mrg, 1).Repetitions() {
		key := s.t.identifier(old, s.delims)
		was, ok := s.t.patients.get(key)
		switch {
		case !ok:
			continue
		case was == p:
			s.t.patients.remove(key)
		case known:
			s.find("seq.a47.taken", rules.Must, mainNumber(field), rules.Arg{Name: "known", Value: p.number})
			return
		default:
			s.t.patients.remove(key)
			was.number, was.domain = s.named(mainNumber(field))
			p = was
		}
	}
	s.rememberAll(p)
}

// mode is a legal mode of care, ZFS.
type mode struct{ start, end, number string }

// legalModes judges the order of ZFS segments: a new mode needs the one before
// to be closed (PAM.fr 6.19).
func (s *step) legalModes(p *patient) {
	for i := range s.m.NumSegments() {
		seg := s.m.Segment(i)
		if raw := seg.Raw(); len(raw) < 3 || string(raw[:3]) != "ZFS" || len(seg.Field(2).Raw()) > mostKey {
			continue
		}
		next := mode{start: moment(seg.Field(3)), end: moment(seg.Field(4)), number: string(seg.Field(2).Raw())}
		s.legalMode(p, seg, next)
	}
}

// mostModes bounds what is remembered of one patient.
const mostModes = 16

func (s *step) legalMode(p *patient, seg hl7.Segment, next mode) {
	for i := range p.modes {
		if p.modes[i].number == next.number {
			p.modes[i] = next
			return
		}
	}
	if n := len(p.modes); n > 0 && string(seg.Field(5).Raw()) == "INSERT" {
		if last := p.modes[n-1]; last.end == "" || compareMoments(next.start, last.end) < 0 {
			s.find("seq.zfs.closed", rules.Must, seg.Field(3), rules.Arg{Name: "mode", Value: last.number})
		}
	}
	if p.modes = append(p.modes, next); len(p.modes) > mostModes {
		p.modes = p.modes[1:]
	}
}
