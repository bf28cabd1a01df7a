package rules

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pamlab/pamlab/hl7"
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
	ids       *segmentTable

	bare *plan // of a message whose profile is not known yet

	mu    sync.RWMutex
	plans map[string]*plan // by the name of the profile
}

// New returns a judge. The error is that of an unknown dialect.
func New(o Options) (*Judge, error) {
	j := &Judge{catalogue: load(), settings: o.Settings.resolve(), plans: map[string]*plan{}, ids: newSegmentTable(generatedSegments[:])}
	j.bare = &plan{ids: j.ids}
	var err error
	if o.Dialect != "" && o.Dialect != "auto" {
		j.fixed, err = j.planFor(o.Dialect)
	}
	return j, err
}

// plan is what of the catalogue applies to messages of a profile.
type plan struct {
	catalogue *catalogue
	profile   *profile.Profile
	pam       string // the version of PAM.fr, without what follows its second number
	ids       *segmentTable
	rules     []bool                          // by the index of the rule
	defs      [maxSegments]*schema.SegmentDef // of the profile
	types     [maxSegments][][]typePlace      // where a segment has types that rules go over, by the number of the field
	typed     [maxSegments]uint64             // which of the fields 1 to 63 those are
	lists     int                             // how many lists of values there are at least

	mu     sync.Mutex
	events atomic.Pointer[map[string][]candidate] // what was asked for: by event, and under "" and "ACK"
}

func (p *plan) has(r *Rule) bool { return p.rules[r.index] }

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
	p := &plan{catalogue: j.catalogue, profile: prof, pam: minor(prof.PAM), ids: j.ids, rules: make([]bool, len(j.catalogue.rules))}
	p.events.Store(&map[string][]candidate{})
	for i, r := range j.catalogue.rules {
		p.rules[i] = r.appliesTo(prof.Layers, prof.Version.Base, prof.PAM)
	}
	p.indexTypes()
	return p
}

// rulesFor returns the rules with demands on a message of an event;
// those on acknowledgements for "ACK". They are looked for once; events that
// neither the profile nor a rule names share "", so that what is kept is bounded.
func (p *plan) rulesFor(trigger string) []candidate {
	if list, ok := (*p.events.Load())[trigger]; ok {
		return list
	}
	if trigger != "" && trigger != "ACK" && p.profile.Event(trigger) == nil && !p.catalogue.named()[trigger] {
		return p.rulesFor("")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := maps.Clone(*p.events.Load())
	list := []candidate{}
	event := p.profile.Event(trigger)
	if event == nil {
		event = &profile.Event{}
	}
	for _, r := range p.catalogue.rules {
		if p.has(r) && r.body.acts && r.body.concerns(trigger, event) {
			list = append(list, candidate{r.body.needs, r.body.first, r})
		}
	}
	all[trigger] = list
	p.events.Store(&all)
	return list
}

// concerns says whether a rule judges messages of an event, or acknowledgements.
func (b *body) concerns(trigger string, event *profile.Event) bool {
	switch {
	case b.of == ofAny:
		return true
	case trigger == "ACK":
		return b.of == ofAck
	}
	return b.of == ofMessage && limits(b.events, trigger) && limits(b.kinds, event.Kind) && limits(b.transactions, event.Transaction)
}

// limits says whether a rule that is limited to some events goes with one.
func limits(to []string, event string) bool {
	return to == nil || slices.Contains(to, event)
}

// indexTypes notes where the profile has the types that rules go over.
func (p *plan) indexTypes() {
	kinds := map[string]int{} // the number of the list by the name of the type
	for i, r := range p.catalogue.rules {
		if name := r.body.eachOf; name != "" && p.rules[i] {
			kinds[name] = int(r.body.eachID)
			p.lists = max(p.lists, int(r.body.eachID)+1)
		}
	}
	known := map[*schema.TypeDef][]typePlace{}
	for id, segment := range generatedSegments {
		def := p.profile.Version.Segment(segment)
		p.defs[id] = def
		if def == nil {
			continue
		}
		fields := make([][]typePlace, len(def.Fields)+1)
		for i := range def.Fields {
			t := def.Fields[i].Type
			places, ok := known[t]
			if !ok {
				places = placesOf(t, kinds)
				known[t] = places
			}
			if fields[i+1] = places; places != nil && i+1 < tabled {
				p.typed[id] |= 1 << (i + 1)
			}
		}
		p.types[id] = fields
	}
}

// placesOf lists where a type has types that rules go over: as a whole, and in
// its components.
func placesOf(t *schema.TypeDef, kinds map[string]int) []typePlace {
	if t == nil {
		return nil
	}
	var places []typePlace
	if list, ok := kinds[plainName(t)]; ok {
		places = append(places, typePlace{list, 0})
	}
	for k := range t.Components {
		if c := t.Components[k].Type; c != nil {
			if list, ok := kinds[plainName(c)]; ok {
				places = append(places, typePlace{list, k + 1})
			}
		}
	}
	return places
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
	if r.unjudgeable() {
		return
	}
	r.structure()
	r.fields()
	r.claimFacts()
	list := r.rulesToRun()
	for i := range list {
		if len(r.Findings) >= mostFindings {
			break
		}
		if c := &list[i]; s.mayFind(c.segments, c.first) {
			r.rule, r.ofRule, s.enough = c.rule, 0, false
			s.run(c.rule, r.found)
		}
	}
	r.settle()
}

// isAck says whether the message is an acknowledgement: by its type, or because
// it came as the answer to another, whatever it calls itself.
func (s *scope) isAck() bool {
	return s.answer || s.header.Type == "ACK" || s.header.Type == "MCF"
}

// rulesToRun are the rules with demands on this message.
func (r *Report) rulesToRun() []candidate {
	s := &r.scope
	if s.isAck() {
		return s.plan.rulesFor("ACK")
	}
	return s.plan.rulesFor(s.trigger)
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
	s := &r.scope
	c := schema.Checker{Version: s.profile.Version}
	r.facts = c.Segments(r.facts, s.m, func(i int) *schema.SegmentDef {
		if id := s.ids[i]; id != noSegment {
			return s.plan.defs[id]
		}
		return c.DefinitionOf(s.m.Segment(i))
	})
}
