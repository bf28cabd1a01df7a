package scenarios

import (
	"slices"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// conformsKey is the key of a step, and of what it expects of the
// acknowledgement, by which rules come in.
const conformsKey = "conforms"

// conforms decodes what a step says of its own message: `true`, `strict`,
// `false`, or the rules that it breaks.
func (d *decoder) conforms(n *node, s *Step) *Conforms {
	if n == nil {
		return nil
	}
	d.needsSend(n, s, "", conformsKey)
	c := &Conforms{Pos: n.pos}
	if n.kind != mapping {
		c.Want = Conformity(d.word(n, string(ConformsMust), string(ConformsStrict), string(ConformsNot)))
		if c.Want == "" {
			return nil // told
		}
		return c
	}
	if !d.mapping(n, string(ConformsBreaks)) {
		return nil
	}
	d.required(n, string(ConformsBreaks))
	c.Want = ConformsBreaks
	list := n.get(string(ConformsBreaks))
	for _, item := range d.list(list) {
		if id := d.rule(item); id != "" {
			c.Breaks = append(c.Breaks, id)
		}
	}
	if list != nil && list.kind == sequence && len(list.items) == 0 {
		d.out.add(list.pos, Text{FR: "la liste des règles est vide", EN: "the list of rules is empty"}).
			expected("attendu : comme [fr.zbe-9.table], ou conforms: true", "expected: like [fr.zbe-9.table], or conforms: true")
	}
	if len(c.Breaks) == 0 {
		return nil
	}
	return c
}

// rule returns the id of a rule that a message alone can break.
func (d *decoder) rule(n *node) string {
	id, ok := d.text(n)
	if !ok {
		return ""
	}
	r := rules.ByID(id)
	if r == nil {
		var known []string
		for _, r := range rules.Catalogue() {
			if judgesOne(r) {
				known = append(known, r.ID)
			}
		}
		p := d.out.add(n.pos, Textf("règle inconnue « %s »", "unknown rule %q", id))
		if p.DidYouMean = Nearest(id, known); p.DidYouMean == "" {
			p.expected("« pamlab rules » les liste", "`pamlab rules` lists them")
		}
		return ""
	}
	if !judgesOne(r) {
		d.out.add(n.pos, Textf("la règle « %s » n'est pas de celles qu'un message rompt à lui seul", "the rule %q is none that a message breaks by itself", id))
		return ""
	}
	return id
}

// judgesOne reports whether a rule judges one message, not an acknowledgement
// or several messages.
func judgesOne(r *rules.Rule) bool { return !slices.Contains([]string{"ack", "seq"}, r.Family()) }

// The words by which a step says how the rules are to judge a message that the
// candidate sends us.
const (
	lawStrict = "strict"
	lawOff    = "off"
)

// expectLawful decodes `conforms: strict` and `conforms: off` of such a message.
// That it keeps every MUST is judged unless the step says off.
func (d *decoder) expectLawful(p pair) []*Expectation {
	target := TargetReceivedConforms
	if d.word(p.value, lawStrict, lawOff) == lawOff {
		target = TargetLenient
	}
	return []*Expectation{{Pos: p.span(), Target: target, Level: Must}}
}

// expectConforms decodes `conforms: strict` of an acknowledgement. That it keeps
// every MUST is checked whatever a step expects.
func (d *decoder) expectConforms(p pair, target Target) []*Expectation {
	if d.word(p.value, string(ConformsStrict)) == "" {
		return nil
	}
	return []*Expectation{{Pos: p.span(), Target: target, Level: Must}}
}
