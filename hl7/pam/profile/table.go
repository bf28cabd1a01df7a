package profile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// A Table is a list of codes as people read it.
type Table struct {
	Number string // "0004", "IHE-FRANCE-ZBE-9"
	Name   pam.Text
	// Kind says who decides about the codes: the profile alone ("closed"), the
	// profile and after it a site ("open"), somebody else ("external", the codes
	// are not here), nobody ("indicative": examples). Tables without a list of
	// the profile are "hl7" or "user", as HL7 calls them.
	Kind   string
	Codes  []Code
	UsedBy []string // the fields and components: "PV1-2", "CX.5"
	Source string   // the paragraph
	Note   pam.Text

	layer    string
	ofEvents bool // its codes are the events of the profile
}

// A Code is an entry of a [Table].
type Code struct {
	Value string
	Label pam.Text
	Note  pam.Text
}

// The kinds of tables of a profile.
const (
	kindClosed     = "closed"
	kindOpen       = "open"
	kindExternal   = "external"
	kindIndicative = "indicative"
)

// Table returns a table of the profile or, where it has no list of its own, of
// HL7, whose labels are English; nil when neither knows the number. What it
// returns must not be modified.
func (p *Profile) Table(number string) *Table {
	if t := p.tables[number]; t != nil {
		return t
	}
	if strings.Contains(number, "/") {
		return p.joint(number)
	}
	def := p.Version.Table(number)
	if def == nil {
		return nil
	}
	t := &Table{
		Number: number, Name: pam.Text{FR: def.Name, EN: def.Name}, Kind: "user",
		UsedBy: p.used()[number], Source: hl7Source(p.Version), layer: layerHL7,
	}
	if def.Kind == schema.HL7Table {
		t.Kind = "hl7"
	}
	for _, c := range def.Codes {
		t.Codes = append(t.Codes, Code{Value: c.Value, Label: pam.Text{FR: c.Label, EN: c.Label}})
	}
	return t
}

// joint is the table of a field that takes the codes of several: the first with
// the codes of the others behind its own.
func (p *Profile) joint(number string) *Table {
	if p.Version.Table(number) == nil {
		return nil
	}
	var joint *Table
	for part := range strings.SplitSeq(number, "/") {
		t := p.Table(part)
		switch {
		case t == nil:
		case joint == nil:
			first := *t
			first.Number, first.Codes = number, slices.Clone(t.Codes)
			joint = &first
		default:
			joint.Codes = append(joint.Codes, t.Codes...)
		}
	}
	return joint
}

// Tables returns the numbers of the tables that the profile has a list of its
// own for, sorted.
func (p *Profile) Tables() []string {
	numbers := make([]string, 0, len(p.tables))
	for n := range p.tables {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// definition is the table of a draft as messages are held against it. Codes of a closed
// table are the only ones; of an open one they are suggestions; of one that is
// external or indicative nothing can be said.
//
// The codes are put together in room, which is free again afterwards.
func (t *Table) definition(d *schema.Draft, room []schema.Code) *schema.Table {
	kind := schema.UserTable
	if t.Kind == kindClosed {
		kind = schema.HL7Table
	}
	codes := room[:0]
	for _, c := range t.Codes {
		codes = append(codes, schema.Code{Value: c.Value, Label: c.Label.EN})
	}
	if t.Kind == kindIndicative {
		codes = append(codes, schema.Code{Value: "…"})
	}
	return d.NewTable(t.Number, t.Name.EN, kind, codes...)
}

// uses lists where each table of a version is used.
func uses(v *schema.Version) map[string][]string {
	used := map[string][]string{}
	note := func(t *schema.Table, where string) {
		if t != nil {
			used[t.Number] = append(used[t.Number], where)
		}
	}
	for _, s := range v.Segments() {
		for i := range s.Fields {
			note(s.Fields[i].Table, s.Name+"-"+strconv.Itoa(i+1))
		}
	}
	for _, t := range v.Types() {
		for i := range t.Components {
			note(t.Components[i].Table, t.Name+"."+strconv.Itoa(i+1))
		}
	}
	return used
}
