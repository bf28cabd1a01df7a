// Package explain tells what a rule, a field, an event, a segment, a data type
// or a table means, from the same data by which messages are judged.
//
// A developer meets these things by name, in a finding or in a partner's mail:
// fr.zbe-9.table, ZBE-9, PID-5.7, A06, ZBE, CX, 0445, ADT^A01^ADT_A01, Q-07,
// pam-fr-2.11. [Find] takes any of these names and returns a [Page]; nobody has
// to say which kind of thing it is. What is shown is what holds in one profile,
// with the layer that demands it (HL7, IHE, France) and the paragraph where it is
// written. Of the examples of a rule a page shows what makes the difference, and
// what a judgement says of the bad one.
package explain

import (
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// A Page explains one thing.
type Page struct {
	Title    string
	Sections []Section
}

// A Section has facts with their labels, or lines to be shown as they are.
type Section struct {
	Heading string
	Facts   []Fact
	Lines   []Line // messages, grammars: never folded
}

// A Line is a segment of a message, or any text in Before alone. Where it is
// long it may be shortened around what is marked.
type Line struct {
	Before, Marked, After string
	Caret                 bool // what is marked, be it empty, is to be pointed at
}

// plain is a line in which nothing is marked.
func plain(text string) Line { return Line{Before: text} }

// A Fact is a label and its text.
type Fact struct{ Label, Text string }

// asker answers one question.
type asker struct {
	p    *profile.Profile
	lang string
}

func (a asker) text(fr, en string) string { return pam.Text{FR: fr, EN: en}.In(a.lang) }

// Find explains a name in a profile, in lang "fr" or "en". An unknown name is a
// *[UnknownError].
func Find(p *profile.Profile, name, lang string) (*Page, error) {
	a := asker{p, lang}
	name = strings.TrimSpace(name)
	if r := rules.ByID(strings.ToLower(name)); r != nil {
		return a.rule(r), nil
	}
	for _, s := range rules.KnownSettings() {
		if s.Name == strings.ToLower(name) {
			return a.setting(s), nil
		}
	}
	upper := strings.ToUpper(name)
	if len(upper) <= mostLetters {
		for _, try := range []func(string) *Page{
			a.event, a.field, a.segment, a.table, a.dataType, a.requirement, a.messageType, a.structure, a.question, a.dialect, a.foreign,
		} {
			if page := try(upper); page != nil {
				return page, nil
			}
		}
	}
	return nil, a.unknown(name)
}

// rulesAbout lists the rules that speak of a thing.
func (a asker) rulesAbout(heading string, about func(*rules.Rule) bool) Section {
	s := Section{Heading: heading}
	for _, r := range rules.Catalogue() {
		if about(r) {
			s.Facts = append(s.Facts, Fact{r.ID, r.Text.In(a.lang)})
		}
	}
	return s
}

func (p *Page) add(s Section) {
	if len(s.Facts)+len(s.Lines) > 0 {
		p.Sections = append(p.Sections, s)
	}
}

func (s *Section) fact(label, text string) {
	if text != "" {
		s.Facts = append(s.Facts, Fact{label, text})
	}
}
