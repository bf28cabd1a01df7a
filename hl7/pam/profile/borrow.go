package profile

import (
	"strings"

	"github.com/pamlab/pamlab/hl7/schema"
)

// borrow takes segments with their types from another profile.
func (b *builder) borrow() error {
	name, from := b.row.text(1), b.row.text(2)
	v, err := b.lender(from)
	if err != nil {
		return err
	}
	if v.Version.Segment(name) == nil {
		return b.fail(1, "%s has no segment %q", "%s n'a pas de segment « %s »", from, name)
	}
	b.d.Borrow(v.Version, name)
	b.take(v, name)
	return nil
}

// lender returns the profile that lends a segment, or a version of HL7 alone.
func (b *builder) lender(name string) (*Profile, error) {
	for _, v := range schema.Versions() {
		if v.Name == name {
			return &Profile{Version: v}, nil
		}
	}
	if b.lib.shelf[name] == nil || b.depth >= mostLenders {
		return nil, b.fail(2, "there is no profile %q to borrow from", "il n'y a pas de profil « %s » à qui emprunter", name)
	}
	for _, v := range b.lenders {
		if v.Name == name {
			return v, nil
		}
	}
	v, err := b.lib.build(name, b.depth+1, b.whole)
	if err == nil {
		b.lenders = append(b.lenders, v)
	}
	return v, err
}

// mostLenders bounds how many profiles borrow from each other in a row.
const mostLenders = 3

// take takes with a segment what its lender knows about it: origins, tables
// and what is softened.
func (b *builder) take(from *Profile, segment string) {
	names := map[string]bool{segment: true}
	for _, f := range from.Version.Segment(segment).Fields {
		b.takeTable(from, f.Table)
		b.takeType(from, f.Type, names)
	}
	if b.whole && from.origins != nil {
		for at, o := range from.origins() {
			if names[at.name] {
				b.origins[at] = o
			}
		}
	}
	for _, s := range from.softenings {
		if s.place.name == segment {
			b.soften = append(b.soften, s)
		}
	}
}

func (b *builder) takeType(from *Profile, t *schema.TypeDef, names map[string]bool) {
	if t == nil || names[t.Name] {
		return
	}
	names[t.Name] = true
	if of := from.variant[t.Name]; of != "" {
		names[of], b.p.variant[t.Name] = true, of
	}
	for i := range t.Components {
		b.takeTable(from, t.Components[i].Table)
		b.takeType(from, t.Components[i].Type, names)
	}
}

func (b *builder) takeTable(from *Profile, t *schema.Table) {
	if t == nil {
		return
	}
	for number := range strings.SplitSeq(t.Number, "/") {
		if lent := from.tables[number]; lent != nil {
			b.lent[number] = lent
		}
	}
}
