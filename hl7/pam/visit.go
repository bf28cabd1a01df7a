package pam

import "slices"

// pv1 writes PV1 of ITI-31. The situation is the one that the movement leaves,
// or the one that its cancellation restores.
func (w *writer) pv1() {
	now := w.movement.Situation
	s := w.b.Segment("PV1").
		Field(1, "1").
		Field(2, now.Class).
		Field(3, w.location(now)).
		Field(4, w.admissionType(now.Class)).
		Field(7, w.doctor(now.Doctor)).
		Field(14, admitSource(now.Class)).
		Field(19, components(w.stay.Visit, "", "", visitNumbers.component(w.fullHD()), "VN")).
		Field(20, esc(now.Tariff)).
		Field(44, stamp(w.entered)).
		Field(45, stamp(w.left)).
		Field(51, "V")
	if w.preadmitted {
		s.Field(5, components(w.stay.Account, "", "", accountNumbers.component(w.fullHD()), "AN"))
	}
	if t := w.event.trigger; w.event.kind == insert && (t == "A02" || reclassifies(t)) {
		s.Field(6, w.location(w.prior))
	}
	if w.movement.Trigger == "A15" {
		s.Field(42, w.bed(w.movement.Pending, ""))
	}
	w.temporary(s)
	if w.dialect.french != "" {
		s.Field(10, data().discipline(now.Medical.Code, now.Class)).Field(21, activity(now.Class))
	}
	if w.about.trigger == "A03" {
		s.Field(36, w.disposition())
		if w.dialect.french != "" {
			s.Field(41, w.account())
		}
	}
}

// account is PV1-41: whether other visits of the account follow.
func (w *writer) account() string {
	if w.movement.Continued {
		return "N"
	}
	return "D"
}

// location writes where a patient is, in a bed that is taken.
func (w *writer) location(s Situation) string {
	if s.Bed != "" && w.about.trigger != "A03" {
		return w.bed(s, "O")
	}
	return w.bed(s, "")
}

// bed writes a PL: unit, room, bed, hospital, and whether the bed is taken.
func (w *writer) bed(s Situation, status string) string {
	at := w.facility().component(w.fullHD())
	return components(esc(s.Housing.Code), esc(s.Room), esc(s.Bed), at, status)
}

// frenchTables tells whether the codes of PV1 are those of PAM.fr. In HL7 2.3.1
// only the PID and the Z segments are read as PAM.fr has them.
func (w *writer) frenchTables() bool { return w.dialect.french != "" && !w.dialect.v231() }

// admissionType is PV1-4, table 0007: urgent is U in France and E in HL7.
func (w *writer) admissionType(class string) string {
	switch {
	case class != "E":
		return "R"
	case w.frenchTables():
		return "U"
	}
	return "E"
}

// admitSource is PV1-14, table 0023: an emergency, or sent by a physician.
func admitSource(class string) string {
	if class == "E" {
		return "7"
	}
	return "1"
}

// activity is PV1-21, the kind of care that goes with a patient class (PAM.fr
// 6.10.19).
func activity(class string) string {
	switch class {
	case "I":
		return "03"
	case "E":
		return "10"
	case "R":
		return "19"
	case "O":
		return "07"
	}
	return ""
}

// disposition is PV1-36. The French table has no code for death, which ZFM-2
// tells.
func (w *writer) disposition() string {
	switch dead := w.movement.Deceased; {
	case !w.frenchTables() && dead:
		return "20"
	case !w.frenchTables():
		return "01"
	case dead:
		return ""
	}
	return "3"
}

// doctor writes an XCN. RPPS is a type of the French table only.
func (w *writer) doctor(d Doctor) string {
	kind := "RPPS"
	if w.dialect.french == "" {
		kind = "DN"
	}
	by := practitioners
	if !w.fullHD() {
		by = facilityOID
	}
	return components(esc(d.RPPS), esc(d.Family), esc(d.Given), "", "", "Dr", "", "", by.component(w.fullHD()), "L", "", "", kind)
}

// pv2 writes PV2 where a visit begins (why, when, how), with what is planned,
// and with the pathway of an outpatient. IHE marks PV2 as not supported in A05,
// A06, A07 and A14, where the French tables have it.
func (w *writer) pv2() {
	about := w.about.trigger
	ihe := w.dialect.french == "" && !w.dialect.v231()
	switch {
	case w.event.kind == cancel && about != "A53" && about != "A07":
		return
	case ihe && (expects(about) || reclassifies(about)):
		return
	case !opens(about) && about != "A16" && !w.hasPathway() && (w.back.IsZero() || w.dialect.v231()):
		return
	}
	s := w.b.Segment("PV2")
	if w.hasPathway() {
		s.Field(7, w.pathway())
	}
	switch {
	case opens(about):
		s.Field(8, stamp(w.planned)).Field(12, esc(w.stay.Reason))
	case about == "A16":
		s.Field(9, stamp(w.planned))
	}
	switch arrival := about == "A01" || about == "A14"; {
	case w.dialect.v231():
		return // which stops at PV2-37
	case arrival && ihe:
		s.Field(38, "C")
	case arrival:
		s.Field(38, "5")
	}
	s.Field(47, stamp(w.back))
}

// hasPathway reports whether the event has a PV2-7.
func (w *writer) hasPathway() bool {
	return w.dialect.french != "" && (w.about.trigger == "A04" || w.about.trigger == "A07")
}

// pathway is PV2-7, required for outpatients (PAM.fr 6.11.3).
func (w *writer) pathway() string {
	const adult = 16
	switch {
	case w.movement.Situation.Class == "E":
		return "TU"
	case w.patient.age(w.recorded) < adult:
		return "AG"
	}
	return "TO"
}

// zbe writes ZBE, where the dialect has movements (PAM.fr 6.13).
func (w *writer) zbe() {
	if !w.dialect.zbe || w.event.kind == tracking {
		return
	}
	m := w.movement
	action, original := "INSERT", ""
	switch w.event.kind {
	case cancel:
		action, original = "CANCEL", string(m.Trigger)
	case update:
		action, original = "UPDATE", string(m.Trigger)
	}
	s := w.b.Segment("ZBE").
		Field(1, components(m.ID, movementIDs.name, movementIDs.id, movementIDs.kind)).
		Field(2, stamp(m.Start)).
		Field(4, action).
		Field(5, yesNo(w.historic)).
		Field(6, original).
		Field(7, w.unit(m.Situation.Medical)).
		Field(8, w.unit(m.Situation.Care))
	if w.dialect.french != "" {
		s.Field(9, w.nature)
	}
}

// unit writes an XON. UF is a type of the French table only.
func (w *writer) unit(u Unit) string {
	kind := ""
	if w.dialect.french != "" {
		kind = "UF"
	}
	return components(esc(u.Label), "", "", "", "", w.facility().component(true), kind, "", "", esc(u.Code))
}

// hospitalised reports whether the class belongs to what the PMSI counts.
func hospitalised(class string) bool { return slices.Contains([]string{"I", "R"}, class) }
