package scenarios

import (
	"cmp"
	"slices"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// conforms looks whether the message of a step is what the step says of it, as
// far as that is known before the run: nothing in the message waits for a value,
// and the stay is in the state that it will be in. Settings are those of a
// candidate file that says nothing.
func (r *rehearsal) conforms(step *Step, m *hl7.Message) {
	o := origin{built: len(step.Send.events()) > 0}
	if step.Send.Kind == SendAgain {
		o = r.origin[step.Send.Again]
	}
	o.guessed = o.guessed || o.built && (r.unknown > 0 || r.lost) ||
		slices.ContainsFunc(step.Set, func(a Assign) bool { _, literal := a.Value.Literal(); return !literal })
	r.origin[step.ID] = o
	if step.Conforms == nil || o.guessed {
		return
	}
	if m == nil {
		if r.unreadable(step) && step.Conforms.Want != ConformsNot {
			r.doubt(step, noMessage())
		}
		return
	}
	speaks := "auto"
	if o.built {
		speaks = r.language()
	}
	judge := r.judge(speaks)
	if judge == nil {
		return
	}
	var report rules.Report
	judge.Message(&report, m)
	for _, miss := range step.Conforms.misses(&report) {
		text := miss.text()
		if o.built {
			text.FR, text.EN = text.FR+" ("+speaks+")", text.EN+" ("+speaks+")"
		}
		r.doubt(step, text)
	}
}

// unreadable reports bytes that are known and no message.
func (r *rehearsal) unreadable(step *Step) bool {
	switch step.Send.Kind {
	case SendFile:
		data, err := r.scenario.ReadFile(step.Send.File, maxSentFile)
		return err == nil && parsed(data) == nil
	case SendRaw:
		text, literal := step.Send.Raw.Literal()
		data, err := r.charset.Encode(text)
		return literal && err == nil && parsed(data) == nil
	}
	return false
}

// language is the dialect that messages are built in.
func (r *rehearsal) language() string {
	return cmp.Or(r.speaks, r.dialect(), pam.Dialects()[0].Name)
}

func (r *rehearsal) judge(dialect string) *rules.Judge {
	if j, ok := r.judges[dialect]; ok {
		return j
	}
	j, err := rules.New(rules.Options{Dialect: dialect, Settings: testSettings()})
	if err != nil {
		return nil
	}
	if r.judges == nil {
		r.judges = map[string]*rules.Judge{}
	}
	r.judges[dialect] = j
	return j
}

func (r *rehearsal) doubt(step *Step, message Text) {
	r.suspect = append(r.suspect, &Problem{Pos: step.Conforms.Pos, Message: message})
}
