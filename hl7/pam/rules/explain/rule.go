package explain

import (
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// rule explains a rule of the catalogue.
func (a asker) rule(r *rules.Rule) *Page {
	p := &Page{Title: r.ID}
	s := Section{}
	s.fact(a.text("exige", "demands"), r.Text.In(a.lang))
	s.fact(a.text("niveau", "level"), r.Level.String()+a.settingNote(r))
	s.fact("source", r.Source)
	s.fact(a.text("conseil", "hint"), r.Advice(a.lang))
	s.fact(a.text("champs", "fields"), strings.Join(r.Fields, ", "))
	s.fact(a.text("événements", "events"), strings.Join(r.Events, ", "))
	s.fact("tables", strings.Join(r.Tables, ", "))
	s.fact(a.text("depuis PAM.fr", "since PAM.fr"), r.Since)
	s.fact(a.text("jusqu'à PAM.fr", "until PAM.fr"), r.Until)
	s.fact(a.text("exigences", "requirements"), strings.Join(r.Covers, ", "))
	p.add(s)
	for _, example := range a.examples(r) {
		p.add(example)
	}
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
