package rules

import (
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
)

// A Level says how grave it is to break a rule.
type Level uint8

// The levels, from the one that is only worth knowing. The digests call them
// info, warning and error.
const (
	Off    Level = iota // not judged: only settings say so
	Info                // worth knowing, never a fault
	Should              // advice, or a rule about which the sources disagree
	Must                // not conformant
)

var levelNames = [...]string{"off", "info", "should", "must"}

// String returns "off", "info", "should" or "must".
func (l Level) String() string { return levelNames[min(int(l), len(levelNames)-1)] }

// parseLevel reads a level, also as the sources and settings call it.
func parseLevel(s string) (Level, bool) {
	switch s {
	case "off":
		return Off, true
	case "info":
		return Info, true
	case "should", "warning":
		return Should, true
	case "must", "error":
		return Must, true
	}
	return Off, false
}

// A Rule is one entry of the catalogue: what is demanded, by whom, and what it
// looks like when it is kept and when it is broken. Rules are immutable.
type Rule struct {
	ID     string   // "fr.zbe-9.table"; the first word says who demands it
	Level  Level    // without settings
	Text   pam.Text // the demand, a sentence without full stop
	Hint   pam.Text // what to do
	Source string   // where it is written: "PAM.fr 6.13.9"
	Covers []string // the requirements of docs/coverage.md that it answers for
	// Fields are the places that the rule speaks of, "ZBE-9"; Events are those
	// it is limited to, if any; Tables are those it speaks of.
	Fields, Events, Tables []string
	Since, Until           string // the versions of PAM.fr that have it; "" for no bound
	Setting                string // the setting that changes its level, if any
	Good, Bad              Example

	say      pam.Text // the sentence of a finding, with places to fill; empty: Text
	expected pam.Text // what would be right, in words; empty: derived
	base     string   // limited to the definitions of that version of HL7
	layers   []string // of profiles that it applies to; nil: by family
	notIn    []string // layers of profiles that have a rule of their own for this
	values   []string // that the demand compares with
	tolerant Level    // the level in a tolerant judgement; Off: no difference

	condition int // the code of table 0357 that refuses a message for it; 0: derived
	index     int // in the catalogue
	body      body
}

// Family is the first word of the id: hl7, iti, fr, ins, seq or ack.
func (r *Rule) Family() string {
	family, _, _ := strings.Cut(r.ID, ".")
	return family
}

// An Example is a message in which a rule is kept or broken: one of the
// catalogue's own messages, changed in few places.
type Example struct {
	Messages []string // names of messages, "A01"; the last is the one that is judged
	Settings []string // "ihe_strict_pv2=on"
	Edits    []string // in the order in which they are made: "PV1-41 = D", of an earlier message "1: PV1-2 = O"
}

// IsZero says whether there is no example.
func (e Example) IsZero() bool { return len(e.Messages) == 0 }
