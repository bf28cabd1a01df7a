package reference

import (
	"fmt"
	"slices"
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// tolerated are rules that a sender must keep and that a receiver refuses no
// message for, with the paragraph that says so.
var tolerated = map[string]string{
	withoutINS: "PAM.fr 6.6.15", // INS-006: the message is integrated without the INS
}

// withoutINS is the rule that an INS is sent only with a validated identity.
const withoutINS = "ins.pid-32.vali"

// Rules about what Options decide: that France has no A08, which a device takes
// that is to support it, and that PAM is written in HL7 2.5, where a device may
// take others.
const (
	noA08   = "fr.msh-9.a08"
	version = "iti.msh-12.version"
)

// A conformity judges messages by what each announces that it is. An INS of the
// production authority is as welcome as one of the test authorities: a device
// does not choose its patients. It is safe for concurrent use.
type conformity struct {
	judge   *rules.Judge
	reports sync.Pool // of *rules.Report
	listed  bool      // A08 is among the events that the device is to support
	faults  faults
}

func newConformity(supports []string, faults faults) (*conformity, error) {
	settings, err := rules.Settings{}.With("ins_environment", "any")
	if err != nil {
		return nil, err
	}
	judge, err := rules.New(rules.Options{Settings: settings})
	if err != nil {
		return nil, err
	}
	return &conformity{
		judge: judge, reports: sync.Pool{New: func() any { return new(rules.Report) }}, listed: slices.Contains(supports, "A08"), faults: faults,
	}, nil
}

// mostErrors is how many faults a refusal tells: who made more of them has no
// use for a longer list.
const mostErrors = 10

// refusal returns the refusal for the MUSTs that the message breaks, the first
// in front, nil when there is none; dropINS says that the message is to be taken
// without its INS.
// Without a report of somebody else the message is judged here.
func (c *conformity) refusal(m *hl7.Message, r *rules.Report) (v *verdict, dropINS bool) {
	if r == nil {
		r = c.reports.Get().(*rules.Report)
		defer c.reports.Put(r)
		c.judge.Message(r, m)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Level < rules.Must || f.Rule.ID == version || f.Rule.ID == noA08 && c.listed || c.faults.overlooks(f.Condition()) {
			continue
		}
		if _, ok := tolerated[f.Rule.ID]; ok {
			dropINS = dropINS || f.Rule.ID == withoutINS
			continue
		}
		v = add(v, f)
	}
	if v != nil {
		return v, false
	}
	return nil, dropINS
}

// add makes a finding part of a refusal, or the beginning of one. Code and class
// of the errors must agree (table 0357), so that of the first decides, and
// faults of the other class wait until it is mended.
func add(v *verdict, f *rules.Finding) *verdict {
	one := refusalFor(f)
	switch {
	case v == nil:
		return &one
	case v.code == one.code && len(v.errors) < mostErrors:
		v.errors = append(v.errors, one.errors...)
	}
	return v
}

// refusalFor words a finding as an acknowledgement: what is wrong for users, the
// rule for developers. What the table counts among the rejections is one (AR).
func refusalFor(f *rules.Finding) verdict {
	e := ackError(f.Condition(), f.Location, f.Message("en"))
	e.Diagnostic = fmt.Sprintf("rule %s (%s)", f.Rule.ID, f.Rule.Source)
	code := hl7.AE
	if e.Code >= hl7.ConditionMessageType {
		code = hl7.AR
	}
	return refuse(code, Text{FR: f.Message("fr"), EN: f.Message("en")}, e)
}

// forgetINS takes the INS of those whose identity is not validated out of a
// notice; that one is to be deleted stays said.
func (n *notice) forgetINS() {
	for i := range n.subjects {
		s := &n.subjects[i]
		if s.validated() {
			continue
		}
		kept := s.ids[:0]
		for _, id := range s.ids {
			if id.Type != "INS" || id.deleted() {
				kept = append(kept, id)
			}
		}
		s.ids = kept
	}
}

func (s *subject) validated() bool {
	return slices.Contains(s.traits.reliability, "VALI")
}
