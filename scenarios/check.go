package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// maxSentFile bounds a file that a step sends.
const maxSentFile = 10 << 20

// checker looks whether the names in a case mean something where they stand: a
// reference to a step that comes later, or to nothing, is found before anything
// is sent.
type checker struct {
	d     *decoder
	names map[string]bool  // variables and captures that have a value by now
	later map[string]bool  // those that will have one
	steps map[string]*Step // played by now
	all   map[string]*Step
	order []string // ids of all steps
}

// checkCase checks what a case means, its form having been read.
func (d *decoder) checkCase(s *Scenario, c *Case) {
	k := &checker{d: d, names: map[string]bool{}, later: map[string]bool{}, steps: map[string]*Step{}, all: map[string]*Step{}}
	k.declare(c)
	for _, a := range slices.Concat(c.Given.Patient, c.Given.Stay) {
		k.given(a.Value)
	}
	for _, v := range c.Vars {
		k.template(v.Value, nil)
		k.names[v.Key] = true
	}
	for _, step := range slices.Concat(c.Steps, c.Always) {
		k.step(s, step)
	}
}

// declare collects every name of the case and reports those given twice.
func (k *checker) declare(c *Case) {
	declare := func(pos Source, name string) {
		switch {
		case !variableName().MatchString(name):
			k.d.out.add(pos, Textf("« %s » n'est pas un nom", "%q is not a name", name)).Expected = nameForm()
		case slices.Contains(strings.Fields(reservedNames), name):
			k.d.out.add(pos, Textf("« %s » est un mot du langage", "%q is a word of the language", name)).
				expected("choisissez un autre nom", "choose another name")
		case k.later[name]:
			k.d.out.add(pos, Textf("« %s » a déjà une valeur", "%q already has a value", name)).
				expected("choisissez un autre nom", "choose another name")
		}
		k.later[name] = true
	}
	for _, v := range c.Vars {
		declare(v.Pos, v.Key)
	}
	for _, s := range flattened(c.Steps, c.Always) {
		if s.ID != "" && k.all[s.ID] != nil {
			k.d.out.add(s.Pos, Textf("deux étapes s'appellent « %s »", "two steps are called %q", s.ID))
		}
		if slices.Contains(strings.Fields(reservedNames), s.ID) {
			k.d.out.add(s.Pos, Textf("« %s » est un mot du langage", "%q is a word of the language", s.ID)).
				expected("choisissez un autre nom", "choose another name")
		}
		k.all[s.ID] = s
		k.order = append(k.order, s.ID)
		for _, capture := range s.Capture {
			declare(capture.named, capture.Name)
		}
	}
}

// step checks a step, then lets the following ones refer to it.
func (k *checker) step(s *Scenario, step *Step) {
	if step.When != nil {
		k.earlier(step.When.Pos, step.When.Step)
	}
	for _, a := range slices.Concat(step.With, step.Set) {
		k.template(a.Value, nil)
		if text, ok := a.Value.Literal(); ok && a.Key == "of" && len(a.Path.SegmentName()) == 0 {
			k.earlier(a.Value.Pos, text)
		}
	}
	if step.Send != nil {
		k.send(s, step)
	}
	k.around(step)
	for _, item := range step.AnyOrder {
		k.step(s, item)
	}
	k.expectations(step, step.Expect)
	for _, c := range step.Capture {
		if !step.has(c.Side) {
			k.d.out.add(c.Pos, noSuchMessage(c.Side))
		}
		k.names[c.Name] = true
	}
	k.steps[step.ID] = step
}

func (k *checker) send(s *Scenario, step *Step) {
	send := step.Send
	switch send.Kind {
	case SendAgain:
		switch earlier := k.earlier(send.what, send.Again); {
		case earlier == nil:
		case earlier.Send == nil:
			k.d.out.add(send.what, Textf("l'étape « %s » n'envoie pas de message", "the step %q sends no message", send.Again))
		case earlier.Send.Kind == SendBurst:
			k.d.out.add(send.what, Textf("l'étape « %s » envoie plusieurs messages", "the step %q sends several messages", send.Again))
		}
	case SendRaw:
		k.template(send.Raw, nil)
	case SendFile:
		k.file(s, step)
	}
}

// file checks that a file to send is there, and that it is a message when
// fields of it are to be bent.
func (k *checker) file(s *Scenario, step *Step) {
	pos, name := step.Send.what, step.Send.File
	if !fs.ValidPath(name) || name == "." {
		return // told
	}
	data, err := s.ReadFile(name, maxSentFile)
	if err != nil {
		why := unreadable(name, err).Message
		k.d.out.add(pos, Text{FR: fmt.Sprintf("« %s » : %s", name, why.FR), EN: fmt.Sprintf("%q: %s", name, why.EN)}).
			expected("les fichiers se cherchent à côté du scénario", "files are looked for beside the scenario")
		return
	}
	if _, err := hl7.Parse(data); err != nil && len(step.Set) > 0 {
		k.d.out.add(pos, Textf("« set » veut un message, et ce fichier n'en est pas un : %[1]s",
			`"set" wants a message, and this file is none: %[2]s`, inLang(err, "fr"), inLang(err, "en")))
	}
}

// expectations checks what a step expects. Its own messages can be referred to.
func (k *checker) expectations(step *Step, list []*Expectation) {
	for _, e := range list {
		for _, alternative := range e.AnyOf {
			k.expectations(step, alternative)
		}
		message := e.Target == TargetAccept || e.Target == TargetNoAccept || e.Target == TargetAcceptConforms || e.Target == TargetAnswers || e.Target == TargetAck || e.Target == TargetSent || e.Target == TargetNoAck || e.Target == TargetConforms || e.Target == TargetLatency
		if message && !step.sends() {
			k.d.out.add(e.Pos, Text{FR: "cette étape n'envoie rien : il n'y a rien à attendre", EN: "this step sends nothing: there is nothing to wait for"})
		}
		k.fits(step, e)
		if e.Matcher != nil {
			for _, t := range e.Matcher.templates() {
				k.template(t, step)
			}
		}
	}
}

// earlier returns the step of that id if it was played by now, and reports it
// otherwise.
func (k *checker) earlier(pos Source, id string) *Step {
	if step := k.steps[id]; step != nil || id == "" {
		return step
	}
	if k.all[id] != nil {
		k.d.out.add(pos, Textf("l'étape « %s » ne vient pas avant celle-ci", "the step %q does not come before this one", id))
		return nil
	}
	if k.d.out.full() {
		return nil
	}
	var before []string
	for _, name := range k.order {
		if k.steps[name] != nil {
			before = append(before, name)
		}
	}
	p := k.d.out.add(pos, Textf("aucune étape ne s'appelle « %s »", "no step is called %q", id))
	if len(before) > 0 {
		p.suggest(id, before)
	}
	return nil
}

// template checks the references of a template; own is the step whose messages
// {{sent.…}} and {{ack.…}} are, nil where there are none yet.
func (k *checker) template(t Template, own *Step) {
	for _, ref := range t.Refs() {
		switch ref.Kind {
		case RefName:
			k.name(ref)
		case RefMessage:
			k.message(ref, own)
		}
	}
}

func (k *checker) name(ref Ref) {
	switch {
	case k.names[ref.Name], k.d.out.full():
	case k.later[ref.Name]:
		k.d.out.add(ref.Pos, Textf("« %s » n'a pas encore de valeur ici", "%q has no value yet here", ref.Name))
	default:
		known := strings.Fields("now start seed control_id")
		for name := range k.names {
			known = append(known, name)
		}
		slices.Sort(known)
		k.d.out.unknown(ref.Pos, Textf("variable inconnue « %s »", "unknown variable %q", ref.Name), ref.Name, known)
	}
}

func (k *checker) message(ref Ref, own *Step) {
	step := own
	switch {
	case own != nil && ref.Step == own.ID && ref.Step != "":
		name := string(ref.Side) + "." + ref.Path.String()
		k.d.out.add(ref.Pos, Textf("dans sa propre étape, un message s'écrit « %s »", "a step's own message is %q", name)).
			DidYouMean = name
	case ref.Step != "":
		if step = k.earlier(ref.Pos, ref.Step); step == nil {
			return
		}
	case own == nil:
		k.d.out.add(ref.Pos, Text{FR: "le message de cette étape n'existe pas encore", EN: "the message of this step does not exist yet"})
		return
	}
	if !step.has(ref.Side) {
		k.d.out.add(ref.Pos, noSuchMessage(ref.Side))
	}
}

// given checks a template of given, which is rendered before anything exists.
func (k *checker) given(t Template) {
	for _, ref := range t.Refs() {
		switch ref.Kind {
		case RefName, RefMessage, RefPatient, RefStay, RefControlID:
			k.d.out.add(ref.Pos, Textf("« %s » n'existe pas encore quand le patient est créé",
				"%q does not exist yet when the patient is made", ref.Text))
		}
	}
}

// checkGiven makes the patient and the stay once, when all about them is known,
// to find what cannot go together.
func (d *decoder) checkGiven(g Given) {
	literal := func(list []Assign) bool {
		return !slices.ContainsFunc(list, func(a Assign) bool { _, ok := a.Value.Literal(); return !ok })
	}
	made := pam.NewGenerator(1, time.Unix(0, 0).UTC())
	report := func(list []Assign, err error) {
		if err == nil || len(list) == 0 {
			return
		}
		pos := list[0].Pos
		if bad, ok := errors.AsType[*pam.SpecError](err); ok {
			for _, a := range list {
				if strings.HasSuffix(bad.Field, "."+a.Key) {
					pos = a.Pos
				}
			}
		}
		d.out.add(pos, Text{FR: inLang(err, "fr"), EN: inLang(err, "en")})
	}
	if literal(g.Patient) {
		spec, _ := g.PatientSpec(nil)
		if bornForm().MatchString(spec.Born) {
			spec.Born = "" // whether a date is possible depends on the instant of the run
		}
		_, err := made.Patient(spec)
		report(g.Patient, err)
	}
	if literal(g.Stay) {
		spec, _ := g.StaySpec(nil)
		_, err := made.Stay(spec)
		report(g.Stay, err)
	}
}
