package explain

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/legible"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// rule explains a rule of the catalogue.
func (a asker) rule(r *rules.Rule) *Page {
	p := &Page{Title: r.ID}
	s := Section{}
	s.fact(a.text("exige", "demands"), r.Text.In(a.lang))
	s.fact(a.text("niveau", "level"), r.Level.String()+a.settingNote(r))
	s.fact("source", r.Source)
	s.fact(a.text("conseil", "hint"), r.Hint.In(a.lang))
	s.fact(a.text("champs", "fields"), strings.Join(r.Fields, ", "))
	s.fact(a.text("événements", "events"), strings.Join(r.Events, ", "))
	s.fact("tables", strings.Join(r.Tables, ", "))
	s.fact(a.text("depuis PAM.fr", "since PAM.fr"), r.Since)
	s.fact(a.text("jusqu'à PAM.fr", "until PAM.fr"), r.Until)
	s.fact(a.text("exigences", "requirements"), strings.Join(r.Covers, ", "))
	p.add(s)
	p.add(a.example(a.text("Bon exemple", "Good example"), r.Good, r.Bad))
	p.add(a.example(a.text("Mauvais exemple", "Bad example"), r.Bad, r.Good))
	p.add(a.related(r))
	return p
}

func (a asker) settingNote(r *rules.Rule) string {
	if r.Setting == "" {
		return ""
	}
	return a.text(" (réglage ", " (setting ") + r.Setting + ")"
}

// related are the rules that speak of the same fields.
func (a asker) related(r *rules.Rule) Section {
	return a.rulesAbout(a.text("Règles voisines", "Related rules"), func(o *rules.Rule) bool {
		return o.ID != r.ID && slices.ContainsFunc(o.Fields, func(f string) bool { return slices.Contains(r.Fields, f) })
	})
}

// mostShown is how many segments of an example are shown: where nearly all of
// them differ, none says more than the first ones.
const mostShown = 6

// example shows the segments of an example in which it differs from the other
// one, or all of them when nothing does.
func (a asker) example(heading string, e, other rules.Example) Section {
	s := Section{Heading: heading}
	messages, err := e.Build()
	if err != nil || len(messages) == 0 {
		return s
	}
	m := messages[len(messages)-1]
	against := map[string]bool{}
	if others, err := other.Build(); err == nil && len(others) > 0 {
		for seg := range others[len(others)-1].Segments() {
			against[string(seg.Raw())] = true
		}
	}
	s.Heading += " (" + strings.Join(e.Messages, ", ") + ")"
	for seg := range m.Segments() {
		if !against[string(seg.Raw())] && len(s.Lines) < mostShown {
			s.Lines = append(s.Lines, shown(m, seg))
		}
	}
	alike := len(s.Lines) == 0
	if alike { // something missing, or outside of the segments, tells it from the other one
		for seg := range m.Segments() {
			s.Lines = append(s.Lines, seg.Name())
		}
		s.Lines = []string{strings.Join(s.Lines, " ")}
	}
	if alike || len(e.Messages) > 1 {
		s.Lines = append(s.Lines, e.Edits...)
	}
	for _, setting := range e.Settings {
		s.Lines = append(s.Lines, a.text("avec le réglage ", "with the setting ")+setting)
	}
	return s
}

// shown is a segment as people read it.
func shown(m *hl7.Message, seg hl7.Segment) string {
	charset, err := m.Charset()
	if err == nil {
		if text, err := charset.Decode(seg.Raw()); err == nil {
			return legible.Line(text)
		}
	}
	return legible.Line(string(bytes.TrimSpace(seg.Raw())))
}

// setting explains a setting.
func (a asker) setting(s *rules.Setting) *Page {
	p := &Page{Title: s.Name}
	sec := Section{}
	sec.fact(a.text("réglage", "setting"), s.Text.In(a.lang))
	sec.fact(a.text("valeurs", "values"), strings.Join(s.Values, ", "))
	sec.fact(a.text("par défaut", "default"), s.Default)
	sec.fact(a.text("question", "question"), s.Source)
	p.add(sec)
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool { return r.Setting == s.Name }))
	return p
}

// requirement explains GEN-014: the rules that answer for a requirement.
func (a asker) requirement(name string) *Page {
	s := a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool { return slices.Contains(r.Covers, name) })
	if len(s.Facts) == 0 {
		return nil
	}
	p := &Page{Title: name}
	p.add(s)
	return p
}
