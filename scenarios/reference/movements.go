package reference

import "github.com/pamlab/pamlab/hl7"

func (s situation) open() bool { return s.status.Open() }

func (s situation) away() bool { return s.status == OnLeave }

// admit applies an A01. A second admission of a patient who is admitted is one
// of the three contradictions that are errors; a forgotten one that is told
// afterwards (ZBE-5 = Y) contradicts nothing.
func (r *registry) admit(n *notice) outcome {
	p := r.find(n.subjects[0].ids)
	if p != nil && p.admitted() && !n.move.historic {
		return conflict(hl7.ConditionDuplicateKey, hl7.Location{Segment: "PV1", Occurrence: 1, Field: 19}, admissionOpen)
	}
	return r.begin(n)
}

// begin applies an event that needs nothing to be known before: the patient and
// the stay are made when they are missing.
func (r *registry) begin(n *notice) outcome {
	who := n.subjects[0]
	p := r.find(who.ids)
	if p == nil {
		p = r.add()
	}
	s := p.stayOf(n.visit, who.account)
	if s == nil && !who.mergedAccount.IsZero() {
		s = p.stayOf(Identifier{}, who.mergedAccount)
	}
	if unnamed := n.visit.IsZero() && who.account.IsZero(); unnamed && s != nil && s.now.over() {
		s = nil
	}
	if s == nil {
		s = r.open(p, n.visit, who.account)
		s.base = n.implied()
	}
	r.record(p, s, n)
	return applied()
}

func (s situation) over() bool { return s.status == Discharged || s.status == Cancelled }

// implied returns what a message tells about the beginning of a stay that was
// never received: a transfer leaves from somewhere.
func (n *notice) implied() situation {
	was := situation{class: n.move.class.value, location: n.prior.value}
	switch n.trigger {
	case "A02":
		was.status = statusOfClass(was.class, Inpatient)
	case "A06":
		was.status, was.class = Outpatient, ""
	case "A07":
		was.status, was.class = Inpatient, ""
	default:
		return situation{}
	}
	return was
}

// record writes an inserted movement and all that its message says of the
// patient and the stay.
func (r *registry) record(p *patient, s *stay, n *notice) {
	who := n.subjects[0]
	r.identify(p, who.ids, who.traits.reliability)
	p.learn(who.traits)
	s.number(n)
	s.dates(n)
	if m := s.find(n.move.keys); m != nil && m.sameAs(n.move) {
		m.take(n.move)
		s.settle()
		return
	}
	r.insert(s, n.move)
}

// number gives a stay the numbers that it did not have, and the new account of
// a change of class (A06, A07 with MRG-3).
func (s *stay) number(n *notice) {
	if s.visit.IsZero() {
		s.visit = n.visit
	}
	who := n.subjects[0]
	if s.account.IsZero() || s.account == who.mergedAccount && !who.account.IsZero() {
		s.account = who.account
	}
}

func (s *stay) dates(n *notice) {
	s.admittedAt = n.admittedAt.to(s.admittedAt)
	s.dischargedAt = n.dischargedAt.to(s.dischargedAt)
}

// sameAs reports whether two messages tell of one movement: simultaneous
// changes may come in several messages with one ZBE-1 (PAM.fr 5.3.1, Q-19).
// The same identifier at another time, or for an event of another nature, is a
// fault of the sender, and then both movements are kept.
func (m *movement) sameAs(o *movement) bool {
	change := func(trigger string) bool { return trigger == "A02" || trigger == "A54" }
	return m.at.Equal(o.at) && (m.trigger == o.trigger || change(m.trigger) && change(o.trigger))
}

// within applies an event that happens within a stay of which something holds;
// otherwise it is discarded without an error. For a movement inserted behind
// others it is enough that the stay is known: what held then is not what holds
// now.
func within(holds func(situation) bool, otherwise Text) func(*registry, *notice) outcome {
	return func(r *registry, n *notice) outcome {
		p := r.find(n.subjects[0].ids)
		if p == nil {
			return discarded(unknownPatient)
		}
		s := p.stayOf(n.visit, n.subjects[0].account)
		if s == nil {
			return discarded(noOpenStay)
		}
		if !n.move.historic && !holds(s.now) {
			return discarded(otherwise)
		}
		r.record(p, s, n)
		return applied()
	}
}

// changingClass applies an A06 or an A07, which in France also cancel each other
// (ZBE-4 = CANCEL, PAM.fr 2.2 remark 2).
func changingClass(opposite string) func(*registry, *notice) outcome {
	return func(r *registry, n *notice) outcome {
		if n.action == cancelAction {
			return cancelling(opposite)(r, n)
		}
		return r.begin(n)
	}
}

// cancelAdmission applies an A11: of an A01 or an A04 in an open stay, or of one
// that lies behind.
func (r *registry) cancelAdmission(n *notice) outcome {
	if p := r.find(n.subjects[0].ids); p != nil && !n.move.historic {
		if s := p.stayOf(n.visit, n.subjects[0].account); s != nil && !s.now.open() {
			return discarded(noOpenStay)
		}
	}
	return cancelling("A01", "A04")(r, n)
}

// cancelling applies an event that undoes a movement that one of the triggers
// inserted: the one that ZBE-1 names, or without ZBE the last of its kind. What
// cannot be found is discarded without an error.
func cancelling(triggers ...string) func(*registry, *notice) outcome {
	return func(r *registry, n *notice) outcome {
		p := r.find(n.subjects[0].ids)
		if p == nil {
			return discarded(unknownPatient)
		}
		s := p.stayOf(n.visit, n.subjects[0].account)
		target, s := p.target(n.move.keys, s, triggers)
		if target == nil {
			return discarded(nothingToCancel)
		}
		s.cancel(target, n.move)
		s.dates(n)
		return applied()
	}
}

func (p *patient) target(keys []string, s *stay, triggers []string) (*movement, *stay) {
	if len(keys) > 0 {
		return p.movement(keys, s, triggers...)
	}
	if s == nil {
		return nil, nil
	}
	return s.last(triggers...), s
}

// correct applies a Z99. An unknown movement is the third error of the profile:
// whoever corrects what the receiver has never heard of must be told.
func (r *registry) correct(n *notice) outcome {
	unknown := conflict(hl7.ConditionUnknownKey, hl7.Location{Segment: "ZBE", Occurrence: 1, Field: 1}, unknownMovement)
	p := r.find(n.subjects[0].ids)
	if p == nil {
		return unknown
	}
	m, s := p.movement(n.move.keys, p.stayOf(n.visit, n.subjects[0].account))
	if m == nil {
		return unknown
	}
	m.correct(n.move)
	s.dates(n)
	s.settle()
	return applied()
}

// revise applies an A08: of the person and the dates of an active stay, never of
// a movement.
func (r *registry) revise(n *notice) outcome {
	who := n.subjects[0]
	p := r.find(who.ids)
	if p == nil {
		return discarded(unknownPatient)
	}
	s := p.stayOf(n.visit, who.account)
	if s == nil || !s.now.open() {
		return discarded(noOpenStay)
	}
	r.identify(p, who.ids, who.traits.reliability)
	p.learn(who.traits)
	s.dates(n)
	return applied()
}
