package scenarios

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

const (
	matcherKeys = "is absent present null not in matches starts table instant any all count same_as"
	besideKeys  = " level because" // what may stand beside a matcher
	instantKeys = "within of after before"
	countKeys   = "min max"
)

// matcher compiles what must stand somewhere: a scalar, which is equality or one
// of the words absent, present and null, or a mapping of matchers, all of which
// must hold. It returns nil after a fault, and when the row of the case took
// the matcher away. With words, texts must be among them.
func (d *decoder) matcher(n *node, words []string) *Matcher {
	m := &Matcher{Pos: n.pos}
	if n.kind == scalar {
		if t := d.scalarTest(n, words); t != nil {
			m.tests = append(m.tests, t)
			return m
		}
		return nil
	}
	if n.kind == sequence {
		d.out.add(n.pos, Text{FR: "une liste n'est pas un critère", EN: "a list is no matcher"}).
			expected("attendu : in: [a, b]", "expected: in: [a, b]")
		return nil
	}
	d.mapping(n, matcherKeys+besideKeys)
	for _, p := range n.pairs {
		if t := d.test(p, words); t != nil {
			m.tests = append(m.tests, t)
		} else if slices.Contains(strings.Fields(matcherKeys), p.key.text) {
			return nil // its fault is told
		}
	}
	if len(m.tests) > 0 {
		return m
	}
	if !n.lost && !slices.ContainsFunc(n.pairs, func(p pair) bool { return !strings.Contains(besideKeys, " "+p.key.text) }) {
		d.out.add(n.pos, Text{FR: "aucun critère ici", EN: "no matcher here"}).Expected = oneOf(strings.Fields(matcherKeys))
	}
	return nil
}

// scalarTest compiles a scalar: text, or a state when it is a plain word.
func (d *decoder) scalarTest(n *node, words []string) test {
	text, ok := d.text(n)
	switch {
	case !ok:
		return nil
	case isWord(n, "absent"):
		return stateTest{hl7.Absent}
	case isWord(n, "present"):
		return stateTest{hl7.Present}
	case isWord(n, "null"):
		return stateTest{hl7.Null}
	case text == "":
		d.out.add(n.pos, Text{FR: "une valeur vide : absente, ou effacée ?", EN: "an empty value: absent, or deleted?"}).
			expected("écrivez absent, ou null pour le \"\" de HL7", "write absent, or null for HL7's \"\"")
		return nil
	}
	t := d.template(n)
	if literal, ok := t.Literal(); ok && words != nil && !slices.Contains(words, literal) {
		d.out.unknown(n.pos, Textf("valeur inconnue « %s »", "unknown value %q", text), text, words)
		return nil
	}
	return equalTest{t}
}

// test compiles one matcher of a mapping; nil for what stands beside, and after
// a fault.
func (d *decoder) test(p pair, words []string) test {
	n := p.value
	switch p.key.text {
	case "is":
		return d.scalarTest(n, words)
	case "absent", "present", "null":
		return d.stateFlag(p)
	case "not":
		if of := d.matcher(n, words); of != nil {
			return notTest{of}
		}
	case "in":
		return d.inTest(n, words)
	case "matches":
		return d.matchesTest(n)
	case "starts":
		if _, ok := d.text(n); ok {
			return startsTest{d.template(n)}
		}
	case "table":
		return d.tableTest(n)
	case "instant":
		return d.instantTest(n)
	case "any", "all":
		if of := d.matcher(n, words); of != nil {
			return someTest{all: p.key.text == "all", of: of}
		}
	case "count":
		return d.countTest(n)
	case "same_as":
		if t, ok := d.reference(n); ok {
			return sameTest{t}
		}
	}
	return nil
}

// stateFlag compiles `absent: true`, which lets a level stand beside.
func (d *decoder) stateFlag(p pair) test {
	if d.word(p.value, "true") != "true" {
		return nil
	}
	switch p.key.text {
	case "absent":
		return stateTest{hl7.Absent}
	case "null":
		return stateTest{hl7.Null}
	default:
		return stateTest{hl7.Present}
	}
}

func (d *decoder) inTest(n *node, words []string) test {
	var t inTest
	for _, item := range d.list(n) {
		one := d.scalarTest(item, words)
		if one == nil {
			return nil
		}
		t.list = append(t.list, one)
	}
	if len(t.list) == 0 {
		if n.kind == sequence {
			d.out.add(n.pos, Text{FR: "une liste vide n'accepte rien", EN: "an empty list accepts nothing"})
		}
		return nil
	}
	return t
}

func (d *decoder) matchesTest(n *node) test {
	text, ok := d.text(n)
	if !ok {
		return nil
	}
	if strings.Contains(text, "{{") {
		d.out.add(n.pos, Text{FR: "pas de {{ }} dans une expression régulière", EN: "no {{ }} in a regular expression"})
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		d.out.add(n.pos, Textf("expression régulière incorrecte : %s", "bad regular expression: %s", reason)).
			expected("syntaxe RE2, comme ^[0-9]{4}$", "RE2 syntax, such as ^[0-9]{4}$")
		return nil
	}
	return matchesTest{re}
}

func (d *decoder) tableTest(n *node) test {
	name, ok := d.text(n)
	if !ok {
		return nil
	}
	codes := tableCodes(name)
	if codes == nil {
		p := d.out.unknown(n.pos, Textf("table inconnue « %s »", "unknown table %q", name), name, tableNames())
		if padded := "0000"[:max(0, 4-len(name))] + name; tableCodes(padded) != nil {
			p.DidYouMean = padded
		}
		return nil
	}
	return tableTest{name, codes}
}

// countTest compiles `count: 2` and `count: {min: 1, max: 3}`.
func (d *decoder) countTest(n *node) test {
	if n.kind != mapping {
		exactly, ok := d.number(n)
		if !ok {
			return nil
		}
		return countTest{exactly, exactly}
	}
	if !d.mapping(n, countKeys) {
		return nil
	}
	t := countTest{0, -1}
	ok := len(n.pairs) > 0
	if !ok {
		d.out.add(n.pos, Text{FR: "min ou max manque", EN: "min or max is missing"})
	}
	if least := n.get("min"); least != nil && ok {
		t.least, ok = d.number(least)
	}
	if most := n.get("max"); most != nil && ok {
		if t.most, ok = d.number(most); ok && t.most < t.least {
			d.out.add(most.pos, Text{FR: "max est plus petit que min", EN: "max is less than min"})
			ok = false
		}
	}
	if !ok {
		return nil
	}
	return t
}

func (d *decoder) number(n *node) (int, bool) {
	text, ok := d.text(n)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseUint(text, 10, 20)
	if err != nil {
		d.out.add(n.pos, Textf("« %s » n'est pas un nombre", "%q is not a number", text)).
			expected("attendu : un entier, 0 ou plus", "expected: a whole number, 0 or more")
		return 0, false
	}
	return int(v), true
}

// instantTest compiles `instant: {within: 10m, of: now}`, `{after: …}` and
// `{before: …}`.
func (d *decoder) instantTest(n *node) test {
	if !d.mapping(n, instantKeys) {
		return nil
	}
	var t instantTest
	bound := func(key string) *Template {
		if at := n.get(key); at != nil {
			if ref, ok := d.moment(at); ok {
				return &ref
			}
		}
		return nil
	}
	t.after, t.before, t.of = bound("after"), bound("before"), bound("of")
	if within := n.get("within"); within != nil {
		t.within = d.wait(within)
		if n.get("of") == nil {
			now := Ref{Text: "now", Kind: RefNow, Pos: within.pos}
			t.of = &Template{Pos: within.pos, Text: "now", parts: []part{{ref: &now}}}
		}
	} else if of := n.get("of"); of != nil {
		d.out.add(of.pos, Text{FR: "« of » veut un « within » : à quelle distance ?", EN: `"of" wants a "within": how near?`})
	}
	if len(n.pairs) == 0 {
		d.out.add(n.pos, Text{FR: "à quel instant ?", EN: "which instant?"}).Expected = oneOf(strings.Fields(instantKeys))
		return nil
	}
	return t
}

// moment compiles an instant: a date of HL7, or a reference.
func (d *decoder) moment(n *node) (Template, bool) {
	text, ok := d.text(n)
	if !ok {
		return Template{}, false
	}
	if text == "" || text[0] < '0' || text[0] > '9' {
		return d.reference(n)
	}
	if strings.Contains(text, "{{") {
		return d.template(n), true
	}
	if _, err := hl7.ParseTime(text, nil); err != nil {
		d.out.add(n.pos, Textf("« %s » n'est pas une date", "%q is no date", text)).
			expected("attendu : une date qui existe, comme 20240306142500", "expected: a date that exists, like 20240306142500")
		return Template{}, false
	}
	return literalTemplate(n.pos, text), true
}

// reference compiles what {{ }} holds, with or without these braces.
func (d *decoder) reference(n *node) (Template, bool) {
	text, ok := d.text(n)
	if !ok {
		return Template{}, false
	}
	if strings.Contains(text, "{{") {
		return d.template(n), true
	}
	ref, fault := parseRef(text)
	if fault != nil {
		d.fault(n.at(fault.offset, fault.width), fault)
		return Template{}, false
	}
	ref.Pos = n.pos
	return Template{Pos: n.pos, Text: text, parts: []part{{ref: &ref}}}, true
}
