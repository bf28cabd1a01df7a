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
	answer   bool         // the message came as the answer to another
	header   hl7.Header
	trigger  string
	utf8     bool
	delims   delimiters
	ends     [256]bool // whether a byte is one of those; of none where a message has no such delimiter
	plan     *plan
	profile  *profile.Profile
	event    *profile.Event // nil when the profile has no such event
	settings resolved

	first   [maxSegments]int32 // the index of the first segment of a name, -1 when there is none
	last    [maxSegments]int32 // that of the last, where there is a first
	present uint64             // a bit for each of the first 64 names that is there
	ids     []segmentID        // of each segment; noSegment for names that nobody speaks of
	filled  []filled           // of each segment
	written []uint64           // which fields of each segment have any bytes

	segment  int      // of `each`, or of the fact that is being claimed
	claimed  place    // the place of the fact that is being claimed
	at       *place   // of `each`, or the value whose component is being claimed
	nested   bool     // it is a component, and its parts are sub-components
	values   []values // by the number of the `each` that names them
	told     bool     // the rule that is being run has found something
	enough   bool     // there are so many findings that no more are looked for
	parts    []span   // of those values
	divided  [maxDivided]divided
	sorted   bool // those of types were found
	match    schema.Match
	answers  [maxAsked]uint32 // to conditions, see compiler.remembered
	epoch    uint32           // of the answers about this message
	epochs   uint32           // how many there are of this message: one of its own and one for each segment
	fact     *schema.Finding  // of the claim that is being considered
	oddities []hl7.Oddity     // of the message; nil as long as nobody has asked, see form
	formRead bool
}

const noSegment = maxSegments - 1

// noSegments is scope.first of a message that has none.
var noSegments = func() (first [maxSegments]int32) {
	for i := range first {
		first[i] = -1
	}
	return first
}()

// odd stands in sets of segments for a message that was not written as it should
// be: what the rules on that need.
const odd = 63

// read looks up the segments of a message.
func (s *scope) read(m *hl7.Message, ids *segmentTable) {
	s.m, s.segment, s.at = m, 0, &nowhere
	s.fact, s.oddities, s.formRead = nil, nil, false
	d := m.Delimiters()
	s.setDelimiters(delimiters{d.Component, d.Repetition, d.Subcomponent})
	s.forget()
	s.nextEpoch(m.NumSegments())
	s.present, s.ids, s.filled, s.written = 0, s.ids[:0], s.filled[:0], s.written[:0]
	s.first = noSegments
	separator := m.Delimiters().Field
	for i := range m.NumSegments() {
		seg := m.Segment(i)
		raw := seg.Raw()
		id := segmentID(noSegment)
		if len(raw) >= 3 && (len(raw) == 3 || raw[3] == separator) {
			id = ids.find(packed(raw))
		}
		has, written := filledOf(seg)
		s.ids, s.filled, s.written = append(s.ids, id), append(s.filled, has), append(s.written, written)
		if s.last[id] = int32(i); id == noSegment || s.first[id] >= 0 {
			continue
		}
		s.first[id] = int32(i)
		if id < odd {
			s.present |= 1 << id
		}
	}
	if len(s.form()) > 0 {
		s.present |= 1 << odd
	}
	charset, err := m.Charset()
	s.utf8 = err == nil && charset == hl7.UTF8
}

// nextEpoch forgets the answers about the message before, without touching each
// of them. Those about a segment have an epoch of their own.
func (s *scope) nextEpoch(segments int) {
	s.epoch += max(s.epochs, 1)
	s.epochs = uint32(segments) + 2 // the facts of a message may speak of the segment behind its last
	const most = 1<<31 - 1          // the last bit is the answer
	if s.epoch > most-s.epochs {
		clear(s.answers[:])
		clear(s.divided[:])
		s.epoch = 1
	}
}

// judge runs one rule.
func (s *scope) judge(r *Rule, found func(hl7.Value)) {
	if b := &r.body; b.acts && s.mayFind(b.needs, b.first) {
		s.run(r, found)
	}
}

// run runs a rule that may find something.
func (s *scope) run(r *Rule, found func(hl7.Value)) {
	switch b := &r.body; {
	case b.eachID == 0:
		s.demands(r, found)
	case b.whole:
		s.eachSegment(r, found)
	default:
		s.eachValue(r, found)
	}
}

// eachSegment runs a rule for each segment of a name.
func (s *scope) eachSegment(r *Rule, found func(hl7.Value)) {
	b := &r.body
	i := s.first[b.over]
	if i < 0 {
		return
	}
	for last := s.last[b.over]; i <= last; i++ {
		if s.ids[i] == b.over && !s.enough && b.own.met(s.filled[i]) {
			s.segment, s.at = int(i), &nowhere
			s.demands(r, found)
		}
	}
}

// eachValue runs a rule for each value that its `each` names.
func (s *scope) eachValue(r *Rule, found func(hl7.Value)) {
	b := &r.body
	named := s.named(r)
	list := named.list
	if len(list) == 0 || !named.mayMeet(&b.at) {
		return
	}
	s.told = false
	for i := range list {
		if s.enough {
			break
		}
		at := &list[i]
		if at.again && !s.told {
			continue // rules on types look at nothing but the value
		}
		if b.at.met(at.filled) && b.own.met(s.filled[at.segment]) {
			s.segment, s.at, s.nested = int(at.segment), at, at.nested
			s.demands(r, found)
		}
	}
	s.nested = false
}

func (s *scope) demands(r *Rule, found func(hl7.Value)) {
	c := s.plan.catalogue.compiled(r)
	if c.when != nil && !c.when(s) {
		return
	}
	for _, d := range c.demands {
		d(s, found)
	}
}

// holds says whether the condition of a rule holds.
func (c *code) holds(s *scope) bool { return c.when == nil || c.when(s) }

// level is the level of a rule in this message.
func (s *scope) level(r *Rule) Level {
	level := r.Level
	for _, e := range s.plan.catalogue.levelsOf(r) {
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
