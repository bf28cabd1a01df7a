package rules

import (
	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

// scope is what conditions and demands look at: one message, with what is
// worth looking up once. It is part of a Report and reused with it.
type scope struct {
	m        *hl7.Message
	sent     *hl7.Message // what an acknowledgement answers, nil when that is not known
	header   hl7.Header
	trigger  string
	utf8     bool
	plan     *plan
	profile  *profile.Profile
	event    *profile.Event // nil when the profile has no such event
	settings resolved

	first   [maxSegments]int32 // the index of the first segment of a name, -1 when there is none
	present uint64             // a bit for each of the first 64 names that is there
	ids     []segmentID        // of each segment; noSegment for names that nobody speaks of

	segment    int       // of `each`, or of the fact that is being claimed
	repetition hl7.Value // of `each`, or the value whose component is being claimed
	nested     bool      // repetition is a component, and its parts are sub-components
	match      schema.Match
	fact       *schema.Finding // of the claim that is being considered
	oddities   []hl7.Oddity    // of the message; nil as long as nobody has asked, see form
	formRead   bool
}

const noSegment = maxSegments - 1

// read looks up the segments of a message.
func (s *scope) read(m *hl7.Message, ids map[[3]byte]segmentID) {
	s.m, s.segment, s.repetition = m, 0, hl7.Value{}
	s.fact, s.oddities, s.formRead = nil, nil, false
	s.present, s.ids = 0, s.ids[:0]
	for i := range s.first {
		s.first[i] = -1
	}
	separator := m.Delimiters().Field
	for i := range m.NumSegments() {
		raw := m.Segment(i).Raw()
		id := segmentID(noSegment)
		if len(raw) >= 3 && (len(raw) == 3 || raw[3] == separator) {
			if known, ok := ids[[3]byte(raw)]; ok {
				id = known
			}
		}
		s.ids = append(s.ids, id)
		if id == noSegment || s.first[id] >= 0 {
			continue
		}
		s.first[id] = int32(i)
		if id < 64 {
			s.present |= 1 << id
		}
	}
	charset, err := m.Charset()
	s.utf8 = err == nil && charset == hl7.UTF8
}

// field returns field n of the first segment of a name, by which Go checks read.
func (s *scope) field(name string, n int) hl7.Value {
	id, ok := s.plan.ids[[3]byte([]byte(name))]
	if !ok || s.first[id] < 0 {
		return hl7.Value{}
	}
	return s.m.Segment(int(s.first[id])).Field(n)
}

// judge runs one rule.
func (s *scope) judge(r *Rule, found func(hl7.Value)) {
	b := &r.body
	if b.needs&^s.present != 0 || len(b.demands) == 0 {
		return
	}
	switch {
	case b.eachOf != "":
		s.eachOfType(b, found)
	case b.each == nil:
		s.demands(b, found)
	case b.each.field == 0:
		for i, id := range s.ids {
			if id == b.each.segment {
				s.segment, s.repetition = i, hl7.Value{}
				s.demands(b, found)
			}
		}
	default:
		for i, id := range s.ids {
			if id == b.each.segment {
				s.segment = i
				s.eachRepetition(b, s.m.Segment(i).Field(b.each.field), found)
			}
		}
	}
}

// eachRepetition judges the repetitions of a field that the path picks.
func (s *scope) eachRepetition(b *body, field hl7.Value, found func(hl7.Value)) {
	for v := range field.Repetitions() {
		if b.each.filter != nil && !b.each.filter.picks(v) {
			continue
		}
		if s.repetition = b.each.below(v); len(s.repetition.Raw()) > 0 {
			s.demands(b, found)
		}
	}
}

// eachOfType judges every value of a data type, wherever the profile has it.
func (s *scope) eachOfType(b *body, found func(hl7.Value)) {
	places := s.plan.types[b.eachOf]
	for i, id := range s.ids {
		for _, place := range places[id] {
			field := s.m.Segment(i).Field(place.field)
			if len(field.Raw()) == 0 {
				continue
			}
			s.segment = i
			for v := range field.Repetitions() {
				if s.nested = place.component > 0; s.nested {
					v = v.Component(place.component)
				}
				if s.repetition = v; len(v.Raw()) > 0 {
					s.demands(b, found)
				}
			}
		}
	}
	s.nested = false
}

func (s *scope) demands(b *body, found func(hl7.Value)) {
	if b.when != nil && !b.when(s) {
		return
	}
	for _, d := range b.demands {
		d(s, found)
	}
}

// level is the level of a rule in this message.
func (s *scope) level(r *Rule) Level {
	level := r.Level
	for _, e := range r.body.levels {
		if e.when == nil && e.setting == "" || e.when != nil && !e.when(s) {
			continue
		}
		if level = e.level; e.setting != "" {
			level, _ = parseLevel(s.settings.get(e.setting))
		}
		break
	}
	if r.tolerant != Off && level > r.tolerant && s.settings.get("tolerant") == "on" {
		level = r.tolerant
	}
	return level
}
