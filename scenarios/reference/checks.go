package reference

import (
	"errors"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

const (
	// maxFindings bounds an acknowledgement: whoever sends worse has enough to
	// repair.
	maxFindings = 10
	// maxIdentifier is the longest identifier that is kept, in bytes. HL7 and
	// France stop at 199.
	maxIdentifier = 250

	cancelAction = "CANCEL"
)

// An examination looks for what a receiver cannot do without: not for
// conformance, which package rules judges, but for the segments and fields
// without which a movement cannot be filed. It is all that a lenient DMN looks
// at, and keeps the record sound in any. It collects every finding, so that a
// sender does not have to repair one after the other.
type examination struct {
	m      *hl7.Message
	e      event
	french bool // the message announces the French extension
	modern bool // HL7 2.5 or later: what IHE demands; HL7 2.3.1 leaves more open
	found  []hl7.AckError
}

// examine returns what is wrong with a message, all of class "error" (AE).
func examine(m *hl7.Message, h hl7.Header, e event) []hl7.AckError {
	x := &examination{m: m, e: e, french: announcesFrance(m), modern: !oldForm(h.Version)}
	x.header()
	if err := m.CheckText(); err != nil {
		// What cannot be decoded cannot be judged either.
		x.undecodable(err)
		return x.found
	}
	if evn, ok := x.segment("EVN"); ok {
		x.date(evn.Field(2), true)
		x.date(evn.Field(6), false)
	}
	x.patients()
	if e.pv1 {
		x.visit()
	}
	x.movement()
	return x.found
}

// announcesFrance reports whether the message says that it follows PAM.fr:
// MSH-12 is 2.5^FRA^2.11, or MSH-21 names the profile.
func announcesFrance(m *hl7.Message) bool {
	msh := m.Segment(0)
	return text(msh.Field(12).Component(2)) == "FRA" || strings.Contains(string(msh.Field(21).Raw()), "IHE_FRANCE")
}

func (x *examination) report(code int, at hl7.Location, what string) {
	if len(x.found) < maxFindings {
		x.found = append(x.found, ackError(code, at, what))
	}
}

func ackError(code int, at hl7.Location, what string) hl7.AckError {
	return hl7.AckError{Location: at, Code: code, Severity: "E", User: what}
}

// header looks at the fields of MSH that every answer depends on.
func (x *examination) header() {
	msh := x.m.Segment(0)
	for _, field := range []int{10, 11, 12} {
		x.required(msh.Field(field))
	}
}

func (x *examination) undecodable(err error) {
	e, ok := errors.AsType[*hl7.Error](err)
	switch {
	case ok && e.Kind == hl7.KindUnknownCharset:
		x.report(hl7.ConditionTable, hl7.Location{Segment: "MSH", Occurrence: 1, Field: 18}, "character set not supported")
	case ok:
		x.report(hl7.ConditionDataType, e.Location, "bytes that the character set of MSH-18 does not have")
	default:
		x.report(hl7.ConditionDataType, hl7.Location{}, "text cannot be decoded")
	}
}

// segment returns the first segment of a name; its absence is a finding.
func (x *examination) segment(name string) (hl7.Segment, bool) {
	for seg := range x.m.Segments() {
		if seg.Name() == name {
			return seg, true
		}
	}
	x.report(hl7.ConditionSequence, hl7.Location{Segment: name, Occurrence: 1}, "segment missing")
	return hl7.Segment{}, false
}

// required reports a field that says nothing. `""` says something, but nothing
// that could stand for a value that has to be there.
func (x *examination) required(v hl7.Value) bool {
	if v.State() == hl7.Present {
		return true
	}
	x.report(hl7.ConditionRequired, v.Location(), "")
	return false
}

// date reports a field that holds no date, or one that no calendar has.
func (x *examination) date(v hl7.Value, required bool) {
	if required && !x.required(v) || v.State() != hl7.Present {
		return
	}
	if _, err := v.Time(nil); err != nil {
		x.report(hl7.ConditionDataType, v.Location(), "not a date and time")
	}
}

// oneOf reports a value outside a table.
func (x *examination) oneOf(v hl7.Value, table ...string) {
	if x.required(v) && !slices.Contains(table, text(v)) {
		x.report(hl7.ConditionTable, v.Location(), "expected "+strings.Join(table, ", "))
	}
}

// patients looks at every PID and at the MRG that its event wants behind it.
func (x *examination) patients() {
	if _, ok := x.segment("PID"); !ok {
		return
	}
	pids, merges := 0, 0
	for seg := range x.m.Segments() {
		switch seg.Name() {
		case "PID":
			pids++
			x.patient(seg)
		case "MRG":
			merges++
			x.identifiers(seg.Field(1), x.e.mrg)
			x.short(seg.Field(3))
		}
	}
	if x.e.twoPIDs && pids < 2 {
		x.report(hl7.ConditionSequence, hl7.Location{Segment: "PID", Occurrence: 2}, "segment missing")
	}
	if x.e.mrg && merges < pids {
		x.report(hl7.ConditionSequence, hl7.Location{Segment: "MRG", Occurrence: merges + 1}, "segment missing")
	}
}

func (x *examination) patient(pid hl7.Segment) {
	x.identifiers(pid.Field(3), true)
	x.short(pid.Field(18))
	x.name(pid.Field(5))
	x.date(pid.Field(7), false)
}

// identifiers looks at a repeating CX. Each has a value and, in IHE, an
// authority (ITI TF-2 Appendix N.1); `""` is the deletion of an INS, and one
// that only deletes names nobody.
func (x *examination) identifiers(field hl7.Value, required bool) {
	if required && !x.required(field) {
		return
	}
	names := 0
	for cx := range field.Repetitions() {
		if cx.State() != hl7.Present {
			continue
		}
		if cx.Component(1).State() == hl7.Null {
			continue
		}
		names++
		if x.required(cx.Component(1)) && x.modern {
			x.required(cx.Component(4))
		}
		x.short(cx)
	}
	if required && names == 0 {
		x.report(hl7.ConditionRequired, field.Location(), "")
	}
}

// short wants an identifier that can be kept.
func (x *examination) short(v hl7.Value) {
	if len(v.Raw()) <= maxIdentifier/3 {
		return // no character set makes more than three bytes of one
	}
	id := readIdentifier(v)
	if len(id.Value)+len(id.Authority)+len(id.Type) > maxIdentifier {
		x.report(hl7.ConditionDataType, v.Location(), "identifier too long")
	}
}

// name wants one repetition of PID-5 with a family name.
func (x *examination) name(field hl7.Value) {
	if !x.required(field) {
		return
	}
	for name := range field.Repetitions() {
		if name.Component(1).State() == hl7.Present {
			return
		}
	}
	x.report(hl7.ConditionRequired, field.Repetition(1).Component(1).Location(), "family name")
}

func (x *examination) visit() {
	pv1, ok := x.segment("PV1")
	if !ok {
		return
	}
	classes := []string{"E", "I", "O", "R", "V", "N"} // PAM.fr 6.10.1
	if !x.french {
		classes = append(classes, "P", "B", "C", "U") // HL7 table 0004
	}
	x.oneOf(pv1.Field(2), classes...)
	x.short(pv1.Field(19))
	x.date(pv1.Field(44), false)
	x.date(pv1.Field(45), false)
	if x.e.stay && (x.modern || x.french) && pv1.Field(19).State() != hl7.Present && !x.hasAccount() {
		x.report(hl7.ConditionRequired, pv1.Field(19).Location(), "visit number, or account number in PID-18")
	}
}

func (x *examination) hasAccount() bool {
	for seg := range x.m.Segments() {
		if seg.Name() == "PID" {
			return seg.Field(18).State() == hl7.Present
		}
	}
	return false
}

// movement looks at ZBE: where the message announces the French extension, in a
// Z99 whatever it announces, and wherever one was sent.
func (x *examination) movement() {
	if !x.e.zbe {
		return
	}
	if !x.french && x.e.trigger != "Z99" && !x.has("ZBE") {
		return
	}
	zbe, ok := x.segment("ZBE")
	if !ok {
		return
	}
	x.required(zbe.Field(1).Component(1))
	for ei := range zbe.Field(1).Repetitions() {
		if len(ei.Raw()) > maxIdentifier {
			x.report(hl7.ConditionDataType, ei.Location(), "identifier too long")
		}
	}
	x.date(zbe.Field(2), true)
	x.oneOf(zbe.Field(4), x.e.actions()...)
	x.oneOf(zbe.Field(5), "Y", "N")
	if action := text(zbe.Field(4)); action == cancelAction || action == "UPDATE" {
		x.required(zbe.Field(6))
	}
}

func (x *examination) has(name string) bool {
	for seg := range x.m.Segments() {
		if seg.Name() == name {
			return true
		}
	}
	return false
}

// actions returns what ZBE-4 may be, pam-fr.md §7.2.
func (e event) actions() []string {
	switch {
	case e.trigger == "Z99":
		return []string{"UPDATE"}
	case e.trigger == "A06", e.trigger == "A07":
		return []string{"INSERT", cancelAction}
	case e.trigger == "A11", cancelledBy(e.trigger) != "":
		return []string{cancelAction}
	}
	return []string{"INSERT"}
}
