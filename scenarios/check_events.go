package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// maxRehearsed bounds the messages that one file has built while it is read.
const maxRehearsed = 2000

// rehearsal builds the messages of a case once, in their order and without a
// network: a discharge of a patient who never came would otherwise be found when
// the candidate waits for it.
//
// What only the run will know is taken to be all right: a text with {{ }} is
// replaced by one that is like no other, an event that the dialect does not have
// is passed over, and after the first event that the state of the stay forbids
// the others are built in spite of it, as nobody knows which state was meant.
// The steps of always are not built: they may be left out at a run too.
type rehearsal struct {
	scenario  *Scenario
	given     Given
	charset   hl7.Charset
	journey   *pam.Journey
	lost      bool // the state of the stay is no longer that of the run
	unknown   int  // texts that were replaced
	built     int
	messages  map[string]*hl7.Message // by step, as they are sent
	complaint []*Problem

	speaks  string                  // the dialect to build in; "": the first that the scenario allows
	judges  map[string]*rules.Judge // by dialect, made when they are needed
	origin  map[string]origin       // by step
	suspect []*Problem              // messages that are not what is said of them
}

// origin is what of a message matters to who judges it.
type origin struct {
	built   bool // from an event
	guessed bool // something in it is known at the run only
}

// rehearse reports what keeps a case from being played. Patients and units are
// drawn, so a fault counts only when other draws have it too. What steps say of
// the conformance of their messages is looked at in each dialect that the
// scenario allows, or in that of the candidate alone.
func (d *decoder) rehearse(s *Scenario, c *Case) {
	problems := d.rehearseIn(s, c, "")
	if !slices.ContainsFunc(c.Steps, func(step *Step) bool { return step.Conforms != nil }) {
		d.refuse(c, problems)
		return
	}
	first := (&rehearsal{scenario: s}).language()
	var kept []string // the dialects in which every step is what it says
	if !slices.ContainsFunc(problems, c.doubts) && d.concerns(first) {
		kept = append(kept, first)
	}
	for _, dialect := range pam.Dialects() {
		allowed := len(s.Dialects) == 0 || slices.Contains(s.Dialects, dialect.Name)
		if !allowed || dialect.Name == first || !d.concerns(dialect.Name) {
			continue
		}
		more := d.rehearseIn(s, c, dialect.Name)
		if len(more) == 0 {
			kept = append(kept, dialect.Name)
		}
		problems = append(problems, more...)
	}
	for _, p := range problems {
		if c.doubts(p) && len(kept) > 0 && d.rehearsed < maxRehearsed {
			list := strings.Join(kept, ", ")
			p.expected("si le pas n'est écrit que pour ces dialectes, ajoutez au scénario « dialects: [%[1]s] »", "if the step is only meant for these dialects, add \"dialects: [%[1]s]\" to the scenario", list)
		}
	}
	d.refuse(c, problems)
}

// doubts reports whether a problem is about what a step says of the conformance
// of its message.
func (c *Case) doubts(p *Problem) bool {
	return slices.ContainsFunc(c.Steps, func(step *Step) bool { return step.Conforms != nil && step.Conforms.Pos == p.Pos })
}

// concerns reports whether conformance in a dialect is of interest: of any,
// unless it is known which one the candidate speaks.
func (d *decoder) concerns(dialect string) bool { return d.speaks == "" || d.speaks == dialect }

// rehearseIn returns what it finds in one dialect; "" is the first that the
// scenario allows. In the others only conformance is of interest.
func (d *decoder) rehearseIn(s *Scenario, c *Case, dialect string) []*Problem {
	var problems []*Problem
	for seed := range uint64(3) {
		if d.rehearsed >= maxRehearsed {
			return nil
		}
		r := &rehearsal{
			scenario: s, given: c.Given, speaks: dialect, judges: d.judges,
			messages: map[string]*hl7.Message{}, origin: map[string]origin{},
		}
		r.play(seed, c.Steps, maxRehearsed-d.rehearsed)
		d.rehearsed += r.built
		d.judges = r.judges
		var found []*Problem
		if d.concerns(r.language()) {
			found = r.suspect
		}
		if dialect == "" {
			found = append(found, r.complaint...)
		}
		if seed == 0 {
			problems = found
		}
		problems = slices.DeleteFunc(problems, func(p *Problem) bool {
			return !slices.ContainsFunc(found, func(q *Problem) bool { return p.Pos == q.Pos })
		})
		if len(problems) == 0 {
			return nil
		}
	}
	return problems
}

// refuse reports problems, each place once.
func (d *decoder) refuse(c *Case, problems []*Problem) {
	for _, p := range problems {
		if d.refused[p.Pos] {
			continue // another row of the table has told it
		}
		if d.refused == nil {
			d.refused = map[Source]bool{}
		}
		d.refused[p.Pos] = true
		if c.ID != "" {
			p.Message.FR += fmt.Sprintf(" (cas « %s »)", c.ID)
			p.Message.EN += fmt.Sprintf(" (case %q)", c.ID)
		}
		d.out.add(p.Pos, p.Message).Expected = p.Expected
	}
}

// play makes the patient and the stay, and builds at most limit messages.
func (r *rehearsal) play(seed uint64, steps []*Step, limit int) {
	r.charset = hl7.UTF8
	if r.given.Charset != nil {
		r.charset = *r.given.Charset
	}
	if !r.begin(seed) {
		return
	}
	for _, step := range steps {
		if step.Send == nil {
			continue
		}
		for i := range max(len(step.Send.Burst), 1) {
			if r.built++; r.built > limit {
				return
			}
			m := r.message(step, i)
			if m != nil {
				r.set(step, m)
				r.messages[step.ID] = m
			}
			r.conforms(step, m)
		}
	}
}

// begin makes the patient and the stay; false when there is none to go on with.
func (r *rehearsal) begin(seed uint64) bool {
	dialect, err := pam.DialectByName(cmp.Or(r.speaks, r.dialect()))
	if err != nil {
		return false
	}
	letters := ""
	if r.charset == hl7.ASCII {
		letters = "ascii"
	}
	given := Given{Patient: r.known(r.given.Patient), Stay: r.known(r.given.Stay)}
	patientSpec, _ := given.PatientSpec(nil)
	staySpec, _ := given.StaySpec(nil)
	patientSpec.Letters, staySpec.Letters = cmp.Or(patientSpec.Letters, letters), cmp.Or(staySpec.Letters, letters)
	gen := pam.NewGenerator(seed, time.Now())
	patient, err := gen.Patient(patientSpec)
	if err != nil {
		r.report(concerned(given.Patient, "patient.", err), err)
		return false
	}
	stay, err := gen.Stay(staySpec)
	if err != nil {
		r.report(concerned(given.Stay, "stay.", err), err)
		return false
	}
	r.journey = pam.NewJourney(gen, dialect, r.charset, NewCandidate().Partners(), patient, stay)
	return true
}

// dialect is the first dialect that the scenario allows, in the order of
// preference of package pam.
func (r *rehearsal) dialect() string {
	for _, dialect := range pam.Dialects() {
		if slices.Contains(r.scenario.Dialects, dialect.Name) {
			return dialect.Name
		}
	}
	return ""
}

// known replaces the values that only the run will know.
func (r *rehearsal) known(assigns []Assign) []Assign {
	list := slices.Clone(assigns)
	for i, a := range list {
		if _, literal := a.Value.Literal(); !literal {
			r.unknown++ // in letters: a name has no digits
			list[i].Value = literalTemplate(a.Value.Pos, "X"+strings.Map(func(r rune) rune { return r - '0' + 'A' }, strconv.Itoa(r.unknown)))
		}
	}
	return list
}

// message is what the step sends before any field is bent, of a burst the i-th,
// nil when that cannot be known.
func (r *rehearsal) message(step *Step, i int) *hl7.Message {
	send := step.Send
	switch send.Kind {
	case SendEvent:
		return r.event(step, step.ID, send.Event)
	case SendBurst:
		if i < len(send.Burst) {
			return r.event(step, burstID(step, i), send.Burst[i])
		}
	case SendAgain:
		if m := r.messages[send.Again]; m != nil {
			return m.Clone()
		}
	case SendFile:
		if data, err := r.scenario.ReadFile(send.File, maxSentFile); err == nil && (len(step.Set) > 0 || step.Conforms != nil) {
			return parsed(data)
		}
	case SendRaw:
		text, literal := send.Raw.Literal()
		if !literal {
			return nil
		}
		data, err := r.charset.Encode(text)
		if err != nil {
			r.report(send.Pos, err)
			return nil
		}
		m, err := hl7.Parse(data)
		if err != nil && len(step.Set) > 0 {
			r.complain(send.Pos, Textf("« set » veut un message, et ce texte n'en est pas un : %[1]s",
				`"set" wants a message, and this text is none: %[2]s`, inLang(err, "fr"), inLang(err, "en")), Text{})
		}
		if err == nil {
			return m
		}
	}
	return nil
}

func parsed(data []byte) *hl7.Message {
	m, err := hl7.Parse(data)
	if err != nil {
		return nil
	}
	return m
}

// event builds the message of an event. A key of `with` that makes no sense is
// reported and left out, so that what else is wrong is found too.
func (r *rehearsal) event(step *Step, id string, trigger pam.Trigger) *hl7.Message {
	with := r.known(step.With)
	for {
		change, err := (&Step{With: with}).Change(nil)
		if err != nil {
			return nil
		}
		change.Force = change.Force || r.lost
		m, err := r.journey.Message(id, trigger, change)
		if err == nil {
			return m
		}
		if errors.Is(err, pam.ErrNotApplicable) {
			r.lost = true
			return nil
		}
		if _, ok := errors.AsType[*pam.StateError](err); ok && !change.Force {
			r.lost = true
			pos := step.Send.Pos
			if i := slices.IndexFunc(with, func(a Assign) bool { return a.Key == "of" }); i >= 0 {
				pos = with[i].Pos
			}
			r.report(pos, err)
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(with), func(a Assign) bool { return concerns(a.Key, "", err) })
		if len(rest) == len(with) {
			r.lost = true
			r.report(r.unwritable(step), err)
			return nil
		}
		r.report(concerned(with, "", err), err)
		with = rest
	}
}

// unwritable is the place of the first text of the step, the patient or the stay
// that the character set cannot write, or else of what the step sends.
func (r *rehearsal) unwritable(step *Step) Source {
	for _, a := range slices.Concat(step.With, r.given.Patient, r.given.Stay) {
		text, literal := a.Value.Literal()
		if _, err := r.charset.Encode(text); literal && err != nil {
			return a.Value.Pos
		}
	}
	return step.Send.Pos
}

// set bends the message as the step says, the character set last as the player
// does it.
func (r *rehearsal) set(step *Step, m *hl7.Message) {
	bends := slices.Clone(step.Set)
	slices.SortStableFunc(bends, func(a, b Assign) int {
		charset := func(x Assign) int {
			if x.Path.SegmentName() == "MSH" && x.Path.Field() == 18 {
				return 1
			}
			return 0
		}
		return charset(a) - charset(b)
	})
	for _, a := range bends {
		value, literal := a.Value.Literal()
		if !literal {
			continue
		}
		err := m.Set(a.Path, value)
		if err == nil {
			continue
		}
		pos := a.Pos
		if bad, ok := errors.AsType[*hl7.Error](err); ok && (bad.Kind == hl7.KindBadValue || bad.Kind == hl7.KindUnencodable) {
			pos = a.Value.Pos
		} else {
			pos.Width = min(pos.Width, utf8.RuneCountInString(a.Key))
		}
		r.report(pos, err)
	}
}

// concerned is the place of the assignment that an error names, or of the first.
// Keys stand for fields of package pam that begin with prefix.
func concerned(assigns []Assign, prefix string, err error) Source {
	for _, a := range assigns {
		if concerns(a.Key, prefix, err) {
			return a.Pos
		}
	}
	if len(assigns) == 0 {
		return Source{}
	}
	return assigns[0].Pos
}

// concerns reports whether the error is about a key. What package pam calls the
// unit of a stay is any part of the place where the patient lies.
func concerns(key, prefix string, err error) bool {
	bad, ok := errors.AsType[*pam.SpecError](err)
	if !ok {
		return false
	}
	key = prefix + key
	if key == bad.Field || strings.HasPrefix(key, bad.Field+".") {
		return true
	}
	return strings.HasPrefix(bad.Field, "stay.unit") && strings.HasPrefix(key, "stay.") && key != "stay.class" && key != "stay.letters"
}

func (r *rehearsal) report(pos Source, err error) {
	var hint Text
	if h, ok := errors.AsType[interface {
		error
		Hint(string) string
	}](err); ok {
		hint = Text{FR: h.Hint("fr"), EN: h.Hint("en")}
	}
	if bad, ok := errors.AsType[*hl7.Error](err); ok {
		anywhere := *bad
		anywhere.Offset = -1 // counted in a message that nobody sees
		err = &anywhere
		if bad.Kind == hl7.KindNoSegment {
			hint = Text{} // a step adds none
		}
	}
	r.complain(pos, Text{FR: inLang(err, "fr"), EN: inLang(err, "en")}, hint)
}

func (r *rehearsal) complain(pos Source, message, expected Text) {
	if pos.Line == 0 {
		return // of a value that nobody wrote: nothing to show
	}
	r.complaint = append(r.complaint, &Problem{Pos: pos, Message: message, Expected: expected})
}
