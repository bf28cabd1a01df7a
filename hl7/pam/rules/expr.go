package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The conditions of rules are written in a language of a dozen words:
//
//	event A03 and PID-30 = Y
//	kind insert and not PV1-2 in N V
//	PID-3[.5=INS].1 valued and setting ins_key
//	every NK1-7 in E S or ZBE-6 empty
//
// A test of a path that names several values holds when it holds for one of
// them, with `every` when it holds for all. Values stand bare, or in single
// quotes where they would be taken for something else.

// A cond is a compiled condition.
type cond func(*scope) bool

// lexer cuts a line into words, parentheses and quoted values.
type lexer struct {
	words  []string
	quoted []bool
	at     int
}

func newLexer(s string) (*lexer, error) {
	l := &lexer{}
	return l, l.cut(s)
}

// cut makes the lexer that of another line, in the room of the last.
func (l *lexer) cut(s string) error {
	l.words, l.quoted, l.at = l.words[:0], l.quoted[:0], 0
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		n := 0
		switch {
		case s[0] == '(' || s[0] == ')':
			n = 1
		case s[0] == '\'':
			end := strings.IndexByte(s[1:], '\'')
			if end < 0 {
				return fmt.Errorf("a quotation mark is not closed")
			}
			l.words, l.quoted = append(l.words, s[1:end+1]), append(l.quoted, true)
			s = s[end+2:]
			continue
		default:
			n = wordEnd(s)
		}
		l.words, l.quoted = append(l.words, s[:n]), append(l.quoted, false)
		s = s[n:]
	}
	return nil
}

// wordEnd finds the end of a bare word. Brackets hold filters of paths, in
// which anything may stand.
func wordEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth <= 0 && (c == ' ' || c == '\t' || c == '(' || c == ')'):
			return i
		}
	}
	return len(s)
}

func (l *lexer) done() bool { return l.at >= len(l.words) }

// peek returns the next word, "" at the end and for a quoted value.
func (l *lexer) peek() string {
	if l.done() || l.quoted[l.at] {
		return ""
	}
	return l.words[l.at]
}

func (l *lexer) accept(word string) bool {
	if l.peek() != word {
		return false
	}
	l.at++
	return true
}

// values reads words up to the next one that belongs to the language.
func (l *lexer) values() []string {
	var list []string
	for !l.done() {
		if !l.quoted[l.at] && keywords[l.words[l.at]] {
			break
		}
		list = append(list, l.words[l.at])
		l.at++
	}
	return list
}

// keywords end a list of values.
var keywords = map[string]bool{"and": true, "or": true, "not": true, "(": true, ")": true, "when": true, "at": true}

// compileCond compiles a whole condition.
func (c *compiler) compileCond(text string) (cond, error) {
	l := &c.lexer
	if err := l.cut(text); err != nil {
		return nil, err
	}
	e, err := c.or(l)
	if err == nil && !l.done() {
		err = fmt.Errorf("%q is not expected here", l.words[l.at])
	}
	return e, err
}

func (c *compiler) or(l *lexer) (cond, error) {
	left, err := c.and(l)
	for err == nil && l.accept("or") {
		var right cond
		first := left
		right, err = c.and(l)
		left = func(s *scope) bool { return first(s) || right(s) }
	}
	return left, err
}

func (c *compiler) and(l *lexer) (cond, error) {
	left, err := c.unary(l)
	for err == nil && l.accept("and") {
		var right cond
		first := left
		right, err = c.unary(l)
		left = func(s *scope) bool { return first(s) && right(s) }
	}
	return left, err
}

func (c *compiler) unary(l *lexer) (cond, error) {
	switch {
	case l.accept("not"):
		inner, err := c.unary(l)
		return func(s *scope) bool { return !inner(s) }, err
	case l.accept("("):
		inner, err := c.or(l)
		if err == nil && !l.accept(")") {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return inner, err
	}
	return c.atom(l)
}

func (c *compiler) atom(l *lexer) (cond, error) {
	switch {
	case l.accept("event"):
		return c.events(l.values())
	case l.accept("kind"):
		kinds := l.values()
		return func(s *scope) bool { return s.event != nil && oneOf(kinds, s.event.Kind) }, nil
	case l.accept("transaction"):
		names := l.values()
		return func(s *scope) bool { return s.event != nil && oneOf(names, s.event.Transaction) }, nil
	case l.accept("segment"):
		return c.present(l.values())
	case l.accept("setting"):
		return c.setting(l.values())
	case l.accept("check"):
		return c.condCheck(l.values())
	}
	all := l.accept("every")
	if !all {
		l.accept("any")
	}
	if l.done() {
		return nil, fmt.Errorf("a condition is missing at the end")
	}
	from := l.at
	p, err := c.path(l.words[l.at])
	if err != nil {
		return nil, err
	}
	l.at++
	t, err := c.test(l)
	if err != nil {
		return nil, err
	}
	e := p.quantified(t, all)
	if p.sent || p.relative && p.field == 0 || t.states && (p.noted() || p.divides()) {
		return e, nil
	}
	return c.remembered(p, all, l.words[from:l.at], e), nil
}

// remembered makes a condition that is evaluated once a message however many
// rules ask: some ask whether there is an INS in a dozen ways. Of a segment that
// rules go over it is evaluated once for that segment.
func (c *compiler) remembered(p *path, all bool, words []string, e cond) cond {
	for _, w := range words[1:] {
		if w != "" && (w[0] == '.' || w[0] == '-') { // compared with something relative
			return e
		}
	}
	text := strings.Join(words, "\x00")
	if all {
		text = "every " + text
	}
	id, ok := c.asked[text]
	if !ok {
		id = len(c.asked)
		if id == maxAsked {
			return e
		}
		if c.asked == nil {
			c.asked = map[string]int{}
		}
		c.asked[text] = id
	}
	relative := p.relative
	return func(s *scope) bool {
		epoch := s.epoch
		if relative {
			epoch += 1 + uint32(s.segment)
		}
		if known := s.answers[id]; known>>1 == epoch {
			return known&1 != 0
		}
		s.answers[id] = epoch << 1
		if e(s) {
			s.answers[id]++
			return true
		}
		return false
	}
}

// maxAsked is how many answers are remembered of a message: what was asked, and
// in the last bit what the answer was.
const maxAsked = 1024

func (c *compiler) events(list []string) (cond, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("event wants trigger events")
	}
	c.addEvents(list)
	return func(s *scope) bool { return oneOf(list, s.trigger) }, nil
}

func (c *compiler) present(names []string) (cond, error) {
	if len(names) != 1 {
		return nil, fmt.Errorf("segment wants one name")
	}
	id, err := c.segment(names[0])
	return func(s *scope) bool { return s.first[id] >= 0 }, err
}

// setting reads `setting NAME`, which holds when it is on, and `setting NAME VALUE`.
func (c *compiler) setting(words []string) (cond, error) {
	if len(words) == 0 || len(words) > 2 || !c.isSetting(words[0]) {
		return nil, fmt.Errorf("setting wants the name of a setting and perhaps a value, not %q", words)
	}
	want := "on"
	if len(words) == 2 {
		want = words[1]
	}
	id := settingID(words[0])
	return func(s *scope) bool { return s.settings[id] == want }, nil
}

// oneOf says whether s is in a short list. Object identifiers of a list differ in
// their ends, so that those are compared first.
func oneOf[T string | []byte](list []string, s T) bool {
	last := len(s) - 1
	for _, e := range list {
		if len(e) == len(s) && (last < 0 || e[last] == s[last]) && e == string(s) {
			return true
		}
	}
	return false
}

// characters counts those of a value.
func characters(s *scope, raw []byte) int {
	if s.utf8 {
		return utf8.RuneCount(raw)
	}
	return len(raw)
}
