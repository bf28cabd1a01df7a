package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/schema"
)

// layerNames are the layers as people call them.
var layerNames = map[string]pam.Text{
	"hl7": {FR: "HL7", EN: "HL7"}, "iti": {FR: "IHE PAM", EN: "IHE PAM"}, "fr": {FR: "France", EN: "France"},
	"ins": {FR: "identité nationale de santé (INS)", EN: "national health identity (INS)"},
}

// event explains a trigger event.
func (a asker) event(name string) *Page {
	e := a.p.Event(name)
	if e == nil {
		return nil
	}
	p := &Page{Title: name + " · " + e.Name.In(a.lang)}
	s := Section{}
	s.fact("MSH-9", strings.Trim(e.Type+"^"+e.Trigger+"^"+e.Structure, "^"))
	s.fact(a.text("transaction", "transaction"), e.Transaction)
	s.fact(a.text("annule", "cancels"), strings.Join(e.Cancels, ", "))
	s.fact(a.text("annulé par", "cancelled by"), a.cancelledBy(name))
	s.fact("ZBE-4", strings.Join(e.Actions, ", "))
	s.fact("PV1-2", strings.Join(strings.Split(e.Classes+e.TolerateClasses, ""), ", "))
	s.fact(a.text("segments français", "French segments"), strings.Join(e.Z, ", "))
	s.fact("source", e.Source)
	p.add(s)
	if e.Grammar != nil {
		p.add(Section{Heading: a.text("Segments (? : 0 ou 1, * : 0 ou plus, + : 1 ou plus, ~ : exclu, NOM( … ) : groupe)", "Segments (?: none or one, *: any number, +: at least one, ~: excluded, NAME( … ): group)"),
			Lines: []Line{plain(grammar(e.Grammar))}})
	}
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool { return slices.Contains(r.Events, name) }))
	return p
}

// grammar is a notation as people write it, with round brackets.
func grammar(s *schema.Structure) string {
	return strings.NewReplacer("{", "(", "}", ")").Replace(s.Notation)
}

func (a asker) cancelledBy(name string) string {
	var list []string
	for _, other := range a.p.Events() {
		if slices.Contains(a.p.Event(other).Cancels, name) {
			list = append(list, other)
		}
	}
	return strings.Join(list, ", ")
}

// segment explains a segment by the list of its fields.
func (a asker) segment(name string) *Page {
	def := a.p.Version.Segment(name)
	if def == nil {
		return nil
	}
	p := &Page{Title: name + " · " + orElse(a.p.SegmentName(name).In(a.lang), def.Description)}
	s := Section{Heading: a.text("Champs : usage, cardinalité, type, table", "Fields: usage, cardinality, type, table")}
	for i := range def.Fields {
		f := &def.Fields[i]
		s.fact(fmt.Sprintf("%s-%d", name, f.Number), orElse(a.p.FieldName(name, f.Number).In(a.lang), f.Name)+" · "+fieldFacts(f))
	}
	p.add(s)
	var events []string
	for _, trigger := range a.p.Events() {
		if g := a.p.Event(trigger).Grammar; g != nil && g.Has(name) {
			events = append(events, trigger)
		}
	}
	p.add(Section{Heading: a.text("Événements", "Events"),
		Lines: []Line{plain(orElse(strings.Join(events, " "), a.text("aucun dans ce dialecte", "none in this dialect")))}})
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool {
		return slices.ContainsFunc(r.Fields, func(f string) bool { return f == name })
	}))
	return p
}

// fieldFacts are usage, cardinality, type and table of a field in short.
func fieldFacts(f *schema.FieldDef) string {
	most := strconv.Itoa(f.Max)
	if f.Max == schema.Unbounded {
		most = "*"
	}
	list := []string{f.Usage.String(), fmt.Sprintf("[%d..%s]", f.Min, most)}
	if f.Type != nil {
		list = append(list, f.Type.Name)
	}
	if f.Table != nil {
		list = append(list, f.Table.Number)
	}
	return strings.Join(list, " · ")
}

// field explains a field or one of its components.
func (a asker) field(name string) *Page {
	path, err := hl7.CompilePath(name)
	if err != nil || path.Field() == 0 {
		return nil
	}
	segment, n := path.SegmentName(), path.Field()
	def := a.p.Version.Segment(segment)
	if def == nil || def.Field(n) == nil {
		return nil
	}
	f := def.Field(n)
	place := fmt.Sprintf("%s-%d", segment, n)
	title := place + " · " + orElse(a.p.FieldName(segment, n).In(a.lang), f.Name)
	sub, whole, ok := partOf(f, path, place)
	if !ok {
		return nil
	}
	p, s := &Page{Title: title}, Section{}
	if !whole {
		p, s.Heading = a.component(sub), title
	}
	s.fact(a.text("usage et cardinalité", "usage and cardinality"), fieldFacts(f))
	if f.Length > 0 {
		s.fact(a.text("longueur", "length"), strconv.Itoa(f.Length))
	}
	o := a.p.FieldOrigin(segment, n)
	s.fact(a.text("exigé par", "demanded by"), layerNames[o.Layer].In(a.lang))
	s.fact("source", o.Source)
	s.fact(a.text("précision", "note"), o.Note.In(a.lang))
	s.fact("HL7", a.base(segment, n))
	if f.Type != nil && f.Type.Primitive() {
		a.form(&s, f.Type.Format)
	}
	p.add(s)
	if f.Type != nil && !f.Type.Primitive() {
		p.add(a.components(f.Type))
	}
	if f.Table != nil {
		p.add(a.codes(f.Table.Number))
	}
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool { return slices.Contains(r.Fields, place) }))
	return p
}

// base is what HL7 itself says where the profile says something else.
func (a asker) base(segment string, n int) string {
	v, _ := schema.ForVersion(a.p.Version.Base)
	def, own := v.Segment(segment), a.p.Version.Segment(segment)
	if def == nil || def.Field(n) == nil {
		return ""
	}
	if facts := fieldFacts(def.Field(n)); facts != fieldFacts(own.Field(n)) {
		return facts
	}
	return ""
}

// dataType explains a data type, by its name or by that of a component: CX.5.
func (a asker) dataType(name string) *Page {
	name, component, isComponent := strings.Cut(name, ".")
	t := a.p.Version.Type(name)
	if t == nil {
		return nil
	}
	title := name + " · " + orElse(a.p.TypeName(name).In(a.lang), t.Description)
	p := &Page{Title: title}
	if isComponent {
		n, err := strconv.Atoi(component)
		if err != nil || t.Component(n) == nil {
			return nil
		}
		p = a.component(piece{t, t.Component(n), name + "." + strconv.Itoa(n)})
	}
	if t.Primitive() {
		p.add(a.written(t.Format))
	}
	p.add(a.components(t))
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool {
		return slices.ContainsFunc(strings.Split(r.ID, "."), func(w string) bool { return strings.EqualFold(w, name) })
	}))
	return p
}

func (a asker) components(t *schema.TypeDef) Section {
	s := Section{Heading: a.text("Composants de ", "Components of ") + t.Name}
	for i := range t.Components {
		c := &t.Components[i]
		text := []string{orElse(a.p.ComponentName(t.Name, c.Number).In(a.lang), c.Name), c.Usage.String()}
		if c.Type != nil {
			text = append(text, c.Type.Name)
		}
		if c.Table != nil {
			text = append(text, c.Table.Number)
		}
		if note := a.p.ComponentOrigin(t.Name, c.Number).Note.In(a.lang); note != "" {
			text = append(text, note)
		}
		s.fact(fmt.Sprintf("%s.%d", t.Name, c.Number), strings.Join(text, " · "))
	}
	return s
}

// table explains a table by its codes.
func (a asker) table(number string) *Page {
	if n, err := strconv.ParseUint(strings.TrimPrefix(number, "HL7"), 10, 16); err == nil {
		number = fmt.Sprintf("%04d", n) // 4 and HL70004 are how people write 0004
	}
	t := a.p.Table(number)
	if t == nil {
		return nil
	}
	p := &Page{Title: number + " · " + t.Name.In(a.lang)}
	s := Section{}
	s.fact(a.text("nature", "kind"), tableKinds[t.Kind].In(a.lang))
	s.fact(a.text("utilisée par", "used by"), strings.Join(t.UsedBy, ", "))
	s.fact("source", t.Source)
	s.fact(a.text("précision", "note"), t.Note.In(a.lang))
	p.add(s)
	p.add(a.codesOf(t))
	p.add(a.rulesAbout(a.text("Règles", "Rules"), func(r *rules.Rule) bool { return slices.Contains(r.Tables, number) }))
	return p
}

var tableKinds = map[string]pam.Text{
	"closed":     {FR: "liste nationale fermée", EN: "closed national list"},
	"open":       {FR: "liste nationale que chaque site peut compléter", EN: "national list that a site may add to"},
	"external":   {FR: "nomenclature publiée ailleurs", EN: "nomenclature published elsewhere"},
	"indicative": {FR: "exemples", EN: "examples"},
	"hl7":        {FR: "table HL7", EN: "HL7 table"},
	"user":       {FR: "table utilisateur : HL7 propose, les partenaires conviennent", EN: "user table: HL7 suggests, partners agree"},
}

func (a asker) codes(number string) Section {
	if t := a.p.Table(number); t != nil {
		return a.codesOf(t)
	}
	return Section{}
}

func (a asker) codesOf(t *profile.Table) Section {
	s := Section{Heading: a.text("Codes de la table ", "Codes of table ") + t.Number}
	for _, c := range t.Codes {
		label := c.Label.In(a.lang)
		if note := c.Note.In(a.lang); note != "" {
			label += " (" + note + ")"
		}
		if c.Value == "…" { // the sign of a list that is not all there is
			label = orElse(label, a.text("d'autres codes", "other codes"))
		}
		s.Facts = append(s.Facts, Fact{c.Value, orElse(label, a.text("sans libellé", "no label"))})
	}
	return s
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
