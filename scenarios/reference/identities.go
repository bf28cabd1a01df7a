package reference

import (
	"slices"

	"github.com/pamlab/pamlab/hl7"
)

// register applies an A28 or an A31: the person is made, or brought up to date.
// An A28 of a known patient is described nowhere; it is taken as an
// update, unless the DMN was told to refuse it.
func (r *registry) register(n *notice) outcome {
	who := n.subjects[0]
	p := r.find(who.ids)
	if p != nil && n.trigger == "A28" && r.refuseKnown {
		return conflict(hl7.ConditionDuplicateKey, pidIdentifiers(0), knownPatient)
	}
	if p == nil {
		p = r.add()
	}
	r.identify(p, who.ids, who.traits.reliability)
	p.learn(who.traits)
	return applied()
}

// merge applies an A40: the record of MRG-1 goes up in the record of PID-3, and
// its number is not to be used again.
func (r *registry) merge(n *notice) outcome {
	who := n.subjects[0]
	target, source := r.find(who.ids), r.find(who.merged)
	switch {
	case source == nil || source == target:
		return discarded(nothingToMerge)
	case target == nil:
		return r.rename(n)
	}
	r.remove(source)
	for _, id := range source.identifiers {
		replaced := slices.ContainsFunc(target.identifiers, func(o Identifier) bool {
			return o.Type == id.Type && o.Authority == id.Authority
		})
		switch {
		case contains(who.merged, id):
			r.retire(target, id)
		case !replaced:
			r.own(target, id)
		}
	}
	r.retire(target, source.former...)
	for _, s := range source.stays {
		r.movements += len(s.movements) // which remove took off
	}
	r.adopt(target, source.stays...)
	r.identify(target, who.ids, who.traits.reliability)
	target.learn(who.traits)
	return applied()
}

// rename applies an A47: the identifiers of PID-3 replace those of MRG-1. It is
// also how an INS changes or goes (pam-fr.md §9.4). An identifier that another
// patient has is an error: a merge was due.
func (r *registry) rename(n *notice) outcome {
	who := n.subjects[0]
	p := r.holder(who)
	if p == nil {
		return discarded(nothingToRename)
	}
	for i, id := range who.ids {
		if owner := r.known[id.key()]; owner != nil && owner != p {
			return conflict(hl7.ConditionDuplicateKey, pidIdentifiers(i+1), identifierInUse)
		}
	}
	r.drop(p, func(id Identifier) bool { return contains(who.merged, id) })
	r.identify(p, who.ids, who.traits.reliability)
	p.learn(who.traits)
	return applied()
}

// holder returns the patient who has an identifier of MRG-1. Two records may
// carry one INS: the one that PID-3 names comes first.
func (r *registry) holder(who subject) *patient {
	named := r.find(who.ids)
	if named != nil && slices.ContainsFunc(named.identifiers, func(id Identifier) bool { return contains(who.merged, id) }) {
		return named
	}
	for _, id := range who.merged {
		if p := r.known[id.key()]; p != nil {
			return p
		}
	}
	return nil
}

// moveAccount applies an A44: the stays of an account go from the patient of
// MRG-1 to the one of PID-3. A message may carry several such moves.
func (r *registry) moveAccount(n *notice) outcome {
	moved := false
	for _, who := range n.subjects {
		account := who.mergedAccount
		if account.IsZero() {
			account = who.account // field practice, Q-31
		}
		source := r.find(who.merged)
		if source == nil {
			continue
		}
		stays := source.release(account)
		if len(stays) == 0 {
			continue
		}
		target := r.find(who.ids)
		if target == nil {
			target = r.add()
		}
		r.identify(target, who.ids, who.traits.reliability)
		target.learn(who.traits)
		r.adopt(target, stays...)
		moved = true
	}
	if !moved {
		return discarded(noSuchAccount)
	}
	return applied()
}

// renumberAccount applies an A49, which PAM.fr 5.1.2 only names: the account of
// MRG-3 has the number of PID-18 from now on.
func (r *registry) renumberAccount(n *notice) outcome {
	who := n.subjects[0]
	p, changed := r.find(who.ids), false
	if p == nil || who.account.IsZero() {
		return discarded(noSuchAccount)
	}
	for _, s := range p.stays {
		if !s.account.IsZero() && s.account.key() == who.mergedAccount.key() {
			s.account, changed = who.account, true
		}
	}
	if !changed {
		return discarded(noSuchAccount)
	}
	return applied()
}

// release removes and returns the stays of an account.
func (p *patient) release(account Identifier) []*stay {
	var out []*stay
	p.stays = slices.DeleteFunc(p.stays, func(s *stay) bool {
		if s.account.IsZero() || s.account.key() != account.key() {
			return false
		}
		out = append(out, s)
		return true
	})
	return out
}

// linkRecords applies an A24. Unknown records are linked all the same, and none
// is made.
func (r *registry) linkRecords(n *notice) outcome {
	r.link(Link{A: n.subjects[0].ids[0], B: n.subjects[1].ids[0]})
	return applied()
}

// unlinkRecords applies an A37.
func (r *registry) unlinkRecords(n *notice) outcome {
	if !r.unlink(Link{A: n.subjects[0].ids[0], B: n.subjects[1].ids[0]}) {
		return discarded(noSuchLink)
	}
	return applied()
}

func contains(ids []Identifier, id Identifier) bool {
	return slices.ContainsFunc(ids, func(o Identifier) bool { return o.key() == id.key() })
}

// pidIdentifiers is the place of a repetition of PID-3, of the field when 0.
func pidIdentifiers(repetition int) hl7.Location {
	return hl7.Location{Segment: "PID", Occurrence: 1, Field: 3, Repetition: repetition}
}
