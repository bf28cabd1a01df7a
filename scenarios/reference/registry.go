package reference

import (
	"container/list"
	"slices"

	"github.com/pamlab/pamlab/hl7"
)

// The record is bounded on every side: a reference that a peer can fill is no
// reference. These bound one patient; Options.MaxPatients bounds their number.
const (
	maxIdentifiers = 20  // of one patient
	maxFormer      = 20  // identifiers of one patient taken out of use by merges
	maxStays       = 50  // of one patient
	maxMovements   = 200 // of one stay

	// movementsPerPatient, times the number of patients, bounds the movements
	// of all patients together: one busy patient is real, thousands are not.
	movementsPerPatient = 16
)

// A registry holds the patients and forgets the one that it has not heard of
// for longest when there is one too many. It is not safe for concurrent use.
type registry struct {
	max         int
	refuseKnown bool                // an A28 of a known patient
	known       map[string]*patient // by Identifier.key
	retired     map[string]*patient // by key of an identifier merged away: the survivor
	recent      *list.List          // of *patient, the one heard of last in front
	links       []Link              // oldest first, at most max

	movements int // of all patients
}

func newRegistry(max int) *registry {
	return &registry{max: max, known: map[string]*patient{}, retired: map[string]*patient{}, recent: list.New()}
}

// apply does to the record what a message says, or says why not.
func (r *registry) apply(e event, n *notice) outcome {
	if !e.twoPIDs {
		ids := n.subjects[0].ids
		if r.find(ids) == nil && r.survivor(ids) != nil {
			return conflict(hl7.ConditionUnknownKey, pidIdentifiers(0), mergedAway)
		}
	}
	o := e.do(r, n)
	r.forget()
	return o
}

// find returns the patient that the identifiers name, or nil. When the hospital
// has given a number, that number decides: a shared INS under another number is
// a duplicate to be merged by people, not by a receiver.
func (r *registry) find(ids []Identifier) *patient {
	hasLocal := slices.ContainsFunc(ids, Identifier.local)
	for _, id := range ids {
		if p := r.known[id.key()]; p != nil && (id.local() || !hasLocal) {
			r.recent.MoveToFront(p.element)
			return p
		}
	}
	return nil
}

// survivor returns the patient into whom the one named by ids was merged.
func (r *registry) survivor(ids []Identifier) *patient {
	for _, id := range ids {
		if p := r.retired[id.key()]; p != nil && id.local() {
			return p
		}
	}
	return nil
}

// add makes a new patient.
func (r *registry) add() *patient {
	p := &patient{}
	p.element = r.recent.PushFront(p)
	return p
}

// forget drops the patients not heard of for longest until the record is within
// its bounds again. The one heard of last stays whatever it weighs.
func (r *registry) forget() {
	for n := r.recent.Len(); n > 1 && (n > r.max || r.movements > r.max*movementsPerPatient); n-- {
		r.remove(r.recent.Back().Value.(*patient))
	}
}

func (r *registry) remove(p *patient) {
	r.recent.Remove(p.element)
	for _, s := range p.stays {
		r.movements -= len(s.movements)
	}
	for _, id := range p.identifiers {
		r.release(p, id)
	}
	for _, id := range p.former {
		r.unretire(p, id)
	}
}

func (r *registry) release(p *patient, id Identifier) {
	if r.known[id.key()] == p {
		delete(r.known, id.key())
	}
}

func (r *registry) unretire(p *patient, id Identifier) {
	if r.retired[id.key()] == p {
		delete(r.retired, id.key())
	}
}

// identify adds the identifiers of a message to a patient. A local identifier
// that is another patient's stays there.
func (r *registry) identify(p *patient, ids []Identifier, reliability []string) {
	for _, id := range ids {
		if id.deleted() || id.Type == insType || r.retired[id.key()] != nil {
			continue
		}
		if owner := r.known[id.key()]; owner == nil || owner != p && !id.local() {
			r.own(p, id)
		}
	}
	if keep, ok := ins(ids, reliability); ok {
		r.drop(p, func(id Identifier) bool { return id.Type == insType })
		if !keep.IsZero() {
			r.own(p, keep)
		}
	}
}

// own writes id into the record, once. Only the first of two patients with one
// national number can be found by it.
func (r *registry) own(p *patient, id Identifier) {
	if slices.ContainsFunc(p.identifiers, func(o Identifier) bool { return o.key() == id.key() }) {
		return
	}
	if len(p.identifiers) == maxIdentifiers {
		return // no hospital gives so many: the first ones stay, they found the patient
	}
	p.identifiers = append(p.identifiers, id)
	if r.known[id.key()] == nil {
		r.known[id.key()] = p
	}
}

// drop removes the identifiers that match from the record.
func (r *registry) drop(p *patient, match func(Identifier) bool) {
	p.identifiers = slices.DeleteFunc(p.identifiers, func(id Identifier) bool {
		if match(id) {
			r.release(p, id)
			return true
		}
		return false
	})
}

// retire takes the identifiers of a merged record out of use.
func (r *registry) retire(survivor *patient, ids ...Identifier) {
	for _, id := range ids {
		survivor.former = append(survivor.former, id)
		r.retired[id.key()] = survivor
	}
	for len(survivor.former) > maxFormer {
		r.unretire(survivor, survivor.former[0])
		survivor.former = slices.Delete(survivor.former, 0, 1)
	}
}

// open adds a stay to a patient and forgets the oldest when there are too many.
func (r *registry) open(p *patient, visit, account Identifier) *stay {
	s := &stay{visit: visit, account: account}
	r.adopt(p, s)
	return s
}

// adopt makes stays those of p.
func (r *registry) adopt(p *patient, stays ...*stay) {
	p.stays = append(p.stays, stays...)
	for len(p.stays) > maxStays {
		r.movements -= len(p.stays[0].movements)
		p.stays = slices.Delete(p.stays, 0, 1)
	}
}

// insert adds a movement to a stay.
func (r *registry) insert(s *stay, m *movement) {
	before := len(s.movements)
	s.insert(m, maxMovements)
	r.movements += len(s.movements) - before
}

// bound forgets the oldest until there are no more than max.
func bound[T any](s *[]T, max int) {
	if n := len(*s) - max; n > 0 {
		*s = slices.Delete(*s, 0, n)
	}
}

// link records that two records are of one person, whether or not they are
// known here (A24).
func (r *registry) link(l Link) {
	r.unlink(l)
	r.links = append(r.links, l)
	bound(&r.links, r.max)
}

// unlink undoes a link, whichever record it named first (A37).
func (r *registry) unlink(l Link) bool {
	n := len(r.links)
	r.links = slices.DeleteFunc(r.links, func(o Link) bool {
		return o == l || o == Link{A: l.B, B: l.A}
	})
	return len(r.links) < n
}

func (r *registry) snapshot() State {
	out := State{Patients: make([]Patient, 0, r.recent.Len()), Links: slices.Clone(r.links)}
	for e := r.recent.Front(); e != nil; e = e.Next() {
		out.Patients = append(out.Patients, e.Value.(*patient).snapshot())
	}
	return out
}

// holding returns the patient who has an identifier with this value, or nil.
func (r *registry) holding(value string) *patient {
	for e := r.recent.Front(); e != nil; e = e.Next() {
		p := e.Value.(*patient)
		if slices.ContainsFunc(p.identifiers, func(id Identifier) bool { return id.Value == value }) {
			return p
		}
	}
	return nil
}
