package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// A path names values in a message, as [hl7.Path] does, in a form that costs
// nothing to evaluate thousands of times a second: the segment is a number that
// the scope has looked up once for the message.
//
//	PID-3            the field: its first repetition where one is wanted
//	PID-3[*].4       every repetition
//	PID-3[.5=INS].1  the repetitions whose component 5 is INS
//	-33.1            field of the segment of `each`
//	.4.2             component of the repetition of `each`
//	@MSH-10          of the message that an acknowledgement answers
type path struct {
	text                  string
	sent                  bool
	relative              bool // to what `each` iterates over
	segment               segmentID
	field, component, sub int
	every                 bool
	literal               bool // MSH-1 and MSH-2, whose delimiters do not delimit
	filter                *filter
	slot                  int // of the division of the field, see divided; 0: none
}

// filter picks repetitions by a component.
type filter struct {
	component, sub int
	value          string
	starts         bool // PID-3[.5^=IN]: begins with
	valued         bool // PID-3[.5]
}

func (c *compiler) path(text string) (*path, error) {
	p := &path{text: text}
	rest := text
	if p.sent = strings.HasPrefix(rest, "@"); p.sent {
		rest = rest[1:]
	}
	switch {
	case strings.HasPrefix(rest, "."):
		p.relative = true
		return p, p.parts(rest)
	case strings.HasPrefix(rest, "-"):
		p.relative = true
	default:
		name, _, _ := strings.Cut(rest, "-")
		if len(name) != 3 || name != strings.ToUpper(name) {
			return nil, fmt.Errorf("%q is not a path", text)
		}
		var err error
		if p.segment, err = c.segment(name); err != nil {
			return nil, err
		}
		if !p.sent {
			c.needs = append(c.needs, p.segment)
		}
		if rest = rest[3:]; rest == "" {
			return p, nil
		}
	}
	n := 1
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	var err error
	if p.field, err = strconv.Atoi(rest[1:n]); err != nil {
		return nil, fmt.Errorf("%q is not a path", text)
	}
	p.literal = strings.HasPrefix(text, "MSH-") && p.field <= 2
	if !p.relative && !p.sent {
		c.addField(text[:3] + "-" + strconv.Itoa(p.field))
	}
	if rest = rest[n:]; strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return nil, fmt.Errorf("%q: a bracket is not closed", text)
		}
		if err := p.repetitions(rest[1:end]); err != nil {
			return nil, err
		}
		rest = rest[end+1:]
	}
	if err := p.parts(rest); err != nil {
		return p, err
	}
	c.share(p)
	return p, nil
}

// repetitions reads what stands in brackets.
func (p *path) repetitions(s string) error {
	if s == "*" {
		p.every = true
		return nil
	}
	f := &filter{}
	where, value, equal := strings.Cut(s, "=")
	if f.valued = !equal; strings.HasSuffix(where, "^") {
		f.starts, where = true, where[:len(where)-1]
	}
	inner := path{text: p.text}
	if err := inner.parts(where); err != nil || inner.component == 0 {
		return fmt.Errorf("%q: in brackets stands * or a component, .5=INS", p.text)
	}
	f.component, f.sub, f.value = inner.component, max(inner.sub, 1), value
	p.filter, p.every = f, true
	return nil
}

// parts reads .C.S at the end of a path.
func (p *path) parts(rest string) error {
	if rest == "" {
		return nil
	}
	words := strings.Split(rest, ".")
	if words[0] != "" || len(words) > 3 {
		return fmt.Errorf("%q is not a path", p.text)
	}
	for i, target := range []*int{&p.component, &p.sub} {
		if i+1 >= len(words) {
			break
		}
		n, err := strconv.Atoi(words[i+1])
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a path", p.text)
		}
		*target = n
	}
	return nil
}

// below goes from a field or repetition to the part that the path names.
func (p *path) below(v hl7.Value) hl7.Value {
	if p.component > 0 {
		v = v.Component(p.component)
	}
	if p.sub > 0 {
		v = v.Subcomponent(p.sub)
	}
	return v
}

// part goes from the origin to the part that the path names: of a value that is
// a component itself, `.2` is a sub-component.
func (p *path) part(s *scope, v hl7.Value) hl7.Value {
	if s.nested && p.relative && p.field == 0 {
		return v.Subcomponent(p.component)
	}
	return p.below(v)
}

// origin is where the path begins: a field, or the repetition of `each`.
func (p *path) origin(s *scope) (v hl7.Value, ok bool) {
	switch {
	case p.relative && p.field == 0:
		return s.current(), true
	case p.relative:
		return s.m.Segment(s.segment).Field(p.field), true
	case p.sent:
		if s.sent == nil {
			return v, false
		}
		for i := range s.sent.NumSegments() {
			if seg := s.sent.Segment(i); seg.Name() == p.text[1:4] {
				return seg.Field(p.field), true
			}
		}
		return v, false
	}
	i := s.first[p.segment]
	if i < 0 {
		return v, false
	}
	return s.m.Segment(int(i)).Field(p.field), true
}

// one is the value that the path names: the first, where it names several. It
// is false when the segment is not there.
func (p *path) one(s *scope) (hl7.Value, bool) {
	v, ok := p.origin(s)
	if !ok {
		return v, false
	}
	if p.filter == nil {
		return p.part(s, v), true
	}
	for r := range v.Repetitions() {
		if p.filter.picks(r) {
			return p.below(r), true
		}
	}
	return p.below(v.Repetition(1)).Subcomponent(9999), true // an absent value
}

// each calls yield for the values that the path names until it returns false.
func (p *path) each(s *scope, yield func(hl7.Value) bool) {
	v, ok := p.origin(s)
	if !ok {
		return
	}
	if !p.every {
		yield(p.part(s, v))
		return
	}
	for r := range v.Repetitions() {
		if p.filter != nil && !p.filter.picks(r) {
			continue
		}
		if !yield(p.below(r)) {
			return
		}
	}
}

func (f *filter) picks(r hl7.Value) bool {
	return f.accepts(r.Component(f.component).Subcomponent(f.sub).Raw())
}

// accepts says whether the part that the filter looks at is as it wants it.
func (f *filter) accepts(raw []byte) bool {
	switch {
	case f.valued:
		return len(raw) > 0
	case f.starts:
		return strings.HasPrefix(string(raw), f.value)
	}
	return string(raw) == f.value
}

// quantified makes a condition of a path and a test.
func (p *path) quantified(t test, all bool) cond {
	switch {
	case t.states && p.noted():
		return func(s *scope) bool {
			state, _ := p.state(s) // Absent where there is no segment
			return state == t.state
		}
	case t.states && p.divides():
		return func(s *scope) bool { return p.dividedState(s) == t.state }
	}
	switch {
	case p.relative && p.field == 0 && p.component > 0:
		return p.ofPart(t)
	case !p.every:
		return func(s *scope) bool {
			raw, ok := p.raw(s)
			if !ok {
				return t.absent
			}
			return t.holds(s, raw)
		}
	}
	return func(s *scope) bool {
		found, holds := false, all
		p.eachRaw(s, func(raw []byte) bool {
			found = true
			holds = t.holds(s, raw)
			return holds == all
		})
		if !found {
			return all || t.absent
		}
		return holds
	}
}

// ofPart makes a condition of a test on a part of the value that a rule is being
// run for, which is what most conditions on values ask for.
func (p *path) ofPart(t test) cond {
	return func(s *scope) bool {
		if s.at.count == 0 {
			return t.holds(s, p.within(s, s.at.raw))
		}
		raw := s.at.part(s, p.component)
		if p.sub > 0 && !s.nested {
			raw = nth(raw, s.delims.sub, p.sub)
		}
		return t.holds(s, raw)
	}
}
