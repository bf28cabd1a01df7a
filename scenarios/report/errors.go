package report

import (
	"errors"
	"fmt"

	"github.com/pamlab/pamlab/scenarios"
)

// inLanguage returns the sentence of an error in the language, where the error
// knows it (the errors of this module do).
func inLanguage(err error, lang string) string {
	var bilingual interface{ In(lang string) string }
	if errors.As(err, &bilingual) {
		return bilingual.In(lang)
	}
	return err.Error()
}

// JournalError says that a journal holds more than one run: a report speaks of
// one, and adding up several in silence would be a false report.
type JournalError struct {
	Seq uint64 // the event at which the second run begins
}

// Error returns the English sentence.
func (e *JournalError) Error() string { return e.In("en") }

// In returns the sentence in lang, "fr" or "en".
func (e *JournalError) In(lang string) string {
	return scenarios.Textf("le journal contient plus d’une exécution (une autre commence à l’événement %d)",
		"the journal holds more than one run (another one begins at event %d)", e.Seq).In(lang)
}

// Hint says what to do about it.
func (e *JournalError) Hint(lang string) string {
	return scenarios.Text{FR: "un journal par exécution" + nbsp + ": séparez-les à chaque événement run.started",
		EN: "one journal per run: split it at each run.started event"}.In(lang)
}

// SpecError says what is wrong with the value of --report.
type SpecError struct {
	Part string // the part of the value that is wrong, "junit=out.xml"
	text scenarios.Text
	hint scenarios.Text
}

// Error returns the English sentence.
func (e *SpecError) Error() string { return e.In("en") }

// In returns the sentence in lang, "fr" or "en".
func (e *SpecError) In(lang string) string { return e.text.In(lang) }

// Hint says what to write instead.
func (e *SpecError) Hint(lang string) string { return e.hint.In(lang) }

// FileError says that a report could not be written, or its journal not read.
// Err holds the cause.
type FileError struct {
	Target Target
	Err    error
}

// Error returns the English sentence.
func (e *FileError) Error() string { return e.In("en") }

// In returns the sentence in lang, "fr" or "en".
func (e *FileError) In(lang string) string {
	format := "the %s report %s could not be written: %s"
	if lang == "fr" {
		format = "le rapport %s %s n’a pas pu être écrit" + nbsp + ": %s"
	}
	return fmt.Sprintf(format, e.Target.Format, Visible(e.Target.Path), cause(e.Err, lang))
}

// Hint says what to do about it: the hint of the cause, or that nothing is lost.
func (e *FileError) Hint(lang string) string {
	var hinted interface{ Hint(lang string) string }
	if errors.As(e.Err, &hinted) && hinted.Hint(lang) != "" {
		return hinted.Hint(lang)
	}
	return scenarios.Text{FR: "rien n’est perdu" + nbsp + ": ce rapport peut être refait depuis le journal",
		EN: "nothing is lost: this report can be made again from the journal"}.In(lang)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
