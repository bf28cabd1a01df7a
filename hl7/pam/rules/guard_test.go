package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What the lines of a rule ask for, read when the catalogue is generated: see
// guard.go. TestGuards holds it against what the rules find without.

// guard is what must be so for a condition to hold, or not to hold.
type guard struct {
	first    map[segmentID]needs // of the first segments of their names
	own, at  needs               // of the segment, and of the value, that `each` goes over
	segments uint64
}

func (n needs) with(o needs) needs {
	return needs{n.present | o.present, n.missing | o.missing, n.some | o.some, n.none | o.none}
}

func (n needs) shared(o needs) needs {
	return needs{n.present & o.present, n.missing & o.missing, n.some & o.some, n.none & o.none}
}

// with is what must be so for both.
func (g guard) with(o guard) guard {
	all := guard{map[segmentID]needs{}, g.own.with(o.own), g.at.with(o.at), g.segments | o.segments}
	for _, part := range []guard{g, o} {
		for id, n := range part.first {
			all.first[id] = all.first[id].with(n)
		}
	}
	return all
}

// or is what must be so for one of the two.
func (g guard) or(o guard) guard {
	shared := guard{map[segmentID]needs{}, g.own.shared(o.own), g.at.shared(o.at), g.segments & o.segments}
	for id, n := range g.first {
		shared.first[id] = n.shared(o.first[id])
	}
	return shared
}

// either is what must be so for a condition to hold, and for it not to.
type either struct{ yes, no guard }

// guards reads what a rule asks for.
func (c *compiler) guards(b *body) error {
	var when, demands guard
	first := true
	for _, l := range b.lines {
		var broken guard
		switch l.key {
		case "when":
			e, err := c.guardOf(l.value)
			if err != nil {
				return err
			}
			when = e.yes
			continue
		case "expect":
			condition, _, _ := strings.Cut(l.value, " at ")
			e, err := c.guardOf(condition)
			if err != nil {
				return err
			}
			broken = e.no
		case "valued", "empty":
			paths, err := c.paths(l.value)
			if err != nil {
				return err
			}
			broken = presenceGuard(paths, l.key)
		case "check":
		default:
			continue
		}
		if demands = demands.or(broken); first {
			demands, first = broken, false
		}
	}
	demands.segments = 0 // a demand may be on a segment that is not there
	b.guard(when.with(demands))
	return nil
}

func presenceGuard(paths []*path, key string) guard {
	var all guard
	for i, p := range paths {
		g := p.guard(needs{missing: 1}, true)
		if key == "empty" {
			g = p.guard(needs{some: 1}, false)
		}
		if i > 0 {
			g = all.or(g)
		}
		all = g
	}
	return all
}

// guard puts what is asked for of a value, in the lowest bits, where its field or
// part has its bit. What is true of the whole need not be true of its parts: some
// is only asked where the path names the whole.
func (p *path) guard(n needs, whole bool) guard {
	if whole && (p.component > 0 && !(p.relative && p.field == 0 && p.sub == 0) || p.every) {
		return guard{}
	}
	number := p.field
	if p.relative && p.field == 0 {
		number = p.component
	}
	if p.sent || p.literal || number < 1 || number >= tabled {
		return guard{}
	}
	n = needs{n.present << number, n.missing << number, n.some << number, n.none << number}
	switch {
	case p.relative && p.field == 0:
		return guard{at: n}
	case p.relative:
		return guard{own: n}
	}
	return guard{first: map[segmentID]needs{p.segment: n}}
}

func (b *body) guard(g guard) {
	for id, n := range g.first {
		if n != (needs{}) {
			b.first = append(b.first, segmentNeeds{id, n})
		}
	}
	slices.SortFunc(b.first, func(x, y segmentNeeds) int { return int(x.segment) - int(y.segment) })
	b.own, b.at = g.own, g.at
	b.needs |= g.segments
}

// guardOf reads a condition as [compiler.compileCond] does, which has seen that
// it is well written.
func (c *compiler) guardOf(text string) (either, error) {
	l, err := newLexer(text)
	if err != nil {
		return either{}, err
	}
	return c.guardOr(l)
}

func (c *compiler) guardOr(l *lexer) (either, error) {
	left, err := c.guardAnd(l)
	for err == nil && l.accept("or") {
		var right either
		right, err = c.guardAnd(l)
		left = either{left.yes.or(right.yes), left.no.with(right.no)}
	}
	return left, err
}

func (c *compiler) guardAnd(l *lexer) (either, error) {
	left, err := c.guardUnary(l)
	for err == nil && l.accept("and") {
		var right either
		right, err = c.guardUnary(l)
		left = either{left.yes.with(right.yes), left.no.or(right.no)}
	}
	return left, err
}

func (c *compiler) guardUnary(l *lexer) (either, error) {
	switch {
	case l.accept("not"):
		e, err := c.guardUnary(l)
		return either{e.no, e.yes}, err
	case l.accept("("):
		e, err := c.guardOr(l)
		if !l.accept(")") {
			return e, fmt.Errorf("a parenthesis is not closed")
		}
		return e, err
	}
	for _, word := range []string{"event", "kind", "transaction", "setting", "check"} {
		if l.accept(word) {
			l.values()
			return either{}, nil
		}
	}
	if l.accept("segment") {
		id, err := c.segment(l.values()[0])
		if id >= odd {
			return either{}, err
		}
		return either{yes: guard{segments: 1 << id}}, err
	}
	all := l.accept("every")
	if !all {
		l.accept("any")
	}
	p, err := c.path(l.words[l.at])
	if err != nil {
		return either{}, err
	}
	l.at++
	return p.guardTest(l, all && p.every), nil
}

// guardTest is what the tests ask for. With `every`, a condition holds also
// where there is nothing.
func (p *path) guardTest(l *lexer, all bool) either {
	word := l.words[l.at]
	l.at++
	var e either
	switch word {
	case "valued":
		e = either{p.guard(needs{present: 1}, false), p.guard(needs{missing: 1}, true)}
	case "empty":
		e = either{p.guard(needs{none: 1}, true), p.guard(needs{some: 1}, false)}
	case "null":
		e = either{yes: p.guard(needs{some: 1}, false)}
	case "longer":
		l.values()
	case "=", "!=":
		value, isOther := l.words[l.at], !l.quoted[l.at] && isPath(l.words[l.at])
		l.at++
		if !isOther && speaks(value) {
			e.yes = p.guard(needs{present: 1}, false)
		}
		if word == "!=" {
			e.yes, e.no = e.no, e.yes
		}
	default: // in, starts, ends, contains, shape
		if list := l.values(); !slices.ContainsFunc(list, func(v string) bool { return !speaks(v) }) {
			e.yes = p.guard(needs{present: 1}, false)
		}
	}
	if all {
		e.yes = guard{}
	}
	return e
}

// speaks says whether what has this value, or contains it, is present: it is
// not empty, and not the null.
func speaks(value string) bool { return value != "" && !strings.Contains(value, `"`) }

func (n needs) source() string {
	var parts []string
	for _, f := range []struct {
		name string
		bits uint64
	}{{"present", n.present}, {"missing", n.missing}, {"some", n.some}, {"none", n.none}} {
		if f.bits != 0 {
			parts = append(parts, f.name+": 0x"+strconv.FormatUint(f.bits, 16))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "needs{" + strings.Join(parts, ", ") + "}"
}
