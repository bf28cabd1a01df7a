package reference

import (
	"container/list"
	"slices"
	"strings"
)

const (
	// insType is the CX-5 of the national health identity, the INS.
	insType = "INS"
	// niaAuthority names INS numbers given while a person waits for a NIR.
	niaAuthority = "1.2.250.1.213.1.4.9"
	// validated is the PID-32 without which an INS is worth nothing.
	validated = "VALI"
)

// key is what two spellings of one identifier have in common. An identifier
// without a type is a patient identifier: HL7 2.3.1 does not ask for one.
func (id Identifier) key() string {
	kind := id.Type
	if kind == "" {
		kind = "PI"
	}
	return kind + "\x00" + id.Authority + "\x00" + id.Value
}

// local reports whether the hospital itself gave this identifier to a person:
// by it, and by no other, two messages are about the same patient.
func (id Identifier) local() bool { return id.Type == "PI" || id.Type == "" }

// deleted reports whether CX-1 is `""`: all identifiers of this type go.
func (id Identifier) deleted() bool { return id.Value == `""` }

// traits are what PID says of a person beside the identifiers.
type traits struct {
	family, given, usualFamily, birthDate, sex, deceased change
	reliability                                          []string
}

type patient struct {
	element     *list.Element // in registry.recent
	identifiers []Identifier
	former      []Identifier
	traits      struct{ family, given, usualFamily, birthDate, sex, deceased string }
	reliability []string
	stays       []*stay // oldest first
}

// learn takes over what a message says of the person.
func (p *patient) learn(t traits) {
	p.traits.family = t.family.to(p.traits.family)
	p.traits.given = t.given.to(p.traits.given)
	p.traits.usualFamily = t.usualFamily.to(p.traits.usualFamily)
	p.traits.birthDate = t.birthDate.to(p.traits.birthDate)
	p.traits.sex = t.sex.to(p.traits.sex)
	p.traits.deceased = t.deceased.to(p.traits.deceased)
	if len(t.reliability) > 0 {
		p.reliability = t.reliability
	}
}

// ins returns the INS to keep of those that a message carries, ok false when
// the message says nothing of the INS. An INS counts only beside a validated
// identity (PAM.fr 6.6.15: the message is taken, the INS is not), a NIR
// replaces a NIA (4.4.1), and `""` removes all (4.4.3).
func ins(ids []Identifier, reliability []string) (keep Identifier, ok bool) {
	for _, id := range ids {
		switch {
		case id.Type != insType:
		case id.deleted():
			keep, ok = Identifier{}, true
		case !slices.Contains(reliability, validated):
		case keep.IsZero() || keep.Authority == niaAuthority:
			keep, ok = id, true
		}
	}
	return keep, ok
}

// stayOf returns the stay that a message is about, or nil. Without a visit
// number (HL7 2.3.1 does not demand one) the account decides, and without
// either the open stay, or else the newest one.
func (p *patient) stayOf(visit, account Identifier) *stay {
	for _, s := range slices.Backward(p.stays) {
		switch {
		case !visit.IsZero() && !s.visit.IsZero():
			if s.visit.key() == visit.key() {
				return s
			}
		case !account.IsZero() && !s.account.IsZero():
			if s.account.key() == account.key() {
				return s
			}
		}
	}
	if !visit.IsZero() || !account.IsZero() || len(p.stays) == 0 {
		return nil
	}
	for _, s := range slices.Backward(p.stays) {
		if s.now.status.Open() {
			return s
		}
	}
	return p.stays[len(p.stays)-1]
}

// movement returns the movement in force with this ZBE-1, one that the triggers
// inserted if any are given, and its stay. The stay that the message names
// comes first: two sources may number alike.
func (p *patient) movement(keys []string, first *stay, triggers ...string) (*movement, *stay) {
	if first != nil {
		if m := first.find(keys, triggers...); m != nil {
			return m, first
		}
	}
	for _, s := range slices.Backward(p.stays) {
		if m := s.find(keys, triggers...); m != nil {
			return m, s
		}
	}
	return nil, nil
}

// admitted reports whether an admission is open for the patient.
func (p *patient) admitted() bool {
	return slices.ContainsFunc(p.stays, func(s *stay) bool { return s.now.admitted() })
}

// snapshot copies the record.
func (p *patient) snapshot() Patient {
	out := Patient{
		Identifiers: slices.Clone(p.identifiers),
		Former:      slices.Clone(p.former),
		Family:      p.traits.family,
		Given:       p.traits.given,
		UsualFamily: p.traits.usualFamily,
		BirthDate:   p.traits.birthDate,
		Sex:         p.traits.sex,
		Reliability: slices.Clone(p.reliability),
		Deceased:    strings.EqualFold(p.traits.deceased, "Y"),
		Stays:       make([]Stay, 0, len(p.stays)),
	}
	for _, s := range p.stays {
		out.Stays = append(out.Stays, s.snapshot())
	}
	return out
}

func (s *stay) snapshot() Stay {
	out := Stay{
		Visit: s.visit, Account: s.account,
		Status: s.now.status, Class: s.now.class,
		Location: s.now.location, Temporary: s.now.temporary, Doctor: s.now.doctor,
		PendingTransfer: s.now.pendingTransfer, PendingDischarge: s.now.pendingDischarge,
		AdmittedAt: s.admittedAt, DischargedAt: s.dischargedAt,
		Movements: make([]Movement, 0, len(s.movements)),
	}
	for _, m := range s.movements {
		out.Movements = append(out.Movements, Movement{
			ID: m.id, Trigger: m.trigger, Start: m.start,
			Location: m.location.value, Class: m.class.value,
			Historic: m.historic, Cancelled: m.cancelled, Corrected: m.corrected,
		})
	}
	return out
}
