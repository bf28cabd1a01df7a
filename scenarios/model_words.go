package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// wordKind says what a key of given or with takes.
type wordKind int

const (
	wordText     wordKind = iota // any text; templates are welcome
	wordListed                   // a word of pam.KnownValues(vocabulary)
	wordBorn                     // a date, a year, or a listed word
	wordYesNo                    // true or false
	wordDuration                 // +1h
	wordStep                     // the id of an earlier step
)

// word is a key of given or with, and what it takes.
type word struct {
	kind       wordKind
	vocabulary string
}

// patientWords are the keys of given.patient.
func patientWords() map[string]word {
	return map[string]word{
		"identity":    {wordListed, "patient.identity"},
		"sex":         {wordListed, "patient.sex"},
		"twin":        {kind: wordYesNo},
		"born":        {wordBorn, "patient.born"},
		"birth_place": {wordListed, "patient.birth_place"},
		"family":      {kind: wordText},
		"given":       {kind: wordText},
		"usual_name":  {kind: wordText},
		"long_name":   {kind: wordYesNo},
		"letters":     {wordListed, "patient.letters"},
	}
}

// stayWords are the keys of given.stay.
func stayWords() map[string]word {
	words := map[string]word{
		"class":   {wordListed, "stay.class"},
		"room":    {kind: wordText},
		"bed":     {kind: wordText},
		"letters": {wordListed, "stay.letters"},
	}
	for _, unit := range []string{"unit", "medical", "care"} {
		words[unit+".code"] = word{kind: wordText}
		words[unit+".label"] = word{kind: wordText}
	}
	return words
}

// changeWords are the keys of with.
func changeWords() map[string]word {
	words := map[string]word{
		"at":            {kind: wordDuration},
		"start":         {kind: wordDuration},
		"planned":       {kind: wordDuration},
		"of":            {kind: wordStep},
		"deceased":      {kind: wordYesNo},
		"last_visit":    {kind: wordYesNo},
		"temporary":     {kind: wordText},
		"identifier":    {wordListed, "identifier"},
		"keep":          {kind: wordYesNo},
		"second":        {kind: wordYesNo},
		"force":         {kind: wordYesNo},
		"stay.class":    {wordListed, "stay.class"},
		"stay.room":     {kind: wordText},
		"stay.bed":      {kind: wordText},
		"stay.no_bed":   {kind: wordYesNo},
		"stay.tariff":   {kind: wordText},
		"doctor.rpps":   {kind: wordText},
		"doctor.family": {kind: wordText},
		"doctor.given":  {kind: wordText},
	}
	for _, unit := range []string{"unit", "housing", "medical", "care"} {
		words["stay."+unit+".code"] = word{kind: wordText}
		words["stay."+unit+".label"] = word{kind: wordText}
	}
	for key, w := range patientWords() {
		if key != "twin" && key != "long_name" && key != "letters" { // settled at birth
			words["patient."+key] = w
		}
	}
	return words
}

// branches adds to dotted keys those that lead to them: stay.unit.code,
// stay.unit and stay.
func branches(keys []string) []string {
	all := slices.Clone(keys)
	for _, key := range keys {
		for i := strings.LastIndexByte(key, '.'); i > 0; i = strings.LastIndexByte(key[:i], '.') {
			if !slices.Contains(all, key[:i]) {
				all = append(all, key[:i])
			}
		}
	}
	return all
}

// children lists the keys that can follow a prefix, up to their next dot.
func children(keys []string, prefix string) []string {
	var list []string
	for _, key := range keys {
		rest, found := strings.CutPrefix(key, prefix)
		child, _, _ := strings.Cut(rest, ".")
		if found && !slices.Contains(list, child) {
			list = append(list, child)
		}
	}
	return list
}

var bornForm = expression(`^[0-9]{4}(-?[0-9]{2}-?[0-9]{2})?$`)

// fault says what is wrong with a value that is known, nil when nothing is.
func (w word) fault(text string) *textFault {
	listed := func() *textFault {
		known := pam.KnownValues(w.vocabulary)
		if text == "" || slices.Contains(known, text) {
			return nil
		}
		return &textFault{message: Textf("valeur inconnue « %s »", "unknown value %q", text), word: text, known: known}
	}
	switch w.kind {
	case wordListed:
		return listed()
	case wordBorn:
		if !bornForm().MatchString(text) {
			return listed()
		}
		if _, err := hl7.ParseTime(strings.ReplaceAll(text, "-", ""), nil); err != nil {
			return &textFault{message: Textf("le jour « %s » n'existe pas", "there is no day %q", text)}
		}
	case wordYesNo:
		if text == "true" || text == "false" {
			return nil
		}
		return &textFault{message: Textf("valeur inconnue « %s »", "unknown value %q", text), word: text, known: []string{"true", "false"}}
	case wordDuration:
		if _, err := parseDuration(text); err != nil {
			return &textFault{message: durationText(text), expected: durationExample()}
		}
	}
	return nil
}

// rendered returns the values of a list of assignments by their keys.
func rendered(assigns []Assign, env Env) (map[string]string, error) {
	values := make(map[string]string, len(assigns))
	for _, a := range assigns {
		value, err := a.Value.Render(env)
		if err != nil {
			return nil, err
		}
		values[a.Key] = value
	}
	return values, nil
}

// PatientSpec returns the patient to make, with the values of a play.
func (g Given) PatientSpec(env Env) (pam.PatientSpec, error) {
	values, err := rendered(g.Patient, env)
	if err != nil {
		return pam.PatientSpec{}, err
	}
	return patientSpec(values, ""), nil
}

// patientSpec reads the keys that start with prefix.
func patientSpec(values map[string]string, prefix string) pam.PatientSpec {
	return pam.PatientSpec{
		Identity:   values[prefix+"identity"],
		Sex:        values[prefix+"sex"],
		Twin:       values[prefix+"twin"] == "true",
		Born:       values[prefix+"born"],
		BirthPlace: values[prefix+"birth_place"],
		Family:     values[prefix+"family"],
		Given:      values[prefix+"given"],
		UsualName:  values[prefix+"usual_name"],
		LongName:   values[prefix+"long_name"] == "true",
		Letters:    values[prefix+"letters"],
	}
}

// StaySpec returns the stay to make, with the values of a play.
func (g Given) StaySpec(env Env) (pam.StaySpec, error) {
	values, err := rendered(g.Stay, env)
	if err != nil {
		return pam.StaySpec{}, err
	}
	unit := func(name string) pam.Unit {
		return pam.Unit{Code: values[name+".code"], Label: values[name+".label"]}
	}
	return pam.StaySpec{
		Class: values["class"], Unit: unit("unit"), Medical: unit("medical"), Care: unit("care"),
		Room: values["room"], Bed: values["bed"], Letters: values["letters"],
	}, nil
}

// Change returns what the step's movement changes, with the values of a play.
func (s *Step) Change(env Env) (pam.Change, error) {
	values, err := rendered(s.With, env)
	if err != nil {
		return pam.Change{}, err
	}
	c := pam.Change{
		At: durationOf(values["at"]), Planned: durationOf(values["planned"]),
		Unit: changedUnit(values, "unit"), Housing: changedUnit(values, "housing"),
		Medical: changedUnit(values, "medical"), Care: changedUnit(values, "care"),
		Room: values["stay.room"], Bed: values["stay.bed"], Class: values["stay.class"],
		Of: values["of"], Deceased: values["deceased"] == "true", Force: values["force"] == "true",
		Identifier: values["identifier"], Keep: values["keep"] == "true", Second: values["second"] == "true",
		NoBed: values["stay.no_bed"] == "true", Tariff: values["stay.tariff"],
	}
	if place, ok := values["temporary"]; ok {
		c.Temporary = &pam.Unit{Code: place}
	}
	if last, ok := values["last_visit"]; ok {
		closes := last == "true"
		c.LastVisit = &closes
	}
	if start, ok := values["start"]; ok {
		d := durationOf(start)
		c.Start = &d
	}
	for key := range values {
		switch {
		case strings.HasPrefix(key, "patient."):
			spec := patientSpec(values, "patient.")
			c.Patient = &spec
		case strings.HasPrefix(key, "doctor."):
			c.Doctor = &pam.Doctor{RPPS: values["doctor.rpps"], Family: values["doctor.family"], Given: values["doctor.given"]}
		}
	}
	return c, nil
}

// changedUnit returns a unit that was named, nil for one that was not.
func changedUnit(values map[string]string, name string) *pam.Unit {
	code, hasCode := values["stay."+name+".code"]
	label, hasLabel := values["stay."+name+".label"]
	if !hasCode && !hasLabel {
		return nil
	}
	return &pam.Unit{Code: code, Label: label}
}

// durationOf reads a duration that was checked when the file was loaded.
func durationOf(text string) time.Duration {
	d, _ := parseDuration(text)
	return d
}
