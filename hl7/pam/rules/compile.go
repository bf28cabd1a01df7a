package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// body is what the engine does for a rule. What each message asks of each rule
// comes first, so that it is in few lines of the processor's cache.
type body struct {
	needs   uint64         // segments without which there is nothing to judge
	first   []segmentNeeds // and fields of them
	eachID  int32          // the number of the `each`, by which rules share what it names; 0: none
	baseID  int32          // that of the same `each` without its filter
	over    segmentID      // the segments that each goes over,
	whole   bool           // where it goes over segments
	of      subject
	acts    bool   // it has demands of its own, not only claims
	own, at needs  // of the segment, and of the value, that each goes over
	eachOf  string // the type whose values each goes over

	lines               []line // that are compiled when the rule is first needed
	claims              []claim
	events              []string // it is limited to; nil: any
	kinds, transactions []string // of events that it is limited to; nil: any
}

// code is what the lines of a rule say, compiled. It has a place of its own: a
// process shares the pages of static data with its file until it writes to them.
type code struct {
	each    *path
	when    cond
	demands []demand
}

// subject is what a rule judges.
type subject uint8

const (
	ofMessage  subject = iota // one message that is no acknowledgement
	ofAck                     // an acknowledgement, with the message that it answers where that is known
	ofSequence                // the messages before: see package sequence
	ofAny                     // one message, acknowledgement or not
)

// conditionalLevel is a level that a rule has when a condition holds.
type conditionalLevel struct {
	level   Level
	setting string // the level is what that setting says
	when    cond   // nil: always
}

// demand is one thing that a rule wants of a message; it calls found with what
// is not as it should be.
type demand func(s *scope, found func(hl7.Value))

// compiler compiles the rules of a catalogue. Segments get numbers.
type compiler struct {
	names    []string    // of segments, by number
	lexer    lexer       // of the condition that is compiled
	needs    []segmentID // of the paths of the line
	inDemand bool
	notes    *notes         // nil: nobody wants them
	settings []string       // that conditions may ask for; nil: those of the program
	asked    map[string]int // the conditions whose answers are remembered, by their text
	slots    map[shared]int // the numbers of the fields whose components are asked for
}

// segmentID numbers the segments that rules and profiles speak of.
type segmentID uint8

// maxSegments is how many segment names there may be.
const maxSegments = 128

func (c *compiler) segment(name string) (segmentID, error) {
	if i := slices.Index(c.names, name); i >= 0 {
		return segmentID(i), nil
	}
	if len(c.names) == maxSegments {
		return 0, fmt.Errorf("the catalogue speaks of more than %d segments", maxSegments)
	}
	c.names = append(c.names, name)
	return segmentID(len(c.names) - 1), nil
}

// Notes for readers are taken when the catalogue is generated, not when a rule is
// compiled: a rule does not change under those who read it.
func (c *compiler) addField(name string) {
	if c.notes != nil && !slices.Contains(c.notes.fields, name) {
		c.notes.fields = append(c.notes.fields, name)
	}
}

func (c *compiler) addEvents(list []string) {
	for _, e := range list {
		if c.notes != nil && !slices.Contains(c.notes.events, e) {
			c.notes.events = append(c.notes.events, e)
		}
	}
}

// addExpected notes the values that the demand of a rule wants: what a reader
// of a finding wants to know first.
func (c *compiler) addExpected(list []string) {
	if c.notes != nil && c.inDemand {
		c.notes.values = append(c.notes.values, list...)
	}
}

func (c *compiler) isSetting(name string) bool {
	if c.settings != nil {
		return slices.Contains(c.settings, name)
	}
	return findSetting(name) != nil
}

// notes are what the conditions of a rule speak of.
type notes struct{ fields, events, values []string }

// compile compiles the lines of a rule but those on its level.
func (c *compiler) compile(r *Rule) (*code, error) {
	into := &code{}
	for _, l := range r.body.lines {
		c.needs = c.needs[:0]
		if err := c.line(&r.body, into, l); err != nil {
			return into, fmt.Errorf("%s %s: %w", l.key, l.value, err)
		}
	}
	return into, nil
}

func (c *compiler) line(b *body, into *code, l line) error {
	switch l.key {
	case "level": // see levels
		return nil
	case "each":
		return c.each(b, into, l.value)
	case "when":
		e, err := c.compileCond(l.value)
		into.when = e
		return err
	case "valued", "empty":
		return c.presence(b, into, l.key, l.value)
	case "expect":
		return c.expect(b, into, l.value)
	case "check":
		return c.check(into, l.value)
	}
	return fmt.Errorf("there is no line %q", l.key)
}

// levels compiles the lines on the level of a rule, which only a finding asks for.
func (c *compiler) levels(r *Rule) ([]conditionalLevel, error) {
	var list []conditionalLevel
	for _, l := range r.body.lines {
		if l.key != "level" {
			continue
		}
		e, err := c.level(l.value)
		if err != nil {
			return list, fmt.Errorf("%s %s: %w", l.key, l.value, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// level reads `must`, `setting NAME` and `should when CONDITION`.
func (c *compiler) level(text string) (conditionalLevel, error) {
	word, condition, conditional := strings.Cut(text, " when ")
	e := conditionalLevel{}
	var err error
	if conditional {
		if e.when, err = c.compileCond(condition); err != nil {
			return e, err
		}
	}
	if name, ok := strings.CutPrefix(word, "setting "); ok {
		if e.setting = name; !c.isSetting(name) {
			return e, fmt.Errorf("there is no setting %q", name)
		}
	} else if e.level, ok = parseLevel(word); !ok {
		return e, fmt.Errorf("%q is no level", word)
	}
	return e, nil
}

// each reads `each NK1`, `each PID-3[.5=INS]` and `each type XTN`.
func (c *compiler) each(b *body, into *code, text string) error {
	if strings.HasPrefix(text, "type ") { // see body.eachOf
		return nil
	}
	p, err := c.path(text)
	if err != nil {
		return err
	}
	if p.component > 0 {
		return fmt.Errorf("each goes over segments, or over whole repetitions of a field")
	}
	into.each, p.every = p, true
	c.need(b)
	return nil
}

// need notes that without the segments of the last line nothing can be judged.
func (c *compiler) need(b *body) {
	if c.notes == nil {
		return // the generated file has it
	}
	for _, id := range c.needs {
		if id < odd {
			b.needs |= 1 << id
		}
	}
}

func (c *compiler) paths(text string) ([]*path, error) {
	var list []*path
	for word := range strings.FieldsSeq(text) {
		p, err := c.path(word)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("a path is missing")
	}
	return list, nil
}

// presence compiles `valued PATHS` and `empty PATHS`.
func (c *compiler) presence(b *body, into *code, key, text string) error {
	paths, err := c.paths(text)
	if err != nil {
		return err
	}
	if len(paths) == 1 {
		c.need(b)
	}
	wantValue := key == "valued"
	into.demands = append(into.demands, func(s *scope, found func(hl7.Value)) {
		broken := func(state hl7.State) bool {
			return wantValue && state != hl7.Present || !wantValue && state != hl7.Absent
		}
		for _, p := range paths {
			some := false
			if p.noted() {
				if state, ok := p.state(s); !ok || !broken(state) {
					continue
				}
			}
			p.eachRaw(s, func(raw []byte) bool {
				some = some || broken(s.state(raw))
				return !some
			})
			if !some {
				continue
			}
			p.each(s, func(v hl7.Value) bool {
				if broken(v.State()) {
					found(v)
				}
				return true
			})
		}
	})
	return nil
}

// expect compiles `expect CONDITION at PATH`. With a path that names several
// values and a condition of relative paths the condition is that of each value.
func (c *compiler) expect(b *body, into *code, text string) error {
	condition, at, ok := strings.Cut(text, " at ")
	if !ok {
		return fmt.Errorf("expect wants a condition and, after at, the path to be marked")
	}
	c.inDemand = true
	e, err := c.compileCond(condition)
	c.inDemand = false
	if err != nil {
		return err
	}
	c.needs = c.needs[:0]
	p, err := c.path(strings.TrimSpace(at))
	if err != nil {
		return err
	}
	c.need(b)
	into.demands = append(into.demands, func(s *scope, found func(hl7.Value)) {
		if !e(s) {
			v, ok := p.one(s)
			if ok {
				found(v)
			}
		}
	})
	return nil
}

// check compiles `check NAME`: a demand that is written in Go.
func (c *compiler) check(into *code, name string) error {
	f := findCheck(name)
	if f == nil {
		return fmt.Errorf("there is no check %q", name)
	}
	into.demands = append(into.demands, f)
	return nil
}

// condCheck compiles `check NAME` in a condition.
func (c *compiler) condCheck(words []string) (cond, error) {
	if len(words) == 1 {
		if holds := findCondition(words[0]); holds != nil {
			return holds, nil
		}
	}
	return nil, fmt.Errorf("there is no condition %q", words)
}
