package hospital

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
)

// stay is a patient's time with the hospital: from the first that is told of it
// to the last, which may be a pre-admission weeks before and a correction days
// after. Its steps happen one after the other, so that no two things happen to a
// patient at once.
type stay struct {
	h      *Hospital
	r      *rand.Rand
	person *person
	j      *pam.Journey
	plan   []step
	names  int

	ward *ward // where the patient lies
	bed  int   // -1: in none
	unit *ward // that answers for them: another one, when the own has no bed
}

// step is what is going to happen to a patient, not before at.
type step struct {
	at time.Time
	do func(*stay)
}

// pause is the least time between two steps of one patient.
const pause = time.Minute

// begin begins a stay of a person for a unit; plan draws what will happen.
func (h *Hospital) begin(p *person, w *ward, plan func(*stay)) {
	h.stays++
	s := &stay{h: h, r: rand.New(rand.NewPCG(h.opt.Seed, h.stays<<8|1)), person: p, bed: -1, unit: w}
	st, err := h.gen.Stay(pam.StaySpec{Class: w.unit.Kind.class(), Unit: w.pam(), Letters: "latin1"})
	if err != nil || h.err != nil {
		h.fail(err)
		return
	}
	if w.unit.Kind.bedded() {
		st.Room, st.Bed = "", "" // until there is one
	}
	s.j = pam.NewJourney(h.gen, h.opt.Dialect, h.opt.Charset, h.opt.Partners, &p.patient, st)
	plan(s)
	s.proceed()
}

// proceed waits for the next step, or ends the stay.
func (s *stay) proceed() {
	if s.h.err != nil {
		return
	}
	if len(s.plan) == 0 {
		s.end()
		return
	}
	next := s.plan[0]
	at := next.at
	if s.names > 0 && at.Before(s.h.now.Add(pause)) {
		at = s.h.now.Add(pause + time.Duration(s.r.IntN(60))*time.Second)
	}
	s.h.at(cmp.Or(at, s.h.now), func() {
		s.plan = s.plan[1:]
		next.do(s)
		s.proceed()
	})
}

// end gives back what the patient had.
func (s *stay) end() {
	s.leaveBed()
	s.person.patient = s.j.Patient()
	s.h.remember(s.person)
}

// at adds a step to the plan, which is kept in the order of its times.
func (s *stay) at(t time.Time, do func(*stay)) {
	i, _ := slices.BinarySearchFunc(s.plan, t, func(x step, t time.Time) int {
		if x.at.After(t) {
			return 1
		}
		return -1
	})
	s.plan = slices.Insert(s.plan, i, step{t, do})
}

// next does something after a while, before all else that is planned.
func (s *stay) next(after time.Duration, do func(*stay)) {
	s.plan = slices.Insert(s.plan, 0, step{s.h.now.Add(after), do})
}

// then does one thing after the other, each after a while, before all else.
func (s *stay) then(after time.Duration, things ...func(*stay)) {
	for i, do := range slices.Backward(things) {
		s.next(time.Duration(i+1)*after, do)
	}
}

// chance is true with a probability.
func (s *stay) chance(p float64) bool { return s.r.Float64() < p }

// slip is true with a probability that goes with how often mistakes are made.
func (s *stay) slip(p float64) bool { return s.r.Float64() < p*s.h.cfg.Mistakes }

// tell sends the message of an event and returns the name of the step, "" when
// the dialect has no such event.
func (s *stay) tell(t pam.Trigger, c pam.Change) string {
	if s.h.err != nil {
		return ""
	}
	s.names++
	name := strconv.Itoa(s.names)
	c.At = s.h.now.Sub(s.h.gen.Instant())
	m, err := s.j.Message(name, t, c)
	switch {
	case errors.Is(err, pam.ErrNotApplicable):
		return ""
	case err != nil:
		s.h.fail(fmt.Errorf("hospital: %s on %s: %w", t, s.h.now.Format(time.DateTime), err))
		return ""
	}
	s.h.told = append(s.h.told, Event{
		At: s.h.now, Patient: s.person.name, Trigger: t, Message: m.Bytes(), ControlID: m.Header().ControlID,
	})
	return name
}

// open reports whether the patient is here.
func (s *stay) open() bool { return s.j.State() == pam.Open }

// start is a moment as a Change has it.
func (s *stay) start(t time.Time) *time.Duration {
	d := t.Truncate(time.Second).Sub(s.h.gen.Instant())
	return &d
}

// lie puts the patient into a bed of a ward and fills in the change that says so.
func (s *stay) lie(w *ward, c pam.Change) (pam.Change, bool) {
	bed := w.take(s.r)
	if bed < 0 {
		return c, false
	}
	s.leaveBed()
	s.ward, s.bed = w, bed
	return s.here(c), true
}

// here fills in a change with where the patient lies, and who answers for them:
// the own unit, as guest of another one if need be.
func (s *stay) here(c pam.Change) pam.Change {
	own := s.unit.pam()
	c.Medical, c.Care = &own, &own
	c.Housing = &own
	if s.ward != nil && s.bed >= 0 {
		housed := s.ward.pam()
		c.Housing, c.Care = &housed, &housed
		c.Room, c.Bed = s.ward.name(s.bed)
	}
	return c
}

// leaveBed gives the bed back.
func (s *stay) leaveBed() {
	if s.ward != nil {
		s.ward.release(s.bed)
	}
	s.ward, s.bed = nil, -1
}
