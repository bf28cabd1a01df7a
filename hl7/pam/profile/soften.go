package profile

import (
	"slices"

	"github.com/pamlab/pamlab/hl7/schema"
)

// softened is what is a warning although it is of a kind that is an error
// elsewhere. Its keys are the definitions themselves, which findings carry.
type softened struct {
	fields     map[*schema.FieldDef][]string
	components map[*schema.ComponentDef][]softComponent
	tables     map[string]bool
}

// softComponent softens a component in some segments, or in all if there are
// none.
type softComponent struct {
	what     string
	segments []string
}

// softening is a line of a data file that softens.
type softening struct {
	name     string // of a field, a component or a table
	place    place
	what     string
	segments []string
	at       row
}

// The faults that can be softened.
const (
	softMissing = "missing" // required and empty
	softPresent = "present" // not used and there
	softUnknown = "unknown" // not in the closed table
)

// Softens says whether the profile wants a finding to be a warning where such
// findings are errors otherwise: PID-32 is printed as required and described
// as required if known, nomenclatures evolve faster than the list that claims
// to be closed.
func (p *Profile) Softens(f *schema.Finding) bool {
	switch f.Kind {
	case schema.FieldMissing, schema.FieldNull:
		return slices.Contains(p.soft.fields[f.Field], softMissing)
	case schema.FieldNotUsed:
		return slices.Contains(p.soft.fields[f.Field], softPresent)
	case schema.ComponentMissing:
		return p.soft.component(f, softMissing)
	case schema.ComponentNotUsed:
		return p.soft.component(f, softPresent)
	case schema.NotInTable, schema.NotSuggested:
		return f.Table != nil && p.soft.tables[f.Table.Number] || p.soft.component(f, softUnknown)
	}
	return false
}

func (s *softened) component(f *schema.Finding, what string) bool {
	for _, c := range s.components[f.Component] {
		if c.what == what && (len(c.segments) == 0 || slices.Contains(c.segments, f.Location.Segment)) {
			return true
		}
	}
	return false
}
