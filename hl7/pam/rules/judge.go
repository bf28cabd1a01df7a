package rules

import (
	"slices"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

// Options say by what a Judge judges.
type Options struct {
	// Dialect is the name of a profile or dialect, or "auto" or "": what each
	// message announces.
	Dialect  string
	Settings Settings
}

// A Judge holds messages against the rules of their profile. It is immutable
// and safe for concurrent use, each call with a Report of its own.
type Judge struct {
	catalogue *catalogue
	settings  resolved
	fixed     *plan // nil: detect
	ids       map[[3]byte]segmentID

	bare *plan // of a message whose profile is not known yet

	mu    sync.RWMutex
	plans map[string]*plan // by the name of the profile
}

// New returns a judge. The error is that of an unknown dialect.
func New(o Options) (*Judge, error) {
	c, err := load()
	if err != nil {
		return nil, err
	}
	j := &Judge{catalogue: c, settings: o.Settings.resolve(), plans: map[string]*plan{}, ids: map[[3]byte]segmentID{}}
	for i, name := range c.segments {
		j.ids[[3]byte([]byte(name))] = segmentID(i)
	}
	j.bare = &plan{ids: j.ids}
	if o.Dialect != "" && o.Dialect != "auto" {
		j.fixed, err = j.planFor(o.Dialect)
	}
	return j, err
}

// plan is what of the catalogue applies to messages of a profile.
type plan struct {
	profile *profile.Profile
	ids     map[[3]byte]segmentID
	rules   map[*Rule]bool
	message []*Rule // that have demands on one message, whatever the event
	ack     []*Rule
	events  map[string][]*Rule         // for the events of the profile: message, with the rules limited to that event
	types   [maxSegments][][]typePlace // where a segment has types that rules go over, by the number of the field
	lists   int                        // how many lists of values there are at least
}

func (p *plan) has(r *Rule) bool { return p.rules[r] }

// planFor returns the plan for a profile. Profiles are few, so that what is
// kept is bounded.
func (j *Judge) planFor(name string) (*plan, error) {
	j.mu.RLock()
	p := j.plans[name]
	j.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	prof, err := profile.Load(name)
	if err != nil {
		return nil, err
	}
	p = j.newPlan(prof)
	j.mu.Lock()
	defer j.mu.Unlock()
	if other := j.plans[name]; other != nil {
		return other, nil
	}
	j.plans[name] = p
	return p, nil
}

func (j *Judge) newPlan(prof *profile.Profile) *plan {
	p := &plan{profile: prof, ids: j.ids, rules: map[*Rule]bool{}, events: map[string][]*Rule{}}
	base := prof.Version.Base
	for _, r := range j.catalogue.rules {
		if !r.appliesTo(prof.Layers, base, prof.PAM) {
			continue
		}
		p.rules[r] = true
		switch {
		case len(r.body.demands) == 0:
		case r.body.of == ofAck:
			p.ack = append(p.ack, r)
		case r.body.of == ofAny:
			p.ack = append(p.ack, r)
			p.message = append(p.message, r)
		case r.body.of == ofMessage && r.body.events == nil:
			p.message = append(p.message, r)
		}
	}
	for _, t := range pam.Triggers() {
		p.events[string(t)] = p.rulesOf(j.catalogue.rules, string(t))
	}
	p.indexTypes()
	return p
}

func (p *plan) rulesOf(all []*Rule, trigger string) []*Rule {
	var list []*Rule
	for _, r := range all {
		b := &r.body
		if p.rules[r] && (b.of == ofMessage || b.of == ofAny) && len(b.demands) > 0 && (b.events == nil || slices.Contains(b.events, trigger)) {
			list = append(list, r)
		}
	}
	return list
}

// indexTypes notes where the profile has the types that rules go over.
func (p *plan) indexTypes() {
	kinds := map[string]int{} // the number of the list by the name of the type
	for r := range p.rules {
		if name := r.body.eachOf; name != "" {
			kinds[name] = r.body.eachID
			p.lists = max(p.lists, r.body.eachID+1)
		}
	}
	for segment, id := range p.ids {
		if def := p.profile.Version.Segment(string(segment[:])); def != nil {
			p.types[id] = placesOf(def, kinds)
		}
	}
}

// placesOf lists the places of types in a segment, by the number of the field.
func placesOf(def *schema.SegmentDef, kinds map[string]int) [][]typePlace {
	fields := make([][]typePlace, len(def.Fields)+1)
	for i := range def.Fields {
		t := def.Fields[i].Type
		if t == nil {
			continue
		}
		if list, ok := kinds[plainName(t)]; ok {
			fields[i+1] = append(fields[i+1], typePlace{list, 0})
		}
		for k := range t.Components {
			if c := t.Components[k].Type; c != nil {
				if list, ok := kinds[plainName(c)]; ok {
					fields[i+1] = append(fields[i+1], typePlace{list, k + 1})
				}
			}
		}
	}
	return fields
}

// plainName is the name of a type; a variant of one is called "CX-INS".
func plainName(t *schema.TypeDef) string {
	name, _, _ := strings.Cut(t.Name, "-")
	return name
}

// Message judges a message and fills the report, whose findings are in the
// order of the message. An acknowledgement is judged by what it owes whatever
// it answers. The report keeps the message.
func (j *Judge) Message(r *Report, m *hl7.Message) { j.judge(r, m, nil, false) }

// Ack judges an acknowledgement, whatever it calls itself, with the message that
// it answers; sent is nil when that was none.
func (j *Judge) Ack(r *Report, ack, sent *hl7.Message) { j.judge(r, ack, sent, true) }

func (j *Judge) judge(r *Report, m, sent *hl7.Message, answer bool) {
	r.reset(m)
	s := &r.scope
	s.answer = answer
	s.settings, s.sent, s.header = j.settings, sent, m.Header()
	s.trigger = s.header.Trigger
	s.plan = j.bare
	s.read(m, j.ids)
	r.choose(j)
	s.profile = s.plan.profile
	s.event = s.profile.Event(s.trigger)
	if s.isAck() {
		s.event = nil
	}
	r.structure()
	r.fields()
	r.claimFacts(j.catalogue.claims)
	for _, rule := range r.rulesToRun() {
		r.rule = rule
		s.judge(rule, r.found)
	}
	r.settle()
}

// isAck says whether the message is an acknowledgement: by its type, or because
// it came as the answer to another, whatever it calls itself.
func (s *scope) isAck() bool {
	return s.answer || s.header.Type == "ACK" || s.header.Type == "MCF"
}

// rulesToRun are the rules with demands on this message.
func (r *Report) rulesToRun() []*Rule {
	s := &r.scope
	if s.isAck() {
		return s.plan.ack
	}
	if list, ok := s.plan.events[s.trigger]; ok {
		return list
	}
	return s.plan.message
}

// structure holds the message against the grammar of its event, or, when the
// profile has no such event, against that of HL7.
func (r *Report) structure() {
	s := &r.scope
	if s.event != nil && s.event.Grammar != nil {
		s.event.Grammar.Match(s.m, &s.match)
		r.facts = append(r.facts, s.match.Findings...)
		return
	}
	kind := s.header.Type
	if s.answer {
		kind = "ACK" // that it calls itself something else is one fault, and told
	}
	g := s.profile.Version.StructureOf(kind, s.trigger)
	if g == nil {
		return
	}
	g.Match(s.m, &s.match)
	for _, f := range s.match.Findings {
		if f.Kind != schema.SegmentLocal { // nobody says which it may have
			r.facts = append(r.facts, f)
		}
	}
}

// fields holds the segments against their definitions.
func (r *Report) fields() {
	c := schema.Checker{Version: r.scope.profile.Version}
	r.facts = c.Message(r.facts, r.scope.m)
}
