package scenarios

import (
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

const (
	receiveKeys    = "listener present event patient match within count unexpected"
	replyKeys      = "code error text after close wrong"
	replyErrorKeys = "code field text severity diagnostic user"
	anyOrderKeys   = "id title spec receive optional reply expect capture"
	operatorKeys   = "fr en within"
	neverReply     = "never"
)

// Bounds of what one step awaits.
const (
	maxReceived = 100
	maxAnyOrder = 30
)

// awaiting decodes what a step waits for, and what it answers.
func (d *decoder) awaiting(s *Step, n *node) {
	s.Receive = d.receive(n.get("receive"))
	if optional := n.get("optional"); optional != nil {
		s.Optional = d.boolean(optional)
		if !hasKey(n, "receive") {
			d.out.add(optional.pos, Text{FR: "seul un message attendu peut être facultatif", EN: "only a message that is awaited can be optional"}).
				expected("attendu : avec receive", "expected: with receive")
		} else if s.Optional && s.Receive.silence() {
			d.out.add(optional.pos, Text{FR: "un silence ne peut être facultatif", EN: "a silence cannot be optional"})
		}
	}
	reply := n.get("reply")
	s.Reply = d.reply(reply)
	switch {
	case reply == nil:
	case !hasKey(n, "receive"):
		d.out.add(reply.pos, Text{FR: "« reply » sans « receive » : il n'y a pas de message à acquitter", EN: `"reply" without "receive": there is no message to answer`})
	case s.Receive.silence():
		d.out.add(reply.pos, Text{FR: "un message qui ne doit pas venir n'a pas de réponse", EN: "a message that may not come has no answer"})
	}
}

// receive decodes which message is awaited: an event, or a mapping.
func (d *decoder) receive(n *node) *Receive {
	if n == nil {
		return nil
	}
	r := &Receive{Pos: n.pos, Least: 1, Most: 1, Unexpected: Must}
	if n.kind == scalar {
		r.Events = []pam.Trigger{d.trigger(n)}
		return r
	}
	if !d.mapping(n, receiveKeys) {
		return nil
	}
	for _, p := range n.pairs {
		d.receiveKey(r, p)
	}
	if r.Most == 0 && n.get("within") == nil {
		d.out.add(n.pos, Text{FR: "combien de temps rien ne doit-il venir ?", EN: "how long may nothing come?"}).
			expected("ajoutez within, comme within: 10s", "add within, such as within: 10s")
	}
	return r
}

func (d *decoder) receiveKey(r *Receive, p pair) {
	switch v := p.value; p.key.text {
	case "listener":
		r.Listener = d.matching(v, identityName(), Text{FR: "attendu : un nom de harness.listeners", EN: "expected: a name of harness.listeners"})
	case "present":
		name := d.serverIdentity(v)
		r.Present = &name
	case "event":
		if v.kind != sequence {
			r.Events = []pam.Trigger{d.trigger(v)}
			return
		}
		for _, item := range v.items {
			r.Events = append(r.Events, d.trigger(item))
		}
		if len(v.items) == 0 {
			d.out.add(v.pos, Text{FR: "la liste des événements est vide", EN: "the list of events is empty"})
		}
	case "patient":
		r.Patient = Whose(d.optional(v))
		if known := []string{string(PatientSame), string(PatientAny), string(PatientNew)}; !slices.Contains(known, string(r.Patient)) {
			r.ID, r.Patient = d.template(v), PatientNamed
			if text, literal := r.ID.Literal(); literal && Nearest(text, known) != "" {
				d.out.unknown(v.pos, Textf("valeur inconnue « %s »", "unknown value %q", text), text, known)
			}
		}
	case "match":
		r.Match = d.expectFields(v, TargetReceived)
		for _, e := range r.Match {
			if e.Level != Must {
				d.out.add(e.Pos, Text{FR: "ce qui fait reconnaître un message n'a pas de niveau", EN: "what a message is known by has no level"}).
					expected("dites-le sous expect: {received: …}", "say it below expect: {received: …}")
			}
		}
	case "within":
		r.Within = d.wait(v)
	case "count":
		d.receiveCount(r, v)
	case "unexpected":
		r.Unexpected = Level(d.word(v, string(Must), string(Should), string(Info)))
	}
}

// receiveCount decodes how many messages may come.
func (d *decoder) receiveCount(r *Receive, n *node) {
	count, ok := d.countTest(n).(countTest)
	if !ok {
		return // told
	}
	r.Least, r.Most = count.least, count.most
	if r.Most < 0 {
		r.Most = maxReceived
	}
	if r.Most > maxReceived || r.Least > r.Most {
		d.out.add(n.pos, Textf("une étape attend au plus %d messages", "a step waits for %d messages at most", maxReceived))
	}
}

// reply decodes what is answered: a code, never, or a mapping.
func (d *decoder) reply(n *node) *Reply {
	if n == nil {
		return nil
	}
	r := &Reply{Pos: n.pos}
	if n.kind == scalar {
		word := d.word(n, append(strings.Fields(ackCodes), neverReply)...)
		if r.Silent = word == neverReply; !r.Silent {
			r.Code = hl7.AckCode(word)
		}
		return r
	}
	if !d.mapping(n, replyKeys) {
		return nil
	}
	if len(n.pairs) == 0 && !n.lost {
		d.out.add(n.pos, Text{FR: "que faut-il répondre ?", EN: "what is to be answered?"}).Expected = oneOf(strings.Fields(replyKeys))
	}
	for _, p := range n.pairs {
		switch v := p.value; p.key.text {
		case "code":
			r.Code = hl7.AckCode(d.word(v, strings.Fields(ackCodes)...))
		case "error":
			r.Error = d.replyError(v)
		case "text":
			r.Text = d.template(v)
		case "after":
			r.After = d.wait(v)
		case "close":
			r.Close = ReplyClose(d.word(v, string(CloseBefore), string(CloseAfter)))
		case "wrong":
			r.Wrong = ReplyFault(d.word(v, replyFaults()...))
		}
	}
	if r.Close == CloseBefore {
		for _, p := range n.pairs {
			if key := p.key.text; key != "close" && key != "after" {
				d.out.add(p.span(), Textf("« %s » n'a pas d'effet : la connexion est coupée avant la réponse", "%q has no effect: the connection is cut before the answer", key))
			}
		}
	}
	return r
}

// replyError decodes the ERR segment of an answer.
func (d *decoder) replyError(n *node) *ReplyError {
	if !d.mapping(n, replyErrorKeys) {
		return nil
	}
	d.required(n, "code")
	e := &ReplyError{}
	for _, p := range n.pairs {
		switch v := p.value; p.key.text {
		case "code":
			e.Code, _ = d.number(v)
		case "field":
			text, _ := d.text(v)
			if path, ok := d.path(v, text, 0); ok {
				e.Field = &path
			}
		case "text":
			e.Text = d.template(v)
		case "severity":
			e.Severity = d.word(v, "E", "W", "I")
		case "diagnostic":
			e.Diagnostic = d.template(v)
		case "user":
			e.User = d.template(v)
		}
	}
	return e
}

// anyOrder decodes messages that may come in any order.
func (d *decoder) anyOrder(n *node) []*Step {
	if n == nil {
		return nil
	}
	items := d.list(n)
	if n.kind == sequence && !n.lost && (len(items) < 2 || len(items) > maxAnyOrder) {
		d.out.add(n.pos, Textf("« any_order » attend de 2 à %d messages", `"any_order" waits for 2 to %d messages`, maxAnyOrder))
	}
	var list []*Step
	for _, item := range items {
		if !d.mapping(item, anyOrderKeys) {
			continue
		}
		d.required(item, "receive")
		s := d.named(item)
		d.awaiting(s, item)
		if s.Receive.silence() {
			d.out.add(s.Receive.Pos, Text{FR: "un silence s'attend dans une étape à lui", EN: "a silence is awaited in a step of its own"})
		}
		if s.Receive != nil && s.Receive.Present != nil {
			d.out.add(s.Receive.Pos, Text{
				FR: "« present » vaut pour quiconque se connecte : il se dit dans une étape « receive » à lui",
				EN: `"present" is for whoever connects: it is said in a "receive" step of its own`,
			})
		}
		d.expect(s, item.get("expect"))
		s.Capture = d.captures(item.get("capture"))
		list = append(list, s)
	}
	return list
}

// operator decodes what a person is asked to do: a text, or one for each language.
func (d *decoder) operator(n *node) *Operator {
	if n == nil {
		return nil
	}
	o := &Operator{Pos: n.pos}
	if n.kind != mapping {
		o.FR = d.template(n)
		o.EN = o.FR
		return o
	}
	if !d.mapping(n, operatorKeys) {
		return nil
	}
	d.required(n, "fr", "en")
	if fr := n.get("fr"); fr != nil {
		o.FR = d.template(fr)
	}
	if en := n.get("en"); en != nil {
		o.EN = d.template(en)
	}
	if within := n.get("within"); within != nil {
		o.Within = d.wait(within)
	}
	return o
}

// together reports keys of a step that do not go together.
func (d *decoder) together(s *Step, n *node) {
	var main []*node
	for _, key := range []string{"connect", "accept", "receive", "any_order", "probe"} {
		for _, p := range n.pairs {
			if p.key.text == key || key == "connect" && (p.key.text == "send" || p.key.text == "wire") {
				main = append(main, p.key)
				break
			}
		}
	}
	if waits := hasKey(n, "receive") || hasKey(n, "any_order") || hasKey(n, "probe"); waits && len(main) > 1 {
		d.out.add(main[1].pos, Textf("« %s » et « %s » ne vont pas dans une même étape", "%q and %q do not go into one step", main[0].text, main[1].text)).
			expected("faites-en deux étapes", "make it two steps")
	}
	helped := n.get("operator")
	if n.get("trigger") != nil {
		helped = n.get("trigger")
	}
	if helped != nil && (s.Connect != nil || s.Accept != nil || s.sends()) {
		d.out.add(helped.pos, Text{FR: "une étape agit elle-même ou fait agir, pas les deux", EN: "a step acts itself or has others act, not both"}).
			expected("faites-en deux étapes", "make it two steps")
	}
	if n.get("trigger") != nil && n.get("probe") != nil {
		d.out.add(n.get("probe").pos, Text{FR: "« trigger » et « probe » ne vont pas dans une même étape", EN: `"trigger" and "probe" do not go into one step`}).
			expected("faites-en deux étapes", "make it two steps")
	}
	if hasKey(n, "any_order") {
		for _, key := range []string{"expect", "capture"} {
			if v := n.get(key); v != nil {
				d.out.add(v.pos, Textf("« %s » vaut pour un message : mettez-le dans « any_order »", "%q is about one message: put it into \"any_order\"", key))
			}
		}
	}
	if d.role != GAM && (s.Receive != nil || len(s.AnyOrder) > 0) {
		d.out.add(s.Pos, Text{FR: "seul un candidat de rôle gam nous envoie des messages", EN: "only a candidate of role gam sends us messages"}).
			expected("ajoutez au scénario role: gam", "add to the scenario role: gam")
	}
}
