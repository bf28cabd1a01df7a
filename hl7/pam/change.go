package pam

import "time"

// Change says what a step changes, beside what its event does by itself. The
// zero Change is a plain event, a moment after the one before.
type Change struct {
	// At is the moment of the step, since the generator's instant: when a
	// movement happened, or when a correction or cancellation was recorded. 0
	// is a moment of its own: the instant for the first movement, an hour after
	// the last one for the others, some minutes after the last step for
	// anything that is no movement. It may be negative. What happened before
	// the last movement is a historic movement, ZBE-5 = Y.
	At time.Duration
	// Start is the date of the movement when it is not At: the corrected date
	// in a Z99, a past date for a movement that is recorded late. nil: At, or
	// unchanged in a Z99.
	Start *time.Duration
	// Planned is when what is announced is expected, since the instant: the
	// admission of an A05 or A14, the transfer of an A15, the discharge of an
	// A16, the return of an A21. 0 is some time after the step, a week for an
	// admission.
	Planned time.Duration

	// Unit takes over housing, medical and care responsibility; Housing,
	// Medical and Care change one of them. nil: no change.
	Unit, Housing, Medical, Care *Unit
	// Room and Bed are where the patient lies from now on; "" is no change,
	// but in another housing unit they are drawn anew.
	Room, Bed string
	// NoBed leaves the patient in another housing unit without room and bed,
	// which an A02 or Z99 gives later.
	NoBed bool
	// Tariff is the code of a tariff from now on, PV1-20; "" is no change. By
	// itself it is a movement too, ZBE-9 = D.
	Tariff string
	// Class is the PV1-2 that an A01, A04, A05 or A14 enters with, "" is that
	// of the stay; or the one that an A06 or A07 leads to, "" is I and O, or
	// where the patient has that class, R and E. A Z99 corrects it in all of
	// these.
	Class string
	// Temporary is the place, as a unit without a label, that a tracked patient
	// sets out for (A09) or arrives at (A10), PV1-11. nil is the place that the
	// last departure named; without one, back from a temporary place, or else
	// an operating theatre.
	Temporary *Unit
	// Doctor takes over from the attending doctor, in an A54 or a Z99 on what
	// named one. nil: in an A54 one is drawn.
	Doctor *Doctor

	// Of names the step whose movement is cancelled or corrected; "" is the
	// last movement that the event can cancel, or the last of all. In an A06 or
	// A07 it asks for the cancellation of that A07 or A06 (PAM.fr 5.3.5); they
	// insert a movement otherwise.
	Of string
	// Deceased tells, in an A03, that the patient died.
	Deceased bool
	// LastVisit tells, in an A03, whether the account ends with this visit,
	// PV1-41: of sessions it is false but for the last one (PAM.fr 7.1.2). nil:
	// it does, or unchanged in a Z99.
	LastVisit *bool
	// Patient holds what becomes known about the person. Empty members are
	// unchanged; LongName, Twin and Letters are not for later.
	Patient *PatientSpec
	// Other is the other record: the one that an A24 links with the patient of
	// the journey or an A37 unlinks, the one that stays after an A40, the one
	// who gets the account in an A44. nil is the one of the last step that had
	// one, else one that is drawn: somebody else in an A44, else the same person
	// under another number. In an A28 and A31, the message is about Other and
	// the patient of the journey is as they were.
	Other *Patient
	// Second tells, in an A28 and A31, that the message is about the other
	// record although Other does not name it: the way to make it known before a
	// merge.
	Second bool
	// Keep tells, in an A40, that the patient of the journey stays and Other
	// goes.
	Keep bool
	// Identifier is what an A47 changes, a word of KnownValues("identifier"):
	// ins, another INS for the same person; ins-deleted, for it was somebody
	// else's; ins-downgraded, from qualified to retrieved; ipp, the number in
	// the hospital, which France advises against. "" is the INS when it was
	// sent, taken back if Patient.Identity goes without, else the IPP.
	Identifier string
	// Stay opens a new stay, with an A01, A04 or A05. Numbers of a stay that
	// was cancelled or has ended are never used again (PAM.fr 5.4.1).
	Stay *Stay
	// Force builds the message although the state of the journey, or a rule
	// between events, makes it impossible: tests send such messages on purpose.
	Force bool
}

// check refuses values that no event could use, and members that mean nothing
// in this one: a test that asks for something must not get something else.
func (c Change) check(e event) error {
	about := e.trigger == "Z99" // takes what the corrected event takes
	for _, member := range [...]struct {
		field      string
		set, means bool
	}{
		{"stay.unit", c.moves(), places(e) || about},
		{"stay.class", c.Class != "", places(e) && e.trigger != "A15" || about},
		{"start", c.Start != nil, e.kind == insert || about},
		{"planned", c.Planned != 0, plans(e.trigger) || about},
		{"temporary", c.Temporary != nil, e.trigger == "A09" || e.trigger == "A10"},
		{"doctor", c.Doctor != nil, e.trigger == "A54" || about},
		{"of", c.Of != "", e.kind == cancel || e.kind == tracking && e.cancels != nil || about},
		{"deceased", c.Deceased, e.trigger == "A03" || about},
		{"last_visit", c.LastVisit != nil, e.trigger == "A03" || about},
		{"stay", c.Stay != nil, opens(e.trigger)},
		{"other", c.Other != nil, namesOther(e.trigger)},
		{"second", c.Second, e.trigger == "A28" || e.trigger == "A31"},
		{"keep", c.Keep, e.trigger == "A40"},
		{"identifier", c.Identifier != "", e.trigger == "A47"},
		{"patient", c.Patient != nil, c.Other == nil && !c.Second && (!aboutNumbers(e.trigger) || e.trigger == "A47")},
	} {
		if member.set && !member.means {
			return meaningless(member.field, e.trigger)
		}
	}
	if err := word("stay.class", c.Class); err != nil {
		return err
	}
	if err := word("identifier", c.Identifier); err != nil {
		return err
	}
	for _, u := range [...]*Unit{c.Unit, c.Housing, c.Medical, c.Care, c.Temporary} {
		if u != nil && *u == (Unit{}) {
			return noUnit(*u)
		}
	}
	if err := checkUnits(c.Unit, c.Housing, c.Medical, c.Care, c.Temporary); err != nil {
		return err
	}
	if err := c.Doctor.check(); err != nil {
		return err
	}
	if len(c.Tariff) > mostCode {
		return badValue("stay.tariff", c.Tariff, "20 caractères au plus (FC-1)", "at most 20 characters (FC-1)")
	}
	return checkBed(c.Room, c.Bed)
}

// opens reports whether an event begins a visit, or announces it.
func opens(t Trigger) bool { return expects(t) || enters(t) }

// enters reports whether the patient comes with the event.
func enters(t Trigger) bool { return t == "A01" || t == "A04" }

// expects reports whether an event announces a patient.
func expects(t Trigger) bool { return t == "A05" || t == "A14" }

// reclassifies reports whether an event changes the class of a patient who is
// there.
func reclassifies(t Trigger) bool { return t == "A06" || t == "A07" }

// places reports whether a movement of the event says where the patient is, or
// will be.
func places(e event) bool {
	return e.kind == insert && (opens(e.trigger) || reclassifies(e.trigger) || e.trigger == "A02" || e.trigger == "A15")
}

// plans reports whether an event announces something with its date.
func plans(t Trigger) bool { return pending(t) || t == "A05" || t == "A21" }

// moves reports whether the change names a place, a unit or a tariff.
func (c Change) moves() bool {
	return c.Unit != nil || c.Housing != nil || c.Medical != nil || c.Care != nil || c.Room != "" || c.Bed != "" || c.NoBed || c.Tariff != ""
}

// apply returns the situation after the change. The bed of another unit is not
// carried over.
func (c Change) apply(s Situation) Situation {
	housed := s.Housing
	for _, u := range [...]struct {
		to   *Unit
		from *Unit
	}{
		{&s.Housing, c.Unit}, {&s.Medical, c.Unit}, {&s.Care, c.Unit},
		{&s.Housing, c.Housing}, {&s.Medical, c.Medical}, {&s.Care, c.Care},
	} {
		if u.from != nil {
			*u.to = *u.from
		}
	}
	if s.Housing.Code != housed.Code || c.NoBed {
		s.Room, s.Bed = "", ""
	}
	if c.Doctor != nil {
		s.Doctor = *c.Doctor
	}
	s.Room, s.Bed, s.Class = orElse(c.Room, s.Room), orElse(c.Bed, s.Bed), orElse(c.Class, s.Class)
	s.Tariff = orElse(c.Tariff, s.Tariff)
	return s
}

// nature tells what lies between two situations as ZBE-9: which of the three
// responsibilities changed, else L for a bed and D for a tariff, "" for nothing. The letters come
// in the order of the table, which has no other (PAM.fr 6.13.9).
func nature(from, to Situation) string {
	h, m, s := from.Housing.Code != to.Housing.Code, from.Medical.Code != to.Medical.Code, from.Care.Code != to.Care.Code
	bed := (from.Room != to.Room || from.Bed != to.Bed) && to.Room+to.Bed != ""
	switch {
	case h && m && s:
		return "HMS"
	case m && h:
		return "MH"
	case s && m:
		return "SM"
	case s && h:
		return "SH"
	case h:
		return "H"
	case m:
		return "M"
	case s:
		return "S"
	case from.Tariff != to.Tariff && bed:
		return "LD"
	case from.Tariff != to.Tariff:
		return "D"
	case bed:
		return "L"
	}
	return ""
}
