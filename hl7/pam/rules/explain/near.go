package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7/alike"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// An UnknownError reports a name that means nothing.
type UnknownError struct {
	Name string
	Near []string // names written almost like it

	what pam.Text // what it would have been, when that can be told
}

// Error returns the English sentence.
func (e *UnknownError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *UnknownError) In(lang string) string {
	name := e.Name
	if r := []rune(name); len(r) > mostLetters {
		name = string(r[:mostLetters]) + "…"
	}
	switch {
	case !e.what.IsZero():
		return e.what.In(lang)
	case lang == "fr":
		return fmt.Sprintf("« %s » n'est ni une règle, ni un champ, ni un segment, ni un événement, ni un type, ni une table, ni un réglage, ni un dialecte", name)
	}
	return fmt.Sprintf("%q is no rule, field, segment, event, type, table, setting or dialect", name)
}

// Hint names what is written almost like it.
func (e *UnknownError) Hint(lang string) string {
	if len(e.Near) == 0 {
		return pam.Text{FR: "exemples : ZBE-9, A06, 0445, CX, fr.zbe-9.table ; « pamlab rules » liste les règles",
			EN: "examples: ZBE-9, A06, 0445, CX, fr.zbe-9.table; `pamlab rules` lists the rules"}.In(lang)
	}
	return pam.Text{FR: "vouliez-vous dire ", EN: "did you mean "}.In(lang) + strings.Join(e.Near, ", ") + pam.Text{FR: " ?", EN: "?"}.In(lang)
}

const (
	mostLetters = 60 // no name has more
	mostNear    = 5
)

// unknown tells what is wrong with a name and what was perhaps meant.
func (a asker) unknown(name string) *UnknownError {
	e := &UnknownError{Name: name}
	if len(name) == 0 || len(name) > mostLetters {
		return e
	}
	upper := strings.ToUpper(name)
	if eventName().MatchString(upper) {
		e.what = pam.Text{FR: "« " + upper + " » n'est pas un événement de " + a.p.Title.FR, EN: upper + " is no event of " + a.p.Title.EN}
		e.Near = a.closest(upper, a.p.Events(), 2)
		return e
	}
	if a.fields(e, upper) {
		return e
	}
	e.Near = a.near(name)
	return e
}

// fields tells of a field or component that a segment does not have.
func (a asker) fields(e *UnknownError, name string) bool {
	match := fieldName().FindStringSubmatch(name)
	if match == nil {
		return false
	}
	def := a.p.Version.Segment(match[1])
	if def == nil {
		return false
	}
	n, _ := strconv.Atoi(match[2]) // up to three digits
	field := fmt.Sprintf("%s-%d", match[1], n)
	switch f := def.Field(n); {
	case f == nil:
		last := len(def.Fields)
		e.what = pam.Text{FR: fmt.Sprintf("%s n'existe pas : %s a %d champs", field, match[1], last), EN: fmt.Sprintf("%s does not exist: %s has %d fields", field, match[1], last)}
		e.Near = []string{fmt.Sprintf("%s-%d", match[1], last), match[1]}
	case match[3] != "" && f.Type != nil:
		e.what = pam.Text{FR: fmt.Sprintf("%s%s n'existe pas : %s est du type %s", field, match[3], field, f.Type.Name), EN: fmt.Sprintf("%s%s does not exist: %s is of type %s", field, match[3], field, f.Type.Name)}
		e.Near = []string{field, f.Type.Name}
	default:
		e.Near = []string{field}
	}
	return true
}

// near lists names that resemble one, the closest first.
func (a asker) near(name string) []string {
	bare := letters(name)
	if bare == "" {
		return nil
	}
	var list []string
	for _, r := range rules.Catalogue() {
		if id := letters(r.ID); strings.HasPrefix(id, bare) || strings.Contains(id, bare) && len(bare) > 3 {
			list = append(list, r.ID)
		}
	}
	if len(list) > 0 {
		return list[:min(len(list), mostNear)]
	}
	var all []string
	for _, r := range rules.Catalogue() {
		all = append(all, r.ID)
	}
	for _, s := range rules.KnownSettings() {
		all = append(all, s.Name)
	}
	if list = a.closest(strings.ToLower(name), all, 3); len(list) > 0 {
		return list
	}
	all = slices.Concat(a.p.Tables(), a.p.Events())
	for _, s := range a.p.Version.Segments() {
		all = append(all, s.Name)
	}
	for _, t := range a.p.Version.Types() {
		all = append(all, t.Name)
	}
	return a.closest(strings.ToUpper(name), all, 1)
}

// closest lists the names that differ in the fewest letters, at most limit.
func (a asker) closest(name string, all []string, limit int) []string {
	var list []string
	for d := 1; d <= limit && len(list) == 0; d++ {
		for _, other := range all {
			if len(list) < mostNear && alike.Distance(name, other) == d {
				list = append(list, other)
			}
		}
	}
	return list
}

var noLetter = expression(`[^a-z0-9]+`)

// letters is a name without what people leave out of it.
func letters(name string) string { return noLetter().ReplaceAllString(strings.ToLower(name), "") }
