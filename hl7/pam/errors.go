package pam

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/alike"
)

// ErrNotApplicable is what errors.Is finds in a *NotApplicableError: the
// request makes no sense in the dialect, which is nobody's failure.
var ErrNotApplicable = errors.New("not applicable")

// TriggerError reports a trigger event that neither transaction knows.
type TriggerError struct {
	said
	Trigger string
	// Near lists known events that are written almost like it, at most three.
	Near []string
}

func newTriggerError(s string) *TriggerError {
	names := make([]string, 0, len(events))
	for _, t := range Triggers() {
		names = append(names, string(t))
	}
	e := &TriggerError{Trigger: s, Near: nearest(s, names)}
	e.what = Text{
		FR: fmt.Sprintf("« %s » n'est pas un événement d'ITI-30 ni d'ITI-31", s),
		EN: fmt.Sprintf("%q is no trigger event of ITI-30 or ITI-31", s),
	}
	e.hint = didYouMean(e.Near)
	return e
}

// DialectError reports a dialect that does not exist.
type DialectError struct {
	said
	Name string
	Near []string // dialects written almost like it, at most three
}

func newDialectError(name string) *DialectError {
	var names []string
	for _, d := range Dialects() {
		names = append(names, d.Name)
	}
	e := &DialectError{Name: name, Near: nearest(name, names)}
	e.what = Text{
		FR: fmt.Sprintf("« %s » n'est pas un dialecte", name),
		EN: fmt.Sprintf("%q is no dialect", name),
	}
	if e.hint = didYouMean(e.Near); e.hint.IsZero() {
		e.hint = Text{
			FR: "les dialectes sont " + list(names, "et"),
			EN: "the dialects are " + list(names, "and"),
		}
	}
	return e
}

// NotApplicableError reports a request that the dialect cannot express: an
// event, or a patient class, that does not exist there. errors.Is finds
// ErrNotApplicable in it.
type NotApplicableError struct {
	said
	Trigger Trigger
	Dialect string
}

// Is reports whether target is ErrNotApplicable.
func (e *NotApplicableError) Is(target error) bool { return target == ErrNotApplicable }

func notApplicable(t Trigger, d Dialect, why Text) *NotApplicableError {
	e := &NotApplicableError{Trigger: t, Dialect: d.Name}
	e.what = Text{
		FR: fmt.Sprintf("%s est sans objet dans %s : %s", t, d.Name, why.FR),
		EN: fmt.Sprintf("%s is not applicable in %s: %s", t, d.Name, why.EN),
	}
	return e
}

// StateError reports a request that the state of the journey makes impossible,
// a transfer before any admission for one. Change.Force overrides it.
type StateError struct {
	said
	Trigger Trigger
	Step    string // name of the step that asked
	State   State  // of the stay when it asked
}

// refused says why. An argument that is a State is named in each language.
func refused(s *step, state State, fr, en string, args ...any) *StateError {
	e := &StateError{Trigger: s.event.trigger, Step: s.name, State: state}
	in := func(lang, format string) string {
		said := slices.Clone(args)
		for i, a := range said {
			if state, ok := a.(State); ok {
				said[i] = state.Name(lang)
			}
		}
		return fmt.Sprintf(format, said...)
	}
	e.what = Text{
		FR: fmt.Sprintf("%s impossible : ", s.event.trigger) + in("fr", fr),
		EN: fmt.Sprintf("%s is impossible: ", s.event.trigger) + in("en", en),
	}
	e.hint = Text{
		FR: "« force: true » construit le message malgré l'état du séjour",
		EN: "`force: true` builds the message in spite of the state of the stay",
	}
	return e
}

// SpecError reports a word or value of a PatientSpec, StaySpec or Change that
// cannot be used.
type SpecError struct {
	said
	Field   string   // as in a scenario: "patient.identity"
	Value   string   // what was asked
	Allowed []string // the words allowed, if the field has a list
}

func badWord(field, value string) *SpecError {
	e := &SpecError{Field: field, Value: value, Allowed: KnownValues(field)}
	e.what = Text{
		FR: fmt.Sprintf("%s : « %s » n'est pas l'une des valeurs %s", field, value, list(e.Allowed, "ou")),
		EN: fmt.Sprintf("%s: %q is not one of %s", field, value, list(e.Allowed, "or")),
	}
	e.hint = didYouMean(nearest(value, e.Allowed))
	return e
}

func badValue(field, value, fr, en string) *SpecError {
	e := &SpecError{Field: field, Value: value}
	e.what = Text{
		FR: fmt.Sprintf("%s : « %s » : %s", field, value, fr),
		EN: fmt.Sprintf("%s: %q: %s", field, value, en),
	}
	return e
}

func meaningless(field string, t Trigger) *SpecError {
	e := &SpecError{Field: field}
	e.what = Text{
		FR: fmt.Sprintf("%s : n'a pas de sens dans %s", field, t),
		EN: fmt.Sprintf("%s: means nothing in %s", field, t),
	}
	return e
}

// EncodingError reports a text that the character set of the journey cannot
// write. Nothing is replaced or transliterated on the way out: a test of
// character sets that sends a silent `?` tests nothing.
type EncodingError struct {
	said
	Location hl7.Location // of the field
	Charset  hl7.Charset
	Err      *hl7.Error // names the character
}

// Unwrap returns the error of package hl7.
func (e *EncodingError) Unwrap() error { return e.Err }

func newEncodingError(err *hl7.Error, cs hl7.Charset) *EncodingError {
	e := &EncodingError{Location: err.Location, Charset: cs, Err: err}
	e.what = Text{FR: err.In("fr"), EN: err.In("en")}
	e.hint = Text{
		FR: "choisir un autre jeu de caractères, ou un patient et un séjour avec « letters: ascii »",
		EN: "choose another character set, or a patient and a stay with `letters: ascii`",
	}
	return e
}

// didYouMean asks whether one of the near words was meant.
func didYouMean(near []string) Text {
	if len(near) == 0 {
		return Text{}
	}
	return Text{
		FR: "vouliez-vous dire " + list(near, "ou") + " ?",
		EN: "did you mean " + list(near, "or") + "?",
	}
}

// nearest returns the words that are written almost like s, nearest first, at
// most three: a third of the letters may differ, case does not count.
func nearest(s string, words []string) []string {
	const most = 3
	s = strings.ToLower(s)
	limit := max(1, len(s)/3)
	var near []string
	for distance := 0; distance <= limit; distance++ {
		for _, w := range words {
			if len(near) < most && alike.Distance(s, strings.ToLower(w)) == distance {
				near = append(near, w)
			}
		}
		if distance == 0 && len(near) > 0 {
			break // only the case differs
		}
	}
	return near
}
