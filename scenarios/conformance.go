package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// judges hold messages against the rules of HL7, IHE PAM and France, with the
// settings of the candidate file.
type judges struct {
	// ours judges by the candidate's dialect, which is what we build in;
	// announced by what each message says that it is.
	ours, announced *rules.Judge
	fault           error // why there are none: a fault of the program
}

func newJudges(c *Candidate) judges {
	ours, err := rules.New(rules.Options{Dialect: c.profile(), Settings: c.Conformance})
	if err != nil {
		return judges{fault: err}
	}
	announced, err := rules.New(rules.Options{Settings: c.Conformance})
	return judges{ours, announced, err}
}

// Conforms is what a step says of its own message: whether it is conformant, or
// which rules it breaks on purpose.
type Conforms struct {
	Pos    Source
	Want   Conformity
	Breaks []string // ids of rules, of ConformsBreaks
}

// Conformity is what a Conforms can want.
type Conformity string

// What a message can be wanted to be.
const (
	ConformsMust   Conformity = "true"   // it breaks no MUST
	ConformsStrict Conformity = "strict" // nor a SHOULD
	ConformsNot    Conformity = "false"  // it breaks a MUST, whichever
	ConformsBreaks Conformity = "breaks" // it breaks the rules of Breaks at the level of a MUST, and no other
)

// miss is one way in which a message is not what was said of it: a finding that
// it should not have, or a rule that it should break.
type miss struct {
	finding *rules.Finding
	rule    string // that it keeps; "" with a nil finding: all of them
	level   rules.Level
}

// misses compares a message that was judged with what was said of it.
func (c *Conforms) misses(r *rules.Report) []miss {
	least := rules.Must
	if c.Want == ConformsStrict {
		least = rules.Should
	}
	var list []miss
	broken := map[string]rules.Level{}
	for i := range r.Findings {
		f := &r.Findings[i]
		broken[f.Rule.ID] = max(broken[f.Rule.ID], f.Level)
		meant := c.Want == ConformsNot || c.Want == ConformsBreaks && slices.Contains(c.Breaks, f.Rule.ID)
		if f.Level >= least && !meant {
			list = append(list, miss{finding: f})
		}
	}
	if c.Want == ConformsNot && r.Worst() < rules.Must {
		list = append(list, miss{})
	}
	for _, id := range c.Breaks {
		if broken[id] < rules.Must {
			list = append(list, miss{rule: id, level: broken[id]})
		}
	}
	return list
}

// text says what is wrong.
func (m miss) text() Text {
	switch f := m.finding; {
	case f != nil:
		return Text{
			FR: fmt.Sprintf("le message n'est pas conforme : règle %s, %s : %s", f.Rule.ID, f.Location, f.Message("fr")),
			EN: fmt.Sprintf("the message does not conform: rule %s, %s: %s", f.Rule.ID, f.Location, f.Message("en")),
		}
	case m.rule == "":
		return Text{FR: "le message est conforme : il ne rompt aucune règle de niveau must", EN: "the message conforms: it breaks no rule at level must"}
	case m.level != rules.Off:
		return Textf("le message ne rompt la règle %s qu'au niveau %s", "the message breaks rule %s at level %s only", m.rule, m.level.String())
	}
	return Textf("le message ne rompt pas la règle %s", "the message does not break rule %s", m.rule)
}

// noMessage says that nothing can be said of what cannot be read.
func noMessage() Text {
	return Text{FR: "ce n'est pas un message : rien ne peut être jugé", EN: "this is no message: nothing can be judged"}
}

// unfit is why a message of ours was not sent.
type unfit struct {
	Text
	checks  []CheckInfo
	message []byte
}

// Error returns the sentence in English.
func (e *unfit) Error() string { return e.EN }

// conformity judges the message of a step before it is sent: by what the step
// says of it or, when that is nothing, one that we built and nobody bent by what
// every message owes. It returns the check that it passed, if the step asked,
// and else an *unfit: whatever is wrong is not the candidate's fault.
func (s *stage) conformity(step *Step, record *stepRecord, data []byte, m *hl7.Message) ([]CheckInfo, error) {
	want := step.Conforms
	if !record.intact {
		s.order = nil
	}
	switch {
	case want == nil && !record.intact:
		return nil, nil
	case want == nil:
		want = &Conforms{Want: ConformsMust}
	}
	if m == nil {
		return s.unread(want, data)
	}
	judge := s.player.judges.announced
	if record.built {
		judge = s.player.judges.ours
	}
	judge.Message(&s.report, m)
	s.follow(step, record)
	misses := want.misses(&s.report)
	if len(misses) == 0 {
		if step.Conforms == nil {
			return nil, nil
		}
		return []CheckInfo{want.kept(&s.report)}, nil
	}
	e := &unfit{Text: misses[0].text(), message: data}
	for _, miss := range misses {
		e.checks = append(e.checks, want.check(miss))
	}
	return nil, e
}

// mostPatients is how many patients the messages of one play can be about: one,
// and the other records of the same person.
const mostPatients = 16

// follow adds to the report what only the messages before it can tell, as long
// as none of the play was bent or forced: from then on nobody knows what the
// candidate believes. What is sent again is nothing new.
func (s *stage) follow(step *Step, record *stepRecord) {
	if s.order != nil && record.intact && len(step.Send.events()) > 0 {
		s.order.Follow(&s.report)
	}
}

// unread judges what is no message: it breaks every rule there is, and none in
// particular.
func (s *stage) unread(want *Conforms, data []byte) ([]CheckInfo, error) {
	c := CheckInfo{Name: conformsName, Level: Must, Verdict: Pass, Source: sourceOf(want.Pos), Expected: string(want.Want)}
	if want.Want == ConformsNot {
		return []CheckInfo{c}, nil
	}
	text := noMessage()
	c.Verdict, c.Message = Error, &text
	return nil, &unfit{Text: text, checks: []CheckInfo{c}, message: data}
}

// conformsName is the name of the check of what a step says of its message.
const conformsName = "sent.conforms"

// kept is the check of a message that is as the step says.
func (c *Conforms) kept(r *rules.Report) CheckInfo {
	expected := string(c.Want)
	if c.Want == ConformsBreaks {
		expected = strings.Join(c.Breaks, ", ")
	}
	return CheckInfo{Name: conformsName, Level: Must, Verdict: Pass, Source: sourceOf(c.Pos), Expected: expected, Actual: strings.Join(rulesBroken(r), ", ")}
}

// rulesBroken are the rules that a message breaks at level must, each once.
func rulesBroken(r *rules.Report) []string {
	var ids []string
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Level == rules.Must && !slices.Contains(ids, f.Rule.ID) {
			ids = append(ids, f.Rule.ID)
		}
	}
	return ids
}

// check is one miss: our own fault, or that of who wrote the scenario.
func (c *Conforms) check(m miss) CheckInfo {
	var info CheckInfo
	if m.finding != nil {
		info = findingCheck(TargetSent, m.finding)
	} else {
		text := m.text()
		info = CheckInfo{Name: conformsName, Level: Must, Rule: m.rule, Message: &text}
	}
	info.Verdict, info.Source, info.Unmet = Error, sourceOf(c.Pos), false
	return info
}
