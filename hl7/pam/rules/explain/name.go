package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/schema"
)

// Names that are none of the things themselves, but lead to them: what stands
// in MSH-9, open questions, dialects, and events that the profile leaves out.

// messageType explains ADT^A01^ADT_A01 by its event.
func (a asker) messageType(name string) *Page {
	parts := strings.Split(name, "^")
	if len(parts) < 2 {
		return nil
	}
	if parts[0] == "ACK" {
		return a.event("ACK")
	}
	if page := a.event(parts[1]); page != nil {
		return page
	}
	return a.foreign(parts[1])
}

// structure explains ADT_A01: the events whose messages have it.
func (a asker) structure(name string) *Page {
	s := Section{Heading: a.text("Événements qui ont cette structure", "Events with this structure")}
	for _, trigger := range a.p.Events() {
		if e := a.p.Event(trigger); e.Structure == name && trigger != name {
			s.fact(trigger, e.Name.In(a.lang))
		}
	}
	base := a.p.Version.Structure(name)
	if len(s.Facts) == 0 && base == nil || name == "ACK" {
		return nil
	}
	p := &Page{Title: name + " · " + a.text("structure de message (MSH-9.3)", "message structure (MSH-9.3)")}
	p.add(s)
	if base != nil {
		p.add(Section{Heading: a.text("Segments selon HL7 ; chaque événement a sa propre grammaire", "Segments by HL7; each event has its own grammar"), Lines: []Line{plain(grammar(base))}})
	}
	return p
}

var (
	questionName = expression(`^Q-[0-9]{2}$`)
	eventName    = expression(`^[A-Z][0-9]{2}$`)
	fieldName    = expression(`^([A-Z][A-Z0-9]{2})[-_. ]?([0-9]{1,3})([.].*)?$`)
)

// question explains Q-07: what rests on the answer to an open question.
func (a asker) question(name string) *Page {
	if !questionName().MatchString(name) {
		return nil
	}
	p := &Page{Title: name + " · " + a.text("question ouverte : les sources se contredisent ou se taisent", "open question: the sources contradict each other or are silent")}
	var settings []string
	s := Section{Heading: a.text("Réglages", "Settings")}
	for _, known := range rules.KnownSettings() {
		if strings.Contains(known.Source, name) {
			s.fact(known.Name, known.Text.In(a.lang))
			settings = append(settings, known.Name)
		}
	}
	p.add(s)
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool {
		return strings.Contains(r.Source, name) || r.Setting != "" && slices.Contains(settings, r.Setting)
	}))
	p.add(a.notesOn(name))
	if len(p.Sections) == 0 {
		return nil
	}
	return p
}

// notesOn lists the fields, components, tables and events that refer to a question.
func (a asker) notesOn(question string) Section {
	s := Section{Heading: a.text("Définitions", "Definitions")}
	note := func(label, name string, o profile.Origin) {
		if strings.Contains(o.Source+o.Note.EN+o.Note.FR, question) {
			s.fact(label, name)
		}
	}
	for _, def := range a.p.Version.Segments() {
		for i := range def.Fields {
			note(fmt.Sprintf("%s-%d", def.Name, i+1), a.p.FieldName(def.Name, i+1).In(a.lang), a.p.FieldOrigin(def.Name, i+1))
		}
	}
	for _, def := range a.p.Version.Types() {
		for i := range def.Components {
			note(fmt.Sprintf("%s.%d", def.Name, i+1), a.p.ComponentName(def.Name, i+1).In(a.lang), a.p.ComponentOrigin(def.Name, i+1))
		}
	}
	for _, number := range a.p.Tables() {
		note(number, a.p.Table(number).Name.In(a.lang), a.p.TableOrigin(number))
	}
	for _, trigger := range a.p.Events() {
		e := a.p.Event(trigger)
		note(trigger, e.Name.In(a.lang), profile.Origin{Source: e.Source})
	}
	return s
}

// dialect explains a dialect or a profile by its name.
func (a asker) dialect(name string) *Page {
	name = strings.ToLower(name)
	if name == "" || !strings.Contains(name, "-") {
		return nil
	}
	d, err := profile.Load(name)
	if err != nil {
		return nil
	}
	p := &Page{Title: name + " · " + d.Title.In(a.lang)}
	s := Section{}
	s.fact(a.text("profil", "profile"), d.Name)
	s.fact(a.text("fondé sur", "built on"), "HL7 "+d.Version.Base)
	var layers []string
	for _, l := range d.Layers {
		layers = append(layers, layerNames[l].In(a.lang))
	}
	s.fact(a.text("couches", "layers"), strings.Join(layers, ", "))
	s.fact("PAM.fr", d.PAM)
	s.fact(a.text("reconnu à", "told by"), signs(d).In(a.lang))
	s.fact(a.text("à imposer par", "asked for by"), "--dialect "+name)
	p.add(s)
	p.add(Section{Heading: a.text("Événements", "Events"), Lines: []Line{plain(strings.Join(d.Events(), " "))}})
	return p
}

// signs are what a message of a profile is told by when nobody names a dialect.
func signs(d *profile.Profile) pam.Text {
	switch {
	case d.Name == "pam-fr-2.3.1":
		return pam.Text{FR: "MSH-12 = 2.3.1 et un segment Z français", EN: "MSH-12 = 2.3.1 and a French Z segment"}
	case d.Name == "adt-2.3.1+pid-2.5.1":
		return pam.Text{FR: "MSH-12 = 2.3.1 et un champ de PID après PID-30", EN: "MSH-12 = 2.3.1 and a field of PID behind PID-30"}
	case d.PAM == "" && d.Version.Base == "2.3.1":
		return pam.Text{FR: "MSH-12 = 2.3.1 et aucun signe d'un autre dialecte", EN: "MSH-12 = 2.3.1 and no sign of another dialect"}
	case d.PAM == "":
		return pam.Text{FR: "MSH-12 = 2.5 sans aucun signe de la France, ou MSH-21 = ITI-30^IHE ou ITI-31^IHE", EN: "MSH-12 = 2.5 without any sign of France, or MSH-21 = ITI-30^IHE or ITI-31^IHE"}
	}
	t := pam.Text{FR: "MSH-12.3 ou MSH-21 annonce la version " + d.PAM, EN: "MSH-12.3 or MSH-21 announces version " + d.PAM}
	if newest, err := profile.Load(profile.DefaultDialect); err == nil && newest.Name == d.Name {
		t.FR = "MSH-12.3 ou MSH-21 annonce la version 2.11 ; sans version : FRA en MSH-12.2 ou MSH-17, un segment Z français, un INS en PID-3"
		t.EN = "MSH-12.3 or MSH-21 announces version 2.11; without a version: FRA in MSH-12.2 or MSH-17, a French Z segment, an INS in PID-3"
	}
	return t
}

// unknownEvent is the rule for events that nobody has heard of.
const unknownEvent = "hl7.msh-9.event"

// foreign explains an event that exists elsewhere and that the profile does not
// have, with the rule that such a message breaks.
func (a asker) foreign(name string) *Page {
	if !eventName().MatchString(name) || a.p.Event(name) != nil {
		return nil
	}
	base, _ := schema.ForVersion(a.p.Version.Base)
	event, known := base.Event(name)
	f := a.refusal(name)
	if !known && (f == nil || f.Rule.ID == unknownEvent) {
		return nil
	}
	p := &Page{Title: name + " · " + a.text("n'est pas un événement de ", "is no event of ") + a.p.Title.In(a.lang)}
	s := Section{}
	if known {
		s.fact("HL7", strings.Trim("ADT^"+name+"^"+event.Structure, "^"))
	}
	if f == nil || f.Rule.ID == unknownEvent {
		s.fact(a.text("statut", "status"), a.text("HL7 connaît cet événement ; ce dialecte ne l'emploie pas", "HL7 knows this event; this dialect does not use it"))
	} else {
		s.fact(a.text("statut", "status"), f.Message(a.lang))
		s.fact(a.text("conseil", "hint"), f.Hint(a.lang))
		s.fact(a.text("attendu", "expected"), f.Expected(a.lang))
	}
	s.fact(a.text("existe dans", "exists in"), strings.Join(dialectsWith(name), ", "))
	p.add(s)
	if f != nil {
		p.add(Section{Heading: a.text("Règle", "Rule"), Facts: []Fact{{f.Rule.ID, f.Rule.Text.In(a.lang)}}})
	}
	return p
}

// refusal is what a judgement says of a message of an event.
func (a asker) refusal(event string) *rules.Finding {
	m, err := rules.Sample("A02")
	if err != nil || m.Set(hl7.MustPath("MSH-9.2"), event) != nil {
		return nil
	}
	j, err := rules.New(rules.Options{Dialect: a.p.Name})
	if err != nil {
		return nil
	}
	var r rules.Report
	j.Message(&r, m)
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Location.Segment == "MSH" && f.Location.Field == 9 && f.Location.Component == 2 {
			return f
		}
	}
	return nil
}

// dialectsWith lists the dialects that have an event.
func dialectsWith(event string) []string {
	var list []string
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err == nil && p.Event(event) != nil && !slices.Contains(list, p.Dialect) {
			list = append(list, p.Dialect)
		}
	}
	return list
}
