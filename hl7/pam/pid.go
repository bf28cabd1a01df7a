package pam

import (
	"strings"
	"unicode/utf8"
)

// pid writes PID in the version that the dialect has for it. What the law
// forbids (race, religion, ethnic group) and what PAM.fr does not use is never
// written (PAM.fr 6.3).
func (w *writer) pid() {
	p := w.patient
	s := w.b.Segment("PID").
		Field(1, w.pidNumber()).
		Field(3, w.identifiers()...).
		Field(5, w.names()...).
		Field(7, day(p.Birth)).
		Field(8, p.Sex).
		Field(11, w.addresses()...).
		Field(13, w.phones()...).
		Field(16, p.marital).
		Field(23, esc(p.BirthPlace.Name)).
		Field(24, yesNo(p.BirthRank > 0))
	if p.BirthRank > 0 {
		s.Field(25, itoa(p.BirthRank))
	}
	if w.event.transaction == "ITI-31" {
		s.Field(18, components(w.stay.Account, "", "", accountNumbers.component(w.fullPID()), "AN"))
	}
	switch {
	case !p.death.IsZero():
		s.Field(29, stamp(p.death)).Field(30, "Y")
	case p.revived:
		s.Field(30, "N")
	}
	if w.dialect.PIDVersion == "2.3.1" {
		return // which stops at PID-30
	}
	updated := p.updated
	if updated.After(w.recorded) {
		updated = w.recorded
	}
	s.Field(31, "N").Field(33, stamp(updated))
	if w.dialect.ins {
		s.Field(32, p.status())
	}
}

func yesNo(yes bool) string {
	if yes {
		return "Y"
	}
	return "N"
}

// pidNumber is PID-1: which of the records in the message it is.
func (w *writer) pidNumber() string {
	if w.second {
		return "2"
	}
	return "1"
}

// identifiers is PID-3: the number in the hospital, and the INS of a qualified
// identity where PID-32 can say that it is one (PAM.fr 6.6.1). One that is taken
// back is deleted under its authority (4.4.3).
func (w *writer) identifiers() []string {
	ids := []string{components(w.patient.IPP, "", "", patientNumbers.component(w.fullPID()), "PI")}
	if w.dialect.ins && w.patient.hasINS() {
		ids = append(ids, components(w.patient.INS, "", "", insTest.component(true), "INS"))
	}
	if w.withdrawn {
		ids = append(ids, components(`""`, "", "", insTest.component(true), "INS"))
	}
	return ids
}

// names is PID-5: the birth name, L, always; the used name, D, when there is
// one. French birth names are strict traits and XPN-3 is the list of all given
// names; elsewhere it is the further ones. Accents that somebody typed for a
// provisional identity are then in the used name: they are how the person
// spells it.
func (w *writer) names() []string {
	p := w.patient
	family, first, further := p.Family, p.first(), fitting(p.Given[min(1, len(p.Given)):], mostFurther)
	accents := false
	if w.dialect.ins {
		further = strings.Join(p.Given, " ")
		if !p.verbatim || p.strictly() {
			accents = p.verbatim && (plain(family) != family || plain(first) != first)
			family, first, further = strict(family), strict(first), strict(further)
		}
	}
	legal := w.name(family, first, further, "L")
	if p.UsedFamily == "" && p.UsedGiven == "" && !accents {
		return []string{legal}
	}
	return []string{legal, w.name(orElse(p.UsedFamily, p.Family), orElse(p.UsedGiven, p.first()), "", "D")}
}

// mostFurther is the length of XPN-3 outside of France.
const mostFurther = 30

// fitting joins the names that fit into most characters, the first ones.
func fitting(names []string, most int) string {
	list := ""
	for _, name := range names {
		next := strings.TrimPrefix(list+" "+name, " ")
		if utf8.RuneCountInString(next) > most {
			break
		}
		list = next
	}
	return list
}

// name writes an XPN. In the PID of HL7 2.3.1, with 48 characters to a name,
// what is optional gives way.
func (w *writer) name(family, first, further, kind string) string {
	const most = 48
	title := civility(w.patient.Sex)
	full := components(esc(family), esc(first), esc(further), "", title, "", kind)
	if w.fullPID() || utf8.RuneCountInString(full) <= most {
		return full
	}
	return components(esc(family), esc(first), "", "", "", "", kind)
}

// civility is XPN-5, of the two that the law knows.
func civility(sex string) string {
	switch sex {
	case "F":
		return "Mme"
	case "M":
		return "M."
	}
	return ""
}

// addresses is PID-11: the home, H, and the birth place, BDL, whose code in
// XAD-9 is a trait of the INS (PAM.fr 6.6.6).
func (w *writer) addresses() []string {
	a, b := w.patient.Address, w.patient.BirthPlace
	return []string{
		components(esc(a.Street), esc(a.Extra), esc(a.City), "", a.PostalCode, "FRA", "H"),
		components("", "", esc(b.Name), "", "", b.Country, "BDL", "", b.Code),
	}
}

// phones is PID-13.
func (w *writer) phones() []string {
	p := w.patient
	return []string{
		phone(p.Phone, "PRN", "PH", !w.fullPID()),
		phone(p.Mobile, "ORN", "CP", !w.fullPID()),
		components("", "NET", "Internet", esc(p.Email)),
	}
}

// phone writes an XTN: the number in XTN-12, or in XTN-1 in HL7 2.3.1, which has
// no other place for it.
func phone(number, use, equipment string, v231 bool) string {
	if v231 {
		return components(number, use, equipment)
	}
	return components("", use, equipment, "", "", "", "", "", "", "", "", number)
}

// pd1 writes PD1: how the patient lives, and that access to the record is not
// restricted.
func (w *writer) pd1() {
	w.b.Segment("PD1").Field(2, w.patient.living).Field(12, "N")
}

// nk1 writes the person to call and, in messages of a stay, the trusted person,
// who is chosen for a stay and never sent in ITI-30 (PAM.fr 6.9.2).
func (w *writer) nk1() {
	roles := []string{"C"}
	if w.event.transaction == "ITI-31" && w.patient.contact.trusted && w.dialect.french != "" {
		roles = append(roles, "K")
	}
	c := w.patient.contact
	for i, role := range roles {
		w.b.Segment("NK1").
			Field(1, itoa(i+1)).
			Field(2, components(esc(c.family), esc(c.given), "", "", civility(c.sex), "", "L")).
			Field(3, c.relation).
			Field(5, phone(c.phone, "PRN", "CP", w.dialect.v231())).
			Field(7, role).
			Field(33, components(c.ids[i], "", "", contactNumbers.component(w.fullHD()), "PN"))
	}
}
