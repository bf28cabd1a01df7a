package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
)

// judgeOwed judges an acknowledgement by what any acknowledgement owes, whatever
// a scenario expects of it: the transport, the rules of the catalogue, and that
// its MSH-10 is none that an earlier one had. sent is nil when what was sent is
// no message.
func (s *stage) judgeOwed(sent *hl7.Message, receipt *hl7.Receipt, wire []mllp.Oddity) []CheckInfo {
	ack := receipt.Message
	checks := judgeWire(wire)
	s.player.judges.announced.Ack(&s.report, ack, sent)
	checks = append(checks, inTheirWords(ackChecks(&s.report), ack.Oddities())...)
	if id := ack.Header().ControlID; id != "" {
		if c, ok := uniqueID(id, s.seen); ok {
			checks = append(checks, c)
		}
		s.seen[id] = true
	}
	return checks
}

// ackChecks are the rules on acknowledgements that were kept, and whatever was
// broken, as checks: rules in the order of the catalogue, then the findings of
// others.
func ackChecks(r *rules.Report) []CheckInfo {
	var checks []CheckInfo
	told := map[int]bool{}
	tell := func(i int) {
		c := findingCheck(TargetAck, &r.Findings[i])
		c.Field, told[i] = comparedWith[c.Rule], true
		checks = append(checks, c)
	}
	for _, rule := range r.Applied() {
		kept := true
		for i := range r.Findings {
			if r.Findings[i].Rule == rule {
				tell(i)
				kept = false
			}
		}
		if kept {
			checks = append(checks, CheckInfo{
				Name: nameIn(TargetAck, rule.Fields), Level: levelOf(rule.Level), Verdict: Pass, Rule: rule.ID, Spec: rule.Source,
			})
		}
	}
	for i := range r.Findings {
		if !told[i] {
			tell(i)
		}
	}
	return checks
}

// inTheirWords lets the checks on the form of a message say what its oddities
// say: how often, and at which byte.
func inTheirWords(checks []CheckInfo, oddities []hl7.Oddity) []CheckInfo {
	for i := range checks {
		for _, o := range oddities {
			if checks[i].Rule == "hl7.form."+string(o.Kind) {
				checks[i].Message = &Text{FR: o.In("fr"), EN: o.In("en")}
			}
		}
	}
	return checks
}

// comparedWith are the fields of the message sent that rules on acknowledgements
// compare with: what a report marks.
var comparedWith = map[string]string{"ack.message-id": "MSH-10", "ack.own-id": "MSH-10"}

// findingCheck tells a finding as a check on one of the two messages of a step.
func findingCheck(target Target, f *rules.Finding) CheckInfo {
	expected := Text{FR: f.Expected("fr"), EN: f.Expected("en")}
	c := CheckInfo{
		Name: nameIn(target, []string{f.Location.String()}), Level: levelOf(f.Level), Rule: f.Rule.ID, Spec: f.Rule.Source,
		Expected: legible(expected.EN), Actual: legible(f.Actual()),
		Message: &Text{FR: f.Message("fr"), EN: f.Message("en")}, Hint: hintText(f),
	}
	if expected.FR != expected.EN {
		c.Wanted = &expected
	}
	c.Verdict, c.Unmet = c.Level.Broken(), c.Level == Info
	return c
}

// nameIn is the name of a check on a message: "ack.MSA-2".
func nameIn(target Target, places []string) string {
	if len(places) == 0 || places[0] == "" {
		return string(target)
	}
	return string(target) + "." + places[0]
}

func levelOf(l rules.Level) Level {
	switch l {
	case rules.Must:
		return Must
	case rules.Should:
		return Should
	}
	return Info
}

// uniqueID judges by the acknowledgements before whether MSH-10 is new. There is
// nothing to judge as long as there are none.
func uniqueID(id string, seen map[string]bool) (CheckInfo, bool) {
	rule := rules.ByID("ack.unique-id")
	if rule == nil || len(seen) == 0 {
		return CheckInfo{}, false
	}
	c := CheckInfo{
		Name: "ack.MSH-10", Level: levelOf(rule.Level), Verdict: Pass, Rule: rule.ID, Spec: rule.Source,
		Expected: legible("≠ " + strings.Join(slices.Sorted(maps.Keys(seen)), ", ")), Actual: legible(fmt.Sprintf("%q", id)),
	}
	if seen[id] {
		c.Verdict = c.Level.Broken()
		c.Message, c.Hint = &Text{FR: rule.Text.FR, EN: rule.Text.EN}, &Text{FR: rule.Hint.FR, EN: rule.Hint.EN}
	}
	return c, true
}

// judgeWire turns what the transport tolerated into findings: one check that
// passes, or one for each oddity.
func judgeWire(wire []mllp.Oddity) []CheckInfo {
	clean := CheckInfo{
		Name: "framing", Rule: "mllp.framing", Level: Must, Verdict: Pass, Spec: "MLLP release 1; HL7 v2.5 2.6",
		Expected: "<VT> … <CR> <FS> <CR>", Actual: "<VT> … <CR> <FS> <CR>",
	}
	if len(wire) == 0 {
		return []CheckInfo{clean}
	}
	var checks []CheckInfo
	for _, o := range wire {
		c := clean
		c.Rule, c.Actual = "mllp."+string(o.Kind), o.In("en")
		c.Message = &Text{FR: o.In("fr"), EN: o.In("en")}
		if o.Kind == mllp.GarbageBefore || o.Kind == mllp.ReleaseTwoCommit {
			c.Level = Should
		}
		c.Verdict = c.Level.Broken()
		checks = append(checks, c)
	}
	return checks
}

// pointedAt is the field of the sent message that a refusal names, as a path;
// empty when it names none.
func pointedAt(r *hl7.Receipt) string {
	for _, e := range r.Errors {
		if e.Location.Segment != "" && e.Location.Field > 0 {
			return e.Location.String()
		}
	}
	return ""
}
