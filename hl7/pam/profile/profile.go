package profile

import (
	"cmp"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/schema"
)

// DefaultDialect is the dialect that [Load] takes for "".
const DefaultDialect = "pam-fr-2.11"

// A Profile is everything that holds for the messages of one version of one
// profile. It is immutable; any number of goroutines may use it.
type Profile struct {
	// Name is that of its data file: "pam-fr-2.11.2", "adt-2.3.1+pid-2.5.1".
	Name string
	// Dialect is the name that people use, that of [pam.Dialect]: "pam-fr-2.11"
	// for all of 2.11.x.
	Dialect string
	// Title says what the profile is.
	Title pam.Text
	// Layers are the families of rules that judge by the profile: "hl7", "iti",
	// "fr", and "ins" where the PID follows the French rules on identity.
	Layers []string
	// PAM is the version of PAM.fr, "2.11.2"; "" where France has no part in it.
	PAM string
	// Version has the definitions with all layers applied. Its structures are
	// those of HL7: the grammars of the profile are in [Event.Grammar].
	Version *schema.Version

	events  map[string]*Event
	names   []string // the triggers, sorted
	origins func() map[place]*origin
	variant map[string]string // of a type for single fields, the type it was made of
	tables  map[string]*Table
	used    func() map[string][]string // see Table.UsedBy
	soft    softened

	softenings []softening // what soft was made of, for those who borrow
}

// place is a field of a segment, a component of a type, or with number 0 a
// segment or a type itself.
type place struct {
	name   string
	number int
}

// origin is what the files say about a place beside its definition.
type origin struct {
	Origin
	name pam.Text
}

// Origin tells where a constraint comes from.
type Origin struct {
	Layer  string   // "hl7", "iti" or "fr"; "" for what does not exist
	Source string   // the paragraph: "PAM.fr 6.13.9"
	Note   pam.Text // what the paragraph adds to usage, cardinality, type and table
}

// Events returns the triggers of all events of the profile, sorted. The slice
// must not be modified.
func (p *Profile) Events() []string { return p.names }

// Event returns the event of a trigger, MSH-9.2, or nil when the profile does
// not have it. "ACK" is the acknowledgement, whatever it acknowledges.
func (p *Profile) Event(trigger string) *Event { return p.events[trigger] }

// HasLayer says whether the rules of a layer judge by the profile.
func (p *Profile) HasLayer(layer string) bool {
	for _, l := range p.Layers {
		if l == layer {
			return true
		}
	}
	return false
}

// FieldOrigin tells where the constraint on a field comes from. What no file
// mentions is HL7's own. With field 0 it tells about the segment as a whole.
func (p *Profile) FieldOrigin(segment string, field int) Origin {
	def := p.Version.Segment(segment)
	if def == nil || field != 0 && def.Field(field) == nil {
		return Origin{}
	}
	return p.origin(segment, field)
}

// ComponentOrigin is FieldOrigin for component n of a data type.
func (p *Profile) ComponentOrigin(typ string, n int) Origin {
	def := p.Version.Type(typ)
	if def == nil || n != 0 && def.Component(n) == nil {
		return Origin{}
	}
	return p.origin(typ, n)
}

func (p *Profile) origin(name string, n int) Origin {
	if o := p.known(name, n); o != nil {
		return o.Origin
	}
	return Origin{Layer: layerHL7, Source: hl7Source(p.Version)}
}

// known returns what the files say about a place, or nil. A variant of a type
// is in all that they do not say like the type.
func (p *Profile) known(name string, n int) *origin {
	o := p.origins()[place{name, n}]
	for range mostVariants {
		if o != nil || p.variant[name] == "" {
			break
		}
		name = p.variant[name]
		o = p.origins()[place{name, n}]
	}
	return o
}

// mostVariants bounds how many variants may be made of each other.
const mostVariants = 4

// TableOrigin tells where a table comes from.
func (p *Profile) TableOrigin(number string) Origin {
	if t := p.Table(number); t != nil {
		return Origin{Layer: t.layer, Source: t.Source, Note: t.Note}
	}
	return Origin{}
}

// FieldName returns the name of a field in both languages. Where no file gives
// a French one both are HL7's.
func (p *Profile) FieldName(segment string, field int) pam.Text {
	def := p.Version.Segment(segment)
	if def == nil || def.Field(field) == nil {
		return pam.Text{}
	}
	return p.nameOf(segment, field, def.Field(field).Name)
}

// SegmentName is FieldName for a segment.
func (p *Profile) SegmentName(segment string) pam.Text {
	def := p.Version.Segment(segment)
	if def == nil {
		return pam.Text{}
	}
	return p.nameOf(segment, 0, def.Description)
}

// ComponentName is FieldName for component n of a data type.
func (p *Profile) ComponentName(typ string, n int) pam.Text {
	def := p.Version.Type(typ)
	if def == nil || def.Component(n) == nil {
		return pam.Text{}
	}
	return p.nameOf(typ, n, def.Component(n).Name)
}

// TypeName is FieldName for a data type as a whole.
func (p *Profile) TypeName(typ string) pam.Text {
	def := p.Version.Type(typ)
	if def == nil {
		return pam.Text{}
	}
	return p.nameOf(typ, 0, def.Description)
}

func (p *Profile) nameOf(name string, n int, hl7 string) pam.Text {
	var t pam.Text
	for range mostVariants { // a variant that changes a component need not name it again
		if o := p.origins()[place{name, n}]; o != nil {
			t = pam.Text{FR: cmp.Or(t.FR, o.name.FR), EN: cmp.Or(t.EN, o.name.EN)}
		}
		if t.FR != "" || p.variant[name] == "" {
			break
		}
		name = p.variant[name]
	}
	if t.EN == "" {
		t.EN = hl7
	}
	if t.FR == "" {
		t.FR = t.EN
	}
	return t
}
