package schema

import "github.com/pamlab/pamlab/hl7"

// find appends a finding about the bytes of the segment from start to end, at
// the place where the walk is. It returns nil when the finding is not wanted.
func (w *walk) find(kind Kind, start, end int) *Finding {
	if w.c.Skip.Has(kind) || len(w.out) >= w.room {
		return nil
	}
	s := w.m.Segment(w.index)
	f := Finding{
		Kind: kind,
		Location: hl7.Location{
			Segment: w.def.Name, Occurrence: s.Occurrence(), Field: w.field,
			Repetition: w.repetition, Component: w.component, Subcomponent: w.subcomponent,
		},
		Offset: s.Offset() + start, Size: end - start, Segment: w.index,
		Field: w.fieldDef,
	}
	if f.Location.Subcomponent > 0 && f.Location.Component == 0 {
		f.Location.Component = 1
	}
	w.out = append(w.out, f)
	return &w.out[len(w.out)-1]
}

// findPart is find for a component or sub-component.
func (w *walk) findPart(kind Kind, d *ComponentDef, start, end int) *Finding {
	f := w.find(kind, start, end)
	if f != nil {
		f.Component = d
	}
	return f
}

// findType is find for a value that its type does not allow.
func (w *walk) findType(kind Kind, t *TypeDef, d *ComponentDef, start, end int) {
	if f := w.findPart(kind, d, start, end); f != nil {
		f.Type = t
		// A primitive field has no components to speak of.
		if w.fieldDef != nil && d == nil && f.Location.Component == 1 && f.Location.Subcomponent <= 1 {
			f.Location.Component, f.Location.Subcomponent = 0, 0
		}
	}
}

// bound is find for something that there is too much or too little of.
func (w *walk) bound(kind Kind, start, end, most, count int) {
	if f := w.find(kind, start, end); f != nil {
		f.Max, f.Count = most, count
	}
}
