package rules

import (
	"slices"

	"github.com/pamlab/pamlab/hl7/schema"
)

// swappedRule is the rule that speaks of PID-7 and PID-8 in each other's place.
const swappedRule = "hl7.pid-7.swapped"

// foldUnknown tells all fields of a segment that its definition does not have as
// one: who writes a newer version adds several.
func (r *Report) foldUnknown() {
	var first *Finding
	kept := r.Findings[:0]
	for i := range r.Findings {
		f := r.Findings[i]
		if f.fact == nil || f.fact.Kind != schema.FieldUnknown {
			kept = append(kept, f)
			continue
		}
		if first != nil && first.Segment == f.Segment {
			first.fact.Count++
			continue
		}
		kept = append(kept, f)
		first = &kept[len(kept)-1]
	}
	clear(r.Findings[len(kept):])
	r.Findings = kept
}

// foldSwapped drops what follows from two fields in each other's place.
func (r *Report) foldSwapped() {
	for _, s := range r.Findings {
		if s.Rule.ID != swappedRule {
			continue
		}
		r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
			return f.Segment == s.Segment && (f.Location.Field == 7 || f.Location.Field == 8) && f.Rule.ID != swappedRule
		})
		return
	}
}

// count notes how many fields a segment has that it should not have, and how
// many it may have, for the words of the finding.
func (s *scope) count(fact *schema.Finding) {
	if fact.Kind != schema.FieldUnknown {
		return
	}
	if def := s.profile.Version.Segment(fact.Location.Segment); def != nil {
		fact.Max, fact.Count = len(def.Fields), 1
	}
}
