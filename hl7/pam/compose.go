package pam

import (
	"errors"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// writer writes the segments of one message.
type writer struct {
	*step
	b       *hl7.Builder
	dialect Dialect
	charset hl7.Charset
	patient *Patient
	stay    *Stay
	finess  authority
	second  bool // PID is that of the second record, PID-1
}

// compose writes the message of a step: the segments that the grammar of the
// event has and for which there is something to say, in its order.
func (j *Journey) compose(s *step) (*hl7.Message, error) {
	w := &writer{
		step: s, b: hl7.NewBuilder(hl7.StandardDelimiters()),
		dialect: j.dialect, charset: j.charset, patient: &j.patient, stay: &j.stay, finess: j.gen.finess,
	}
	if s.subject != nil {
		w.patient = s.subject
	}
	w.msh(j.partners, j.gen.ControlID())
	w.evn()
	if aboutNumbers(s.event.trigger) {
		w.numbers()
	} else {
		w.segments()
	}
	m, err := w.b.Message(j.charset)
	if failure := (*hl7.Error)(nil); errors.As(err, &failure) && failure.Kind == hl7.KindUnencodable {
		return nil, newEncodingError(failure, j.charset)
	}
	return m, err
}

// segments writes what follows EVN in the messages about people and stays.
func (w *writer) segments() {
	w.pid()
	w.pd1()
	w.declaredDoctor()
	if w.takesContacts() {
		w.nk1()
	}
	if w.event.transaction == "ITI-30" {
		w.b.Segment("PV1").Field(2, "N")
	} else {
		w.pv1()
		w.pv2()
		w.zbe()
	}
	w.french()
	w.rol()
}

// takesContacts reports whether NK1 is sent: required if known where a person
// or a visit begins, and in the Z99 about those (PAM.fr 5.2, 6.9).
func (s *step) takesContacts() bool {
	return s.event.kind != cancel && (s.event.transaction == "ITI-30" || opens(s.about.trigger))
}

// fullHD tells whether identifiers outside the PID name their authority in
// full.
func (w *writer) fullHD() bool { return !w.dialect.v231() || w.dialect.french != "" }

// fullPID tells the same for the PID.
func (w *writer) fullPID() bool { return w.dialect.PIDVersion != "2.3.1" }

func (w *writer) msh(p Partners, controlID string) {
	s := w.b.Segment("MSH").
		Field(3, partner(p.SendingApplication, "PAMLAB")).
		Field(4, partner(p.SendingFacility, facilityOID.name)).
		Field(5, partner(p.ReceivingApplication, "CANDIDAT")).
		Field(6, partner(p.ReceivingFacility, facilityOID.name)).
		Field(7, stamp(w.recorded)).
		Field(9, w.dialect.MessageType(w.event.trigger)).
		Field(10, controlID).
		Field(11, "P").
		Field(12, w.version()).
		Field(17, w.country()).
		Field(18, string(w.charset)).
		Field(19, "FR")
	if profile := w.profile(); profile != "" {
		s.Field(21, profile)
	}
}

// partner writes an HD of MSH. Its components may come separated by ^.
func partner(name, otherwise string) string {
	if name == "" {
		name = otherwise
	}
	parts := strings.Split(name, "^")
	for i := range parts {
		parts[i] = esc(parts[i])
	}
	return components(parts...)
}

// version is MSH-12. National versions are written without minor numbers
// (PAM.fr 6.5).
func (w *writer) version() string {
	if w.dialect.french == "" {
		return w.dialect.Version
	}
	return components(w.dialect.Version, "FRA", w.dialect.french)
}

// country is MSH-17: three letters, but HL7 2.3.1 has room for two.
func (w *writer) country() string {
	if w.dialect.v231() {
		return "FR"
	}
	return "FRA"
}

// profile is MSH-21, which HL7 2.3.1 does not have and PAM.fr defines since
// 2.11.2.
func (w *writer) profile() string {
	switch {
	case w.dialect.v231():
		return ""
	case w.dialect.french == "2.11":
		return components("2.11", "IHE_FRANCE-2.11-PAM")
	case w.dialect.french == "":
		return components(w.event.transaction, "IHE")
	}
	return ""
}

// evn writes EVN. IHE keeps EVN-1 empty; plain HL7 2.3.1 receivers want it.
func (w *writer) evn() {
	s := w.b.Segment("EVN").
		Field(2, stamp(w.recorded)).
		Field(3, stamp(w.planned)).
		Field(6, stamp(w.occurred))
	if w.dialect.v231() {
		if w.dialect.french == "" {
			s.Field(1, string(w.event.trigger))
		}
		return
	}
	at := w.facility()
	s.Field(7, components(at.name, at.id, at.kind))
}

// facility is the hospital: by its FINESS number in France, by an OID, the only
// form that IHE allows, elsewhere.
func (w *writer) facility() authority {
	if w.dialect.french != "" {
		return w.finess
	}
	return facilityOID
}
