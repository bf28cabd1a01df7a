package pam

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// Partners are MSH-3 to MSH-6, as plain names or as HD with its components
// separated by ^. Empty ones get a name of the laboratory.
type Partners struct {
	SendingApplication, SendingFacility     string
	ReceivingApplication, ReceivingFacility string
}

// Journey is a patient, a stay and its movements, told in one dialect. Each
// Message moves it one step further. A Journey belongs to one goroutine, the
// one of its generator.
type Journey struct {
	gen      *Generator
	dialect  Dialect
	charset  hl7.Charset
	partners Partners
	rng      *rand.Rand // choices that a step leaves open

	patient Patient
	stay    Stay
	log     log
	created []string  // IPP of those whom an A28 or A31, which creates whom it does not find, told about
	other   *Patient  // the other record of the last step that had one; nil for none
	links   []string  // pairs of IPP that an A24 linked
	tracks  []track   // departures and arrivals at temporary places
	clock   time.Time // of the last step; zero before the first
}

// NewJourney begins a journey. It copies pt and st: two journeys of one patient
// do not share what happens to them.
func NewJourney(g *Generator, d Dialect, cs hl7.Charset, p Partners, pt *Patient, st *Stay) *Journey {
	j := &Journey{gen: g, dialect: d, charset: cs, partners: p, rng: g.stream(journeys, g.counts[journeys]), patient: *pt, stay: *st}
	j.patient.Given = slices.Clone(pt.Given)
	g.counts[journeys]++
	return j
}

// State tells where the stay is.
func (j *Journey) State() State { return j.log.state() }

// Patient returns the patient as the last message left them.
func (j *Journey) Patient() Patient {
	p := j.patient
	p.Given = slices.Clone(p.Given)
	return p
}

// Stay returns the stay with the situation that the last movement left.
func (j *Journey) Stay() Stay {
	st := j.stay
	if last := j.log.last(); last >= 0 {
		st.Situation = j.log[last].Situation
	}
	return st
}

// Movements returns the movements of the stay in the order in which they were
// inserted, the cancelled ones too.
func (j *Journey) Movements() []Movement { return slices.Clone(j.log) }

// step is everything that the segments of one message are written from.
type step struct {
	name   string
	event  event
	change Change
	former Patient // the patient before the step
	// about is the event whose content the message has: the corrected one in a
	// Z99, else event itself.
	about event

	recorded time.Time // MSH-7, EVN-2
	occurred time.Time // EVN-6, zero when it stays empty
	planned  time.Time // EVN-3, and PV2-8 or PV2-9; zero when there is none
	back     time.Time // PV2-47, the end of a leave

	movement Movement  // of ZBE; its Situation is that of PV1
	track    track     // PV1-11 and PV1-43
	historic bool      // ZBE-5
	nature   string    // ZBE-9
	prior    Situation // PV1-6, in an event that changes the place

	subject  *Patient      // of PID, when it is not the patient of the journey
	linked   *Patient      // of the second PID, in an A24 and A37
	replaced formerNumbers // MRG
	gone     string        // the IPP that the step takes out of use

	declared  string // ROL-2 of the declared doctor, "" for no ROL
	withdrawn bool   // the INS is deleted, PID-3 with CX-1 = ""

	entered, left time.Time // PV1-44, PV1-45
	preadmitted   bool      // PV1-5
}

// Message builds the message of trigger event t at the step called name and
// moves the journey on. When it returns an error the journey is as it was:
//
//   - *NotApplicableError: the dialect has no such event or class
//   - *StateError: the state of the stay makes it impossible (see Change.Force)
//   - *SpecError: a word, date or name in c cannot be used
//   - *TriggerError: no event of ITI-30 or ITI-31
//   - *EncodingError: the character set cannot write a text of the message
//
// Any other error is a fault of this package.
func (j *Journey) Message(name string, t Trigger, c Change) (*hl7.Message, error) {
	e, known := lookup(t)
	if !known {
		return nil, newTriggerError(string(t))
	}
	if ok, why := j.dialect.Supports(t); !ok {
		return nil, notApplicable(t, j.dialect, why)
	}
	if c.Of != "" && e.kind == insert && e.cancels != nil {
		e.kind = cancel // of the opposite change of class
	}
	if err := c.check(e); err != nil {
		return nil, err
	}
	next := *j
	next.log, next.tracks = slices.Clone(j.log), slices.Clone(j.tracks)
	s := &step{name: name, event: e, about: e, change: c}
	if err := next.advance(s); err != nil {
		return nil, err
	}
	if err := next.checkNumbers(s); err != nil {
		return nil, err
	}
	m, err := next.compose(s)
	if err != nil {
		return nil, err
	}
	j.gen.spend(s.gone)
	*j = next
	return m, nil
}

// advance applies the step to the journey and fills in what the message says.
func (j *Journey) advance(s *step) error {
	s.former = j.patient
	if s.change.Stay != nil {
		if err := j.reopen(s); err != nil {
			return err
		}
	}
	if err := j.checkClass(s); err != nil {
		return err
	}
	if s.change.Patient != nil {
		if err := j.tell(s); err != nil {
			return err
		}
	}
	j.register(s)
	var err error
	switch s.event.kind {
	case tracking:
		err = j.follow(s)
	case insert:
		err = j.insert(s)
	case cancel:
		err = j.cancel(s)
	case update:
		err = j.correct(s)
	default:
		err = j.identify(s)
	}
	if err != nil {
		return err
	}
	if s.change.Patient != nil {
		j.patient.updated = s.recorded
	}
	j.declares(s)
	j.clock = s.recorded
	s.entered = j.log.entered(orNow(s.movement.Start, s.recorded))
	return nil
}

// checkClass refuses a stay of a class that the dialect does not have.
func (j *Journey) checkClass(s *step) error {
	class := orElse(s.change.Class, j.Stay().Class)
	if s.event.transaction == "ITI-30" || j.dialect.supportsClass(class) {
		return nil
	}
	return notApplicable(s.event.trigger, j.dialect, Text{
		FR: "la classe " + class + " y est inconnue",
		EN: "it has no patient class " + class,
	})
}

// reopen starts the new stay of the change.
func (j *Journey) reopen(s *step) error {
	state := j.State()
	if state != None && state != Closed && state != Cancelled && !s.change.Force {
		return refused(s, state, "le séjour précédent est : %s", "the state of the stay before is: %s", state)
	}
	j.stay, j.log, j.tracks = *s.change.Stay, nil, nil
	return nil
}

// identify is everything that is no movement: who people are, which records are
// of one person, and whose an account is.
func (j *Journey) identify(s *step) error {
	s.recorded = j.moment(s.change, 5*time.Minute)
	s.occurred = s.recorded
	switch s.event.trigger {
	case "A28", "A31":
		return j.describe(s)
	case "A24", "A37":
		return j.link(s)
	case "A40":
		return j.merge(s)
	case "A44":
		return j.moveAccount(s)
	case "A47":
		return j.renumber(s)
	case "A49":
		return j.renumberAccount(s)
	}
	return nil
}

// moment is when a step without a movement is recorded: At, else a while after
// the last step, and never before it.
func (j *Journey) moment(c Change, pause time.Duration) time.Time {
	if c.At != 0 {
		return later(j.clock, j.gen.instant.Add(c.At))
	}
	if j.clock.IsZero() {
		return j.gen.instant
	}
	return j.clock.Add(pause)
}

// when is when a movement happens and when it is recorded. A movement without
// a moment comes an hour after the last one.
func (j *Journey) when(c Change) (start, recorded time.Time) {
	recorded = j.gen.instant.Add(c.At)
	if last := j.log.last(); c.At == 0 && last >= 0 {
		recorded = later(j.clock, j.log[last].Start.Add(time.Hour))
	}
	start = recorded
	if c.Start != nil {
		start = j.gen.instant.Add(*c.Start)
	}
	return start, later(j.clock, recorded)
}

// orNow is t, or now when there is no t.
func orNow(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
