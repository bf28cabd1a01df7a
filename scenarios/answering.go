package scenarios

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// Answering is a table of answers: which messages are answered how. The first rule
// that a message fits decides; one that fits none is answered as usual. It is safe
// for concurrent use.
type Answering struct{ rules []*answerRule }

type answerRule struct {
	events []pam.Trigger // one of these; empty: whichever
	match  []*Expectation
	times  int64 // 0: always
	reply  *Reply

	fitted atomic.Int64
}

const (
	answeringKeys  = "rules"
	answerRuleKeys = "event match times reply"
	maxAnswerRules = 1000
)

// LoadAnswering reads and checks a table of answers. The error is a Problems with
// every fault that was found.
func LoadAnswering(name string) (*Answering, error) {
	data, problem := readNamed(name)
	if problem != nil {
		return nil, Problems{problem}
	}
	return ParseAnswering(name, data)
}

// ParseAnswering reads a table that is at hand; name is what problems call it.
func ParseAnswering(name string, data []byte) (*Answering, error) {
	out := &faults{}
	d := &decoder{out: out}
	root := parseYAML(name, data, out)
	if root == nil {
		return nil, out.err()
	}
	a := &Answering{}
	if d.mapping(root, answeringKeys) {
		d.required(root, "rules")
		if n := root.get("rules"); n != nil {
			a.rules = d.answerRules(n)
		}
	}
	if err := out.err(); err != nil {
		return nil, err
	}
	return a, nil
}

func (d *decoder) answerRules(n *node) (rules []*answerRule) {
	items := d.list(n)
	if n.kind == sequence && (len(items) == 0 || len(items) > maxAnswerRules) {
		d.out.add(n.pos, Textf("il faut de 1 à %d règles", "it takes 1 to %d rules", maxAnswerRules))
	}
	var last *node // a rule that every message fits
	for _, item := range items {
		if last != nil {
			d.out.add(item.pos, Textf("cette règle ne sert jamais : celle de la ligne %d prend tous les messages", "this rule is never used: that of line %d takes every message", last.pos.Line))
			break
		}
		r := d.answerRule(item)
		if r == nil {
			continue
		}
		if len(r.events) == 0 && len(r.match) == 0 && r.times == 0 {
			last = item
		}
		rules = append(rules, r)
	}
	return rules
}

func (d *decoder) answerRule(n *node) *answerRule {
	if !d.mapping(n, answerRuleKeys) {
		return nil
	}
	d.required(n, "reply")
	r := &answerRule{}
	if v := n.get("event"); v != nil {
		var receive Receive
		for _, p := range n.pairs {
			if p.value == v {
				d.receiveKey(&receive, p)
			}
		}
		r.events = receive.Events
	}
	if v := n.get("match"); v != nil {
		r.match = d.expectFields(v, TargetReceived)
		d.standsAlone(r.match)
	}
	if v := n.get("times"); v != nil {
		times, ok := d.number(v)
		if ok && times < 1 {
			d.out.add(v.pos, Text{FR: "« times » compte les messages, à partir de 1", EN: `"times" counts messages, from 1 on`})
		}
		r.times = int64(times)
	}
	if v := n.get("reply"); v != nil {
		if r.reply = d.reply(v); r.reply != nil {
			d.decided(v, r.reply)
		}
	}
	return r
}

// standsAlone refuses what refers to a play: here there is none.
func (d *decoder) standsAlone(match []*Expectation) {
	for _, e := range match {
		if e.Level != Must {
			d.out.add(e.Pos, Text{FR: "ce qui fait reconnaître un message n'a pas de niveau", EN: "what a message is known by has no level"})
		}
		if e.Matcher == nil {
			continue
		}
		if _, err := e.Matcher.expected(noPlay{}); err != nil {
			d.out.add(e.Pos, Text{FR: "cette valeur vient d'un scénario, et ici il n'y en a pas", EN: "this value comes from a scenario, and here there is none"})
		}
	}
}

// decided checks a reply that is not part of a play.
func (d *decoder) decided(n *node, r *Reply) {
	switch r.Code {
	case "", hl7.AA, hl7.AE, hl7.AR:
	default:
		d.out.add(n.pos, Text{FR: "le mode, étendu ou non, est celui que le message demande", EN: "the mode, enhanced or not, is the one that the message asks for"}).
			expected("attendu : AA, AE ou AR", "expected: AA, AE or AR")
	}
	if r.Wrong == WrongOtherID {
		d.out.add(n.pos, Textf("« %s » n'existe que dans un scénario", "%q exists in scenarios only", string(r.Wrong)))
	}
	texts := []Template{r.Text}
	if e := r.Error; e != nil {
		texts = append(texts, e.Text, e.Diagnostic, e.User)
		if r.Code == "" || r.Code == hl7.AA {
			d.out.add(n.pos, Text{FR: "une erreur accompagne un refus", EN: "an error goes with a refusal"}).
				expected("attendu : code: AE ou code: AR", "expected: code: AE or code: AR")
		}
	}
	for _, t := range texts {
		if _, ok := t.Literal(); !ok && !t.faulty {
			d.out.add(n.pos, Text{FR: "un texte de réponse est écrit tel quel : il n'y a pas de scénario ici", EN: "the text of an answer is written as it is: there is no scenario here"})
			return
		}
	}
}

// noPlay is the Env where nothing is known.
type noPlay struct{}

var errNoPlay = errors.New("there is no play")

func (noPlay) Lookup(Ref) (string, error) { return "", errNoPlay }
func (noPlay) Now() time.Time             { return time.Now() }
func (noPlay) Start() time.Time           { return time.Now() }

// Choose returns the reply of the first rule that a message fits, nil when there
// is none. m is nil for what cannot be read, which fits rules without conditions.
func (a *Answering) Choose(m *hl7.Message) *Reply {
	for _, r := range a.rules {
		if r.fits(m) && (r.times == 0 || r.fitted.Add(1) <= r.times) {
			return r.reply
		}
	}
	return nil
}

func (r *answerRule) fits(m *hl7.Message) bool {
	if m == nil {
		return len(r.events) == 0 && len(r.match) == 0
	}
	if len(r.events) > 0 && !slices.Contains(r.events, pam.Trigger(m.Header().Trigger)) {
		return false
	}
	for _, e := range r.match {
		if ok, err := e.Matcher.holds(e.Actual(m), noPlay{}); !ok || err != nil {
			return false
		}
	}
	return true
}

// AckErrors are the errors that the reply reports, of a table of answers.
func (r *Reply) AckErrors() []hl7.AckError {
	if r.Code.Positive() || r.Code == "" {
		return nil
	}
	said, _ := r.Text.Literal()
	if r.Error == nil {
		return []hl7.AckError{{Code: hl7.ConditionInternal, User: said}}
	}
	e := hl7.AckError{Code: r.Error.Code, Severity: r.Error.Severity}
	e.Text, _ = r.Error.Text.Literal()
	e.Diagnostic, _ = r.Error.Diagnostic.Literal()
	if e.User, _ = r.Error.User.Literal(); e.User == "" {
		e.User = said
	}
	if r.Error.Field != nil {
		e.Location = r.Error.Field.Location()
	}
	return []hl7.AckError{e}
}
