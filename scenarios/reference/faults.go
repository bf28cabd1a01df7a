package reference

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// faults is the set of bugs that are switched on. It never changes. A fault is
// put in where a real device would have it: in what is decided (bend, instead),
// in how the answer is written (spoil), or on the wire (write).
type faults map[string]bool

func newFaults(names []string, of []Bug) (faults, error) {
	f := faults{}
	known := namesOf(of)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, &UnknownNameError{Name: name, Known: known, bug: true}
		}
		f[name] = true
	}
	return f, nil
}

func (f faults) on(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f[name] })
}

// instead replaces what a message would do to the record.
func (f faults) instead(r *registry, e event, n *notice) (o outcome, done bool) {
	switch {
	case e.trigger == "Z99" && f.on(dropsZ99):
		return applied(), true
	case e.trigger == "A01" && f.on(secondAdmission):
		return r.begin(n), true
	}
	return outcome{}, false
}

// bend changes the decision.
func (f faults) bend(v verdict) verdict {
	if v.code == "" {
		return v
	}
	if v.outcome == Discarded && f.on(refusesDiscards) {
		v = refuse(hl7.AE, v.reason, ackError(hl7.ConditionInternal, hl7.Location{}, v.reason.EN))
	}
	if v.code == hl7.AR && f.on(aeForAR) {
		v.code = hl7.AE
	}
	if v.code == hl7.AE && f.on(arForAE) {
		v.code = hl7.AR
	}
	if f.on(alwaysAA) {
		v.code, v.errors = hl7.AA, nil
	}
	v.errors = f.report(v.errors)
	if f.on(noERR) {
		v.errors = nil
	}
	if f.on(commitCodes) {
		v.code = map[hl7.AckCode]hl7.AckCode{hl7.AA: hl7.CA, hl7.AE: hl7.CE, hl7.AR: hl7.CR}[v.code]
	}
	return v
}

// overlooks reports whether a rule with that condition is not looked at.
func (f faults) overlooks(condition int) bool {
	return condition == hl7.ConditionVersion && f.on(anyVersion) || condition == hl7.ConditionProcessingID && f.on(anyProcessing)
}

// report changes what is said of the faults of a message.
func (f faults) report(errors []hl7.AckError) []hl7.AckError {
	if len(errors) == 0 || !f.on(wrongCondition, noPlace, firstFaultOnly) {
		return errors
	}
	errors = slices.Clone(errors) // they may be kept for the next time
	if f.on(firstFaultOnly) {
		errors = errors[:1]
	}
	for i := range errors {
		if f.on(wrongCondition) {
			errors[i].Code, errors[i].Text = hl7.ConditionInternal, ""
		}
		if f.on(noPlace) {
			errors[i].Location = hl7.Location{}
		}
	}
	return errors
}

// header changes what the acknowledgement is made from.
func (f faults) header(h hl7.Header, ack *hl7.Ack) hl7.Header {
	if f.on(constantID) {
		ack.ControlID = "ACK"
	}
	if f.on(echoControlID) && h.ControlID != "" {
		ack.ControlID = h.ControlID
	}
	if f.on(wrongMSA2) {
		h.ControlID += "X"
	}
	if f.on(noSwap) {
		h.SendingApplication, h.ReceivingApplication = h.ReceivingApplication, h.SendingApplication
		h.SendingFacility, h.ReceivingFacility = h.ReceivingFacility, h.SendingFacility
	}
	if f.on(wrongVersion) {
		h.VersionRaw = "2.2"
	}
	if f.on(oldERR) {
		h.Version = "2.3.1"
		if oldForm(component(h.VersionRaw, h.Delimiters)) {
			h.Version = "2.5"
		}
	}
	return h
}

// spoil changes the acknowledgement after it was written.
func (f faults) spoil(answer []byte, h hl7.Header) []byte {
	if answer == nil || f.on(neverAnswers) {
		return nil
	}
	if f.on(ackTrigger) {
		answer = overwrite(answer, "MSH-9", []byte("ACK^"+h.Trigger+"^ACK_"+h.Trigger))
	}
	if f.on(fillsMSA3) {
		answer = overwrite(answer, "MSA-3", []byte("Message processed"))
	}
	if f.on(latin1AsUTF8) {
		answer = mislabel(answer)
	}
	if f.on(questionMarks) {
		answer = questionMarked(answer)
	}
	if f.on(lineFeeds) {
		answer = bytes.ReplaceAll(answer, []byte{'\r'}, []byte{'\n'})
	}
	if f.on(forgetsCR) {
		answer = bytes.TrimRight(answer, "\r\n")
	}
	return answer
}

// overwrite puts bytes where a path points, or nothing where that makes the
// message unreadable.
func overwrite(answer []byte, path string, raw []byte) []byte {
	m, err := hl7.Parse(answer)
	if err != nil {
		return answer
	}
	if err := m.SetBytes(hl7.MustPath(path), raw); err != nil {
		return answer
	}
	return m.Bytes()
}

// mislabel turns an answer into Latin-1 that claims to be UTF-8. One without
// accents gets some: without them there is no telling.
func mislabel(answer []byte) []byte {
	m, err := hl7.Parse(answer)
	if err != nil {
		return answer
	}
	cs, err := m.Charset()
	if err != nil {
		return answer
	}
	answer = latin(cs, answer)
	if !slices.ContainsFunc(answer, notASCII) {
		answer = overwrite(answer, "MSA-3", []byte("Message trait\xe9"))
	}
	return overwrite(answer, "MSH-18", []byte(hl7.UTF8))
}

// latin returns an answer in 8859/1, or in 8859/15 where it takes that to write
// it; as it is where neither can.
func latin(cs hl7.Charset, answer []byte) []byte {
	text, err := cs.Decode(answer)
	if err != nil {
		return answer
	}
	for _, set := range []hl7.Charset{hl7.Latin1, hl7.Latin9} {
		if b, err := set.Encode(text); err == nil {
			return b
		}
	}
	return answer
}

// questionMarked loses what is not ASCII, as a device does that reads bytes as
// ASCII, and announces no character set.
func questionMarked(answer []byte) []byte {
	if !slices.ContainsFunc(answer, notASCII) {
		return answer
	}
	out := bytes.Map(func(r rune) rune {
		if r > 0x7f {
			return '?'
		}
		return r
	}, answer)
	return overwrite(out, "MSH-18", nil)
}

func notASCII(b byte) bool { return b > 0x7f }

// write puts the answer on the wire.
func (f faults) write(ctx context.Context, w mllp.ResponseWriter, answer []byte, v verdict, delay time.Duration) error {
	if f.on(slowAnswer) && !wait(ctx, delay) {
		return ctx.Err()
	}
	if f.on(closesAfterAnswer) || v.outcome == Refused && f.on(closesAfterRefusal) {
		w.CloseAfter()
	}
	if !f.on(garbageBefore, noStartBlock, noEndBlock, noFrameCR, doubleAnswer) {
		return w.WriteMessage(answer)
	}
	return w.WriteRaw(f.frame(answer))
}

// frame makes a block as it should not be.
func (f faults) frame(answer []byte) []byte {
	var out []byte
	if f.on(garbageBefore) {
		out = append(out, "garbage\r\n"...)
	}
	block := mllp.AppendFrame(nil, answer)
	if f.on(noFrameCR) {
		block = block[:len(block)-1]
	}
	if f.on(noEndBlock) {
		block = bytes.ReplaceAll(block, []byte{mllp.EndBlock}, nil)
	}
	if f.on(noStartBlock) {
		block = block[1:]
	}
	out = append(out, block...)
	if f.on(doubleAnswer) {
		out = append(out, block...)
	}
	return out
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
