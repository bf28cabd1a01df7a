package listen

import (
	"bytes"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// Answers makes Listener.Reply of a table of answers.
func Answers(table *scenarios.Answering) func(*hl7.Message) *Reply {
	return func(m *hl7.Message) *Reply {
		chosen := table.Choose(m)
		if chosen == nil {
			return nil
		}
		r := &Reply{
			Delay: chosen.After, Silent: chosen.Silent,
			HangUpBefore: chosen.Close == scenarios.CloseBefore, HangUpAfter: chosen.Close == scenarios.CloseAfter,
		}
		if chosen.Code != "" {
			r.Force = &reference.Refusal{Code: chosen.Code, Errors: chosen.AckErrors()}
		}
		if chosen.Wrong != "" {
			r.Bend = func(blocks []Block) ([]Block, bool) { return wrong(chosen.Wrong, blocks) }
		}
		return r
	}
}

// Always answers every message with a code.
func Always(code hl7.AckCode) func(*hl7.Message) *Reply {
	r := &Reply{Force: &reference.Refusal{Code: code}}
	if !code.Positive() {
		r.Force.Errors = []hl7.AckError{{Code: hl7.ConditionInternal, User: "refused by choice of the tester"}}
	}
	return func(*hl7.Message) *Reply { return r }
}

// wrong makes a mistake in an answer, on purpose; hangUp says that the connection
// ends with it.
func wrong(fault scenarios.ReplyFault, blocks []Block) (bent []Block, hangUp bool) {
	if len(blocks) == 0 {
		return nil, false
	}
	last := &blocks[len(blocks)-1]
	switch fault {
	case scenarios.WrongID:
		last.Bytes = edited(last.Bytes, func(m *hl7.Message) error { return m.SetText(hl7.MustPath("MSA-2"), "NOBODY") })
	case scenarios.WrongSwap:
		last.Bytes = edited(last.Bytes, swapped)
	case scenarios.WrongCode:
		last.Bytes = edited(last.Bytes, func(m *hl7.Message) error { return m.SetText(hl7.MustPath("MSA-1"), "OK") })
	case scenarios.WrongNoMSA:
		last.Bytes = edited(last.Bytes, withoutMSA)
	case scenarios.WrongGarbage:
		last.Bytes = []byte("this is no message\r")
	case scenarios.WrongFrame:
		last.Raw = true
	case scenarios.WrongCut:
		whole := mllp.AppendFrame(nil, last.Bytes)
		*last = Block{Bytes: whole[:len(whole)/2], Raw: true}
		return blocks, true
	case scenarios.WrongTwice:
		blocks = append(blocks, *last)
	}
	return blocks, false
}

// edited changes an answer; one that cannot be read stays as it is.
func edited(answer []byte, edit func(*hl7.Message) error) []byte {
	m, err := hl7.Parse(bytes.Clone(answer))
	if err != nil || edit(m) != nil {
		return answer
	}
	return m.Bytes()
}

// swapped names the partners as the message did, and not as its answer should.
func swapped(m *hl7.Message) error {
	for _, pair := range [][2]string{{"MSH-3", "MSH-5"}, {"MSH-4", "MSH-6"}} {
		one, other := hl7.MustPath(pair[0]), hl7.MustPath(pair[1])
		a, b := bytes.Clone(m.Lookup(one).Raw()), bytes.Clone(m.Lookup(other).Raw())
		if err := m.SetBytes(one, b); err != nil {
			return err
		}
		if err := m.SetBytes(other, a); err != nil {
			return err
		}
	}
	return nil
}

func withoutMSA(m *hl7.Message) error {
	for i := range m.NumSegments() {
		if m.Segment(i).Name() == "MSA" {
			return m.RemoveSegment(i)
		}
	}
	return nil
}
