package profile

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7/schema"
)

// finish makes the profile of all that has been read.
func (b *builder) finish() (*Profile, error) {
	if b.d == nil {
		return nil, b.fileError(b.p.Name, "it has no base", "il n'a pas de base")
	}
	b.finishTables()
	v, err := b.d.Version()
	if err != nil {
		return nil, b.draftError(err)
	}
	if err := b.unresolved(v); err != nil {
		return nil, err
	}
	b.p.Version = v
	b.p.origins = func() map[place]*origin { return b.origins }
	b.p.used = sync.OnceValue(func() map[string][]string { return uses(v) })
	if err := b.finishEvents(); err != nil {
		return nil, err
	}
	b.listEvents()
	return b.p, b.finishSoftening()
}

// draftError says in which file the definitions contradict each other.
func (b *builder) draftError(err error) error {
	var wrong *schema.DraftError
	if !errors.As(err, &wrong) {
		return err
	}
	return b.fileError(b.p.Name, wrong.In("en"), wrong.In("fr"))
}

// finishTables gives the draft the tables of the profile, and those that a
// field or component names before there is one.
func (b *builder) finishTables() {
	for _, t := range b.p.tables {
		if !t.ofEvents {
			b.d.Table(t.definition(b.d, b.plain))
		}
	}
	for number := range b.pending {
		if joint, ok := b.joint(number); ok {
			b.d.Table(joint)
		}
	}
}

// unresolved reports a table that is used and that nobody has defined. It may
// have been the table of a field that an older version of the profile lacks.
func (b *builder) unresolved(v *schema.Version) error {
	for number, p := range b.pending {
		if v.Table(number) != nil {
			continue
		}
		if where := user(v, p.Table); where != "" {
			return failAt(&p.at, p.cell, "there is no table %q, which %s uses", "il n'y a pas de table « %s », qu'utilise %s", number, where)
		}
	}
	return nil
}

// user returns a field or component that uses a table, or "".
func user(v *schema.Version, t *schema.Table) string {
	for _, s := range v.Segments() {
		for i := range s.Fields {
			if s.Fields[i].Table == t {
				return s.Name + "-" + strconv.Itoa(i+1)
			}
		}
	}
	for _, typ := range v.Types() {
		for i := range typ.Components {
			if typ.Components[i].Table == t {
				return typ.Name + "." + strconv.Itoa(i+1)
			}
		}
	}
	return ""
}

// joint is the table of a field that takes the codes of several: "A/B".
func (b *builder) joint(number string) (*schema.Table, bool) {
	if !strings.Contains(number, "/") {
		return nil, false
	}
	var codes []schema.Code
	var names []string
	kind := schema.HL7Table
	for part := range strings.SplitSeq(number, "/") {
		t := b.d.TableOf(part)
		if t == nil {
			return nil, false
		}
		names, codes = append(names, t.Name), append(codes, t.Codes...)
		kind = min(kind, t.Kind)
	}
	return b.d.NewTable(number, strings.Join(names, ", "), kind, codes...), true
}

// finishEvents puts the grammars together.
func (b *builder) finishEvents() error {
	b.p.events = make(map[string]*Event, len(b.events))
	for trigger, e := range b.events {
		notation, err := b.expand(e)
		if err != nil {
			return err
		}
		e.Grammar = b.p.Version.Structure(e.Structure)
		if notation != "" {
			e.Grammar = &schema.Structure{Name: e.Structure, Notation: notation}
		}
		if b.lib.strict && notation != "" {
			if err := e.check(notation); err != nil {
				return err
			}
		}
		if e.Grammar == nil {
			return failAt(&e.at, 2, "%s has no grammar", "%s n'a pas de grammaire", trigger)
		}
		e.ZBE, e.Z = french(notation)
		e.Classes, e.TolerateClasses = b.classes(e.Classes), b.classes(e.TolerateClasses)
		b.p.events[trigger] = &e.Event
	}
	for _, e := range b.p.Version.Events() {
		if b.allHL7 && b.p.events[e.Trigger] == nil {
			name := text(e.Name, e.Name)
			b.p.events[e.Trigger] = &Event{
				Trigger: e.Trigger, Type: "ADT", Structure: e.Structure, Name: name,
				Grammar: b.p.Version.Structure(e.Structure), Source: hl7Source(b.p.Version),
			}
		}
	}
	return nil
}

// check compiles a grammar.
func (e *eventText) check(notation string) error {
	_, err := schema.Compile(e.Structure, notation)
	var wrong *schema.NotationError
	if !errors.As(err, &wrong) {
		return err
	}
	return &DataError{
		File: e.at.file, Line: e.at.number, Column: e.at.column(1),
		what: text(wrong.In("fr"), wrong.In("en")),
	}
}

// classes leaves out the patient classes that the profile does not have: V came
// with PAM.fr 2.11.1.
func (b *builder) classes(letters string) string {
	t := b.p.tables["0004"]
	if t == nil {
		return letters
	}
	return strings.Map(func(r rune) rune {
		if slices.ContainsFunc(t.Codes, func(c Code) bool { return c.Value == string(r) }) {
			return r
		}
		return -1
	}, letters)
}

// expand puts the parts into a grammar: $care.
func (b *builder) expand(e *eventText) (string, error) {
	if strings.IndexByte(e.notation, '$') < 0 {
		return e.notation, nil
	}
	var out strings.Builder
	out.Grow(400)
	for word := range strings.SplitSeq(e.notation, " ") {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		name, isPart := strings.CutPrefix(word, "$")
		if !isPart {
			out.WriteString(word)
			continue
		}
		part, ok := b.parts[name]
		if !ok {
			return "", failAt(&e.at, 1, "there is no part %q", "il n'y a pas de partie « %s »", name)
		}
		out.WriteString(part)
	}
	return out.String(), nil
}

// french finds the Z segments in a grammar.
func french(notation string) (zbe bool, others []string) {
	for i := 0; i+3 <= len(notation); i++ {
		if notation[i] != 'Z' || i > 0 && notation[i-1] != ' ' {
			continue
		}
		if name := notation[i : i+3]; name == "ZBE" {
			zbe = true
		} else if !slices.Contains(others, name) {
			others = append(others, name)
		}
	}
	return zbe, others
}

// listEvents sorts the triggers and makes tables of them where a table asks.
func (b *builder) listEvents() {
	for trigger := range b.p.events {
		b.p.names = append(b.p.names, trigger)
	}
	slices.Sort(b.p.names)
	for _, t := range b.p.tables {
		if !t.ofEvents {
			continue
		}
		t.Codes = nil
		for _, trigger := range b.p.names {
			if e := b.p.events[trigger]; e.Type == "ADT" {
				t.Codes = append(t.Codes, Code{Value: trigger, Label: e.Name})
			}
		}
	}
}

// finishSoftening finds the definitions that are softened.
func (b *builder) finishSoftening() error {
	b.p.soft = softened{
		fields:     map[*schema.FieldDef][]string{},
		components: map[*schema.ComponentDef][]softComponent{},
		tables:     map[string]bool{},
	}
	for _, lender := range b.lenders {
		for c, list := range lender.soft.components {
			b.p.soft.components[c] = list
		}
		for number := range lender.soft.tables {
			b.p.soft.tables[number] = true
		}
	}
	b.p.softenings = b.soften
	for number, t := range b.lent {
		if b.p.tables[number] == nil {
			b.p.tables[number] = t
		}
	}
	for i := range b.soften {
		if err := b.addSoftening(&b.soften[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) addSoftening(s *softening) error {
	v, soft := b.p.Version, &b.p.soft
	if s.what == softUnknown && v.Table(s.name) != nil {
		soft.tables[s.name] = true
		return nil
	}
	if def := v.Segment(s.place.name); def != nil && def.Field(s.place.number) != nil {
		f := def.Field(s.place.number)
		soft.fields[f] = append(soft.fields[f], s.what)
		return nil
	}
	if def := v.Type(s.place.name); def != nil && def.Component(s.place.number) != nil {
		c := def.Component(s.place.number)
		soft.components[c] = append(soft.components[c], softComponent{s.what, s.segments})
		return nil
	}
	return failAt(&s.at, 1, "there is no such field or component", "ce champ ou ce composant n'existe pas")
}
