package scenarios

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
)

const (
	stepKeys  = "id title spec sanity when connect accept operator trigger receive any_order optional reply probe send with set conforms wire expect capture"
	sendKeys  = "event again file raw burst"
	givenKeys = "charset patient stay"
)

// given decodes the patient and the stay of a play.
func (d *decoder) given(n *node) Given {
	var g Given
	told := d.out.told
	if n == nil || !d.mapping(n, givenKeys) {
		return g
	}
	if cs := n.get("charset"); cs != nil {
		charset := d.charset(cs)
		g.Charset, g.CharsetPos = &charset, cs.pos
	}
	g.Patient = d.made(n.get("patient"), "patient", patientWords())
	g.Stay = d.made(n.get("stay"), "stay", stayWords())
	if d.out.told == told {
		d.checkGiven(g)
	}
	return g
}

// made decodes what a patient or a stay is like. The key `new` says that it is
// made for each play; there is no other way yet.
func (d *decoder) made(n *node, what string, words map[string]word) []Assign {
	if n == nil || !d.isMapping(n) {
		return nil
	}
	rest := *n
	rest.pairs = slices.Clone(n.pairs)
	if fresh := n.get("new"); fresh != nil {
		d.word(fresh, what)
		rest.pairs = slices.DeleteFunc(rest.pairs, func(p pair) bool { return p.key.text == "new" && p.value == fresh })
	}
	return d.words(&rest, words)
}

// words decodes assignments whose keys are words.
func (d *decoder) words(n *node, words map[string]word) []Assign {
	var list []Assign
	d.flatten(n, "", words, &list)
	first := map[string]Assign{}
	for _, a := range list {
		w := words[a.Key]
		text, literal := a.Value.Literal()
		if !literal && w.kind != wordText && !a.Value.faulty {
			d.out.add(a.Value.Pos, Text{
				FR: "cette valeur doit être connue avant l'exécution : pas de {{ }} ici",
				EN: "this value must be known before the run: no {{ }} here",
			})
			continue
		}
		if fault := w.fault(text); literal && fault != nil {
			d.fault(a.Value.Pos, fault)
		}
		if before, given := first[a.Key]; given {
			d.out.add(a.Pos, Textf("« %s » est déjà donné ligne %d", "%q was already given on line %d", a.Key, before.Pos.Line))
			continue
		}
		first[a.Key] = a
	}
	for _, a := range list {
		unit, found := strings.CutSuffix(a.Key, ".label")
		if _, given := first[unit+".code"]; found && !given {
			d.out.add(a.Pos, Text{FR: "une unité a un code", EN: "a unit has a code"}).
				expected("ajoutez %s.code", "add %s.code", unit)
		}
	}
	return list
}

// flatten joins the keys of nested mappings by dots.
func (d *decoder) flatten(n *node, prefix string, words map[string]word, list *[]Assign) {
	known := slices.Sorted(maps.Keys(words))
	for _, p := range n.pairs {
		key := prefix + p.key.text
		_, leaf := words[key]
		branch := slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, key+".") })
		switch {
		case !leaf && !branch:
			bad := d.out.add(p.key.pos, Textf("clé inconnue « %s »", "unknown key %q", key))
			bad.DidYouMean = Nearest(key, branches(known))
			bad.Expected = oneOf(children(known, prefix))
		case branch:
			if d.isMapping(p.value) {
				d.flatten(p.value, key+".", words, list)
			}
		default:
			*list = append(*list, Assign{Pos: p.span(), Key: key, Value: d.template(p.value)})
		}
	}
}

// vars decodes named values, in the order in which they are computed.
func (d *decoder) vars(n *node) []Assign {
	if n == nil || !d.isMapping(n) {
		return nil
	}
	var list []Assign
	for _, p := range n.pairs {
		list = append(list, Assign{Pos: p.key.pos, Key: p.key.text, Value: d.template(p.value)})
	}
	return list
}

// steps decodes a list of steps.
func (d *decoder) steps(n *node, always bool) []*Step {
	items := d.list(n)
	if n != nil && n.kind == sequence && len(items) == 0 {
		d.out.add(n.pos, Text{FR: "la liste des étapes est vide", EN: "the list of steps is empty"})
	}
	var steps []*Step
	for _, item := range items {
		if d.mapping(item, stepKeys) {
			steps = append(steps, d.step(item, always))
		}
	}
	return steps
}

func (d *decoder) step(n *node, always bool) *Step {
	s := d.named(n)
	if sanity := n.get("sanity"); sanity != nil {
		s.Sanity = d.boolean(sanity)
	}
	if when := n.get("when"); when != nil {
		s.When = d.condition(when, always)
	}
	s.Connect = d.connect(n.get("connect"))
	s.Accept = d.accept(n.get("accept"))
	s.Send = d.send(n.get("send"))
	s.Operator = d.operator(n.get("operator"))
	s.Trigger = d.call(n.get("trigger"), callKeys, "POST")
	s.Probe = d.call(n.get("probe"), probeKeys, "GET")
	d.awaiting(s, n)
	s.AnyOrder = d.anyOrder(n.get("any_order"))
	if !slices.ContainsFunc(strings.Fields(deedKeys), func(key string) bool { return hasKey(n, key) }) {
		d.out.add(s.Pos, Text{FR: "cette étape ne fait rien", EN: "this step does nothing"}).
			expected("attendu : send, connect, ou les deux", "expected: send, connect, or both")
	}
	d.together(s, n)
	if with := n.get("with"); with != nil && d.isMapping(with) {
		s.With = d.words(with, changeWords())
		d.needsSend(with, s, SendEvent, "with")
	}
	s.Set = d.set(n.get("set"), s)
	s.Conforms = d.conforms(n.get("conforms"), s)
	s.Wire = d.wire(n.get("wire"), s)
	d.expect(s, n.get("expect"))
	d.deafness(s)
	d.modes(s)
	d.roles(s, n)
	s.Capture = d.captures(n.get("capture"))
	return s
}

// deedKeys are the keys by which a step does something.
const deedKeys = "connect accept send wire operator trigger receive any_order probe"

// named decodes what says which step it is.
func (d *decoder) named(n *node) *Step {
	d.required(n, "id")
	s := &Step{Pos: n.pos, Title: d.bilingual(n.get("title")), Spec: d.optional(n.get("spec"))}
	if id := n.get("id"); id != nil {
		s.Pos = id.pos
		s.ID = d.matching(id, stepName(), Text{
			FR: "attendu : minuscules, chiffres et traits d'union", EN: "expected: lower-case letters, digits and hyphens",
		})
	}
	return s
}

// needsSend reports a key that makes no sense for what the step sends; kind ""
// is any.
func (d *decoder) needsSend(n *node, s *Step, kind SendKind, key string) {
	switch {
	case s.Send == nil && kind == "":
		d.out.add(n.pos, Textf("« %s » sans « send » : il n'y a pas de message", `%q without "send": there is no message`, key))
	case kind == SendEvent && (s.Send == nil || s.Send.Kind != kind):
		d.out.add(n.pos, Textf("« %s » ne vaut que pour un message construit d'après un événement",
			"%q is only for a message that is built from an event", key))
	}
}

func (d *decoder) condition(n *node, always bool) *Condition {
	text, ok := d.text(n)
	if !ok {
		return nil
	}
	if !always {
		d.out.add(n.pos, Text{
			FR: "« when » ne vaut que sous « always » : une étape sautée en silence ne prouve rien",
			EN: `"when" is only for "always": a step skipped in silence proves nothing`,
		})
		return nil
	}
	step, state, found := strings.Cut(text, ".")
	if !found {
		d.out.add(n.pos, Textf("« %s » n'est pas une condition", "%q is no condition", text)).
			expected("attendu : étape.sent, comme admission.sent", "expected: step.sent, such as admission.sent")
		return nil
	}
	known := []string{string(StepSent), string(StepAcked), string(StepPassed), string(StepFailed)}
	if !slices.Contains(known, state) {
		d.out.unknown(n.at(len([]rune(step))+1, len([]rune(state))),
			Textf("état inconnu « %s »", "unknown state %q", state), state, known)
	}
	return &Condition{Pos: n.pos, Step: step, State: StepState(state)}
}

// send decodes what a step sends: a trigger event, or a mapping with one of
// sendKeys.
func (d *decoder) send(n *node) *Send {
	if n == nil {
		return nil
	}
	if n.kind == scalar {
		return &Send{Pos: n.pos, Kind: SendEvent, Event: d.trigger(n)}
	}
	if !d.mapping(n, sendKeys) {
		return nil
	}
	if len(n.pairs) != 1 {
		d.out.add(n.pos, Text{FR: "une seule chose à envoyer par étape", EN: "one thing to send per step"}).Expected = oneOf(strings.Fields(sendKeys))
		return nil
	}
	key, value := n.pairs[0].key.text, n.pairs[0].value
	s := &Send{Pos: n.pairs[0].span(), Kind: SendKind(key), what: value.pos}
	switch s.Kind {
	case SendEvent:
		s.Event = d.trigger(value)
	case SendAgain:
		s.Again = d.optional(value)
	case SendFile:
		s.File = d.fileName(value)
	case SendRaw:
		s.Raw = d.raw(value)
	case SendBurst:
		s.Burst = d.burst(value)
	}
	return s
}

// maxBurst bounds the messages of one step.
const maxBurst = 50

// burst decodes the events of several messages that go out at once.
func (d *decoder) burst(n *node) []pam.Trigger {
	var list []pam.Trigger
	for _, item := range d.list(n) {
		list = append(list, d.trigger(item))
	}
	if n.kind == sequence && !n.lost && (len(list) < 2 || len(list) > maxBurst) {
		d.out.add(n.pos, Textf("une rafale a de 2 à %d messages", "a burst has 2 to %d messages", maxBurst))
	}
	return list
}

func (d *decoder) fileName(n *node) string {
	name, ok := d.text(n)
	if ok && (!fs.ValidPath(name) || name == "." || strings.Contains(name, `\`)) {
		d.out.add(n.pos, Textf("« %s » ne désigne pas un fichier sous le dossier du scénario",
			"%q names no file below the scenario's folder", name)).
			expected("attendu : un chemin relatif, avec « / », sans « .. »", `expected: a relative path, with "/", without ".."`)
	}
	return name
}

// raw compiles a message that is written in the scenario. The lines of a block
// end as segments do.
func (d *decoder) raw(n *node) Template {
	text, ok := d.text(n)
	if ok && n.block {
		text = strings.ReplaceAll(text, "\n", "\r")
	}
	return d.templateOf(n, text)
}

// set decodes fields to bend. The plain words absent and null are HL7's states.
func (d *decoder) set(n *node, s *Step) []Assign {
	if n == nil || !d.isMapping(n) {
		return nil
	}
	d.needsSend(n, s, "", "set")
	var list []Assign
	first := map[string]Assign{}
	for _, p := range n.pairs {
		a := Assign{Pos: p.span(), Key: p.key.text, Value: d.setValue(p.value)}
		path, ok := d.path(p.key, p.key.text, 0)
		if ok && path.Several() {
			d.out.add(p.key.pos, Text{
				FR: "« set » change un seul endroit : pas de [*]", EN: `"set" changes one place: no [*]`,
			})
		}
		place := a.Key
		if ok {
			place = samePlace(path)
		}
		switch before, given := first[place]; {
		case given && before.Key == a.Key:
			d.out.add(p.key.pos, Textf("la clé « %s » est déjà écrite ligne %d",
				"the key %q was already given on line %d", a.Key, before.Pos.Line))
		case given:
			d.out.add(p.key.pos, Textf("« %s » est le même endroit que « %s », ligne %d",
				"%q is the same place as %q, on line %d", a.Key, before.Key, before.Pos.Line))
		}
		first[place] = a
		a.Path = path
		list = append(list, a)
	}
	return list
}

func (d *decoder) setValue(n *node) Template {
	if n.kind == scalar && !n.quoted && !n.block {
		switch n.text {
		case "absent":
			return literalTemplate(n.pos, "")
		case "null":
			return literalTemplate(n.pos, `""`)
		case "present":
			d.out.add(n.pos, Text{FR: "« present » ne dit pas quelle valeur écrire", EN: `"present" does not say which value to write`})
		}
	}
	return d.template(n)
}

func (d *decoder) captures(n *node) []Capture {
	if n == nil || !d.isMapping(n) {
		return nil
	}
	var list []Capture
	for _, p := range n.pairs {
		c := Capture{Pos: p.span(), Name: p.key.text, named: p.key.pos}
		text, ok := d.text(p.value)
		side, path, found := strings.Cut(text, ".")
		switch c.Side = Side(side); {
		case !ok:
		case !found || !slices.Contains([]Side{SideSent, SideAck, SideReceived, SideJSON}, c.Side):
			d.out.add(p.value.pos, Textf("« %s » ne désigne pas une valeur à garder", "%q names no value to keep", text)).
				expected("attendu : comme ack.MSH-10 ou sent.PID-3.1", "expected: like ack.MSH-10 or sent.PID-3.1")
		case c.Side == SideJSON:
			c.JSON, _ = d.jsonPath(p.value, path, len([]rune(side))+1)
		default:
			c.Path, _ = d.path(p.value, path, len([]rune(side))+1)
		}
		list = append(list, c) // a faulty one too: what reads it is not at fault
	}
	return list
}
