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
	// Planned is when a pre-admitted patient is expected, since the instant; 0
	// is a week after the pre-admission.
	Planned time.Duration

	// Unit takes over housing, medical and care responsibility; Housing,
	// Medical and Care change one of them. nil: no change.
	Unit, Housing, Medical, Care *Unit
	// Room and Bed are where the patient lies from now on; "" is no change,
	// but in another housing unit they are drawn anew.
	Room, Bed string
	// Class is the PV1-2 of an A01, A04 or A05, or the corrected one in a Z99
	// on these three; "" is the class of the stay.
	Class string

	// Of names the step whose movement is cancelled or corrected; "" is the
	// last movement that the event can cancel, or the last of all.
	Of string
	// Deceased tells, in an A03, that the patient died.
	Deceased bool
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
		{"stay.unit", c.moves(), opens(e.trigger) || e.trigger == "A02" || about},
		{"stay.class", c.Class != "", opens(e.trigger) || e.trigger == "A02" || about},
		{"start", c.Start != nil, e.kind == insert || about},
		{"planned", c.Planned != 0, e.trigger == "A05" || about},
		{"of", c.Of != "", e.kind == cancel || about},
		{"deceased", c.Deceased, e.trigger == "A03" || about},
		{"stay", c.Stay != nil, opens(e.trigger)},
		{"other", c.Other != nil, namesOther(e.trigger)},
		{"keep", c.Keep, e.trigger == "A40"},
		{"identifier", c.Identifier != "", e.trigger == "A47"},
		{"patient", c.Patient != nil, c.Other == nil && (!aboutNumbers(e.trigger) || e.trigger == "A47")},
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
	for _, u := range [...]*Unit{c.Unit, c.Housing, c.Medical, c.Care} {
		if u != nil && *u == (Unit{}) {
			return noUnit(*u)
		}
	}
	if err := checkUnits(c.Unit, c.Housing, c.Medical, c.Care); err != nil {
		return err
	}
	return checkBed(c.Room, c.Bed)
}

// opens reports whether an event begins a visit.
func opens(t Trigger) bool { return t == "A01" || t == "A04" || t == "A05" }

// moves reports whether the change names a place or unit.
func (c Change) moves() bool {
	return c.Unit != nil || c.Housing != nil || c.Medical != nil || c.Care != nil || c.Room != "" || c.Bed != ""
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
	if s.Housing.Code != housed.Code {
		s.Room, s.Bed = "", ""
	}
	s.Room, s.Bed, s.Class = orElse(c.Room, s.Room), orElse(c.Bed, s.Bed), orElse(c.Class, s.Class)
	return s
}

// nature tells what lies between two situations as ZBE-9: which of the three
// responsibilities changed, else L for a bed, "" for nothing. The letters come
// in the order of the table, which has no other (PAM.fr 6.13.9).
func nature(from, to Situation) string {
	h, m, s := from.Housing.Code != to.Housing.Code, from.Medical.Code != to.Medical.Code, from.Care.Code != to.Care.Code
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
	case from.Room != to.Room || from.Bed != to.Bed:
		return "L"
	}
	return ""
}
