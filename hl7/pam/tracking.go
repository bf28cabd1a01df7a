package pam

import (
	"slices"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// A09 and A10 follow a patient to a temporary place and back, A33 and A32 take
// that back. They are no movements: the bed is kept, and ZBE is not sent (PAM.fr
// 7.1.1, IHE 3.31.7.26 to 3.31.7.29).

// track is a departure or an arrival. Places are empty for the permanent one.
type track struct {
	step      string
	trigger   Trigger
	at        time.Time
	from, to  Unit
	cancelled bool
}

// theatre is where patients are taken who are sent nowhere in particular.
var theatre = Unit{Code: "7010", Label: "BLOC OPÉRATOIRE"}

// follow is A09, A10 and their cancellations.
func (j *Journey) follow(s *step) error {
	s.recorded = j.moment(s.change, 5*time.Minute)
	s.movement = Movement{Trigger: s.event.trigger, Situation: j.Stay().Situation}
	s.prior = s.movement.Situation
	if state := j.State(); state != Open && !s.change.Force {
		return refused(s, state, "le séjour est : %s", "the state of the stay is: %s", state)
	}
	if s.event.cancels != nil {
		return j.unfollow(s)
	}
	t := track{step: s.name, trigger: s.event.trigger, at: s.recorded, from: j.tracked()}
	t.to = j.bound(s, t.from)
	if last := j.lastTrack(); t.trigger == "A09" && last >= 0 && j.tracks[last].trigger == "A09" && !s.change.Force {
		return refused(s, j.State(), "le patient est déjà en route depuis « %s »", "the patient is on the way since %q", j.tracks[last].step)
	}
	if t.trigger == "A10" && t.from == t.to {
		t.from = Unit{} // nothing former to name
	}
	s.track, s.occurred = t, t.at
	j.tracks = append(j.tracks, t)
	return nil
}

// tracked is the temporary place where the patient is, the zero Unit for none.
func (j *Journey) tracked() Unit {
	at := Unit{}
	for _, t := range j.tracks {
		if !t.cancelled && t.trigger == "A10" {
			at = t.to
		}
	}
	return at
}

// lastTrack is the index of the last departure or arrival that stands, -1 if
// there is none.
func (j *Journey) lastTrack() int {
	for i, t := range slices.Backward(j.tracks) {
		if !t.cancelled {
			return i
		}
	}
	return -1
}

// bound is where the patient goes: where the step says, where the last departure
// went, back, or to the theatre.
func (j *Journey) bound(s *step, from Unit) Unit {
	if s.change.Temporary != nil {
		return *s.change.Temporary
	}
	if last := j.lastTrack(); s.event.trigger == "A10" && last >= 0 && j.tracks[last].trigger == "A09" {
		return j.tracks[last].to
	}
	if from != (Unit{}) {
		return Unit{}
	}
	return theatre
}

// unfollow is A33 and A32, of the last event of its kind. PV1 says where the
// patient was before it.
func (j *Journey) unfollow(s *step) error {
	i := j.lastTrack()
	if of := s.change.Of; of != "" {
		i = slices.IndexFunc(j.tracks, func(t track) bool { return t.step == of && !t.cancelled })
	}
	stands := i >= 0 && i == j.lastTrack() && slices.Contains(s.event.cancels, j.tracks[i].trigger)
	switch {
	case stands:
		j.tracks[i].cancelled = true
		s.occurred = j.tracks[i].at
	case s.change.Force:
		s.occurred = s.recorded
	default:
		return refused(s, j.State(),
			"le dernier événement de suivi n'est pas un %s",
			"the last tracking event is no %s", s.event.cancels[0])
	}
	s.track = track{trigger: s.event.trigger, to: j.tracked()}
	return nil
}

// temporary writes PV1-11 and PV1-43: the temporary place that the patient goes
// to or is at, and the one before. On the way back there is only PV1-3.
func (w *writer) temporary(pv1 *hl7.SegmentBuilder) {
	if w.track.trigger == "" {
		return
	}
	pv1.Field(11, w.place(w.track.to)).Field(43, w.place(w.track.from))
	if w.track.trigger == "A09" && w.track.from == (Unit{}) {
		pv1.Field(6, w.location(w.prior))
	}
}

// place writes a PL that is a unit alone.
func (w *writer) place(u Unit) string {
	if u == (Unit{}) {
		return ""
	}
	return components(esc(u.Code), "", "", w.facility().component(w.fullHD()))
}
