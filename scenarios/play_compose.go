package scenarios

import (
	"fmt"
	"slices"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// compose makes the bytes that a step sends, and the message that they are; the
// message is nil when they are none.
func (s *stage) compose(step *Step) ([]byte, *hl7.Message, error) {
	send := step.Send
	switch send.Kind {
	case SendAgain:
		earlier := s.steps[send.Again]
		if earlier == nil || earlier.sent == nil {
			return nil, nil, errNoValue{Textf("l'étape « %s » n'a rien envoyé", "the step %q sent nothing", send.Again)}
		}
		s.current.built, s.current.intact = earlier.built, earlier.intact && len(step.Set) == 0
		return s.bend(step, earlier.sent)
	case SendFile:
		data, err := s.script.Scenario.ReadFile(send.File, int64(s.player.Candidate.Limits.Message))
		if err != nil {
			return nil, nil, err
		}
		return s.bend(step, data)
	case SendRaw:
		text, err := send.Raw.Render(s)
		if err != nil {
			return nil, nil, err
		}
		data, err := s.charset.Encode(text)
		if err != nil {
			return nil, nil, err
		}
		return s.bend(step, data)
	}
	return s.build(step, step.ID, send.Event)
}

// build makes the message of an event. id names its movement for later steps.
func (s *stage) build(step *Step, id string, t pam.Trigger) ([]byte, *hl7.Message, error) {
	change, err := step.Change(s)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.journey.Message(id, t, change)
	if err != nil {
		return nil, nil, err
	}
	s.current.built, s.current.intact = true, len(step.Set) == 0 && !change.Force
	if s.player.spoil != nil {
		s.player.spoil(m)
	}
	return s.bendMessage(step, m)
}

// bend applies the step's `set` to bytes. Bytes that nothing bends go out as
// they are, message or not.
func (s *stage) bend(step *Step, data []byte) ([]byte, *hl7.Message, error) {
	m, err := hl7.Parse(data)
	if err != nil {
		if len(step.Set) == 0 {
			return data, nil, nil
		}
		return nil, nil, err
	}
	if len(step.Set) == 0 {
		return data, m, nil
	}
	return s.bendMessage(step, m)
}

// bendMessage sets the fields that the step bends. MSH-18 comes last: what the
// others write is encoded as the message was, so that a lie about the character
// set stays a lie.
func (s *stage) bendMessage(step *Step, m *hl7.Message) ([]byte, *hl7.Message, error) {
	s.current.message = m
	var last []Assign
	set := func(a Assign) error {
		value, err := a.Value.Render(s)
		if err != nil {
			return err
		}
		if err := m.Set(a.Path, value); err != nil {
			return fmt.Errorf("set %s: %w", a.Key, err)
		}
		return nil
	}
	for _, a := range step.Set {
		if a.Path.SegmentName() == "MSH" && a.Path.Field() == 18 {
			last = append(last, a)
			continue
		}
		if err := set(a); err != nil {
			return nil, nil, err
		}
	}
	for _, a := range last {
		if err := set(a); err != nil {
			return nil, nil, err
		}
	}
	return m.Bytes(), m, nil
}

// guard refuses bytes that carry the identity of a real person.
func (s *stage) guard(data []byte, m *hl7.Message) error {
	if !s.player.Candidate.Safety.RefuseRealIdentities {
		return nil
	}
	if m != nil {
		return pam.CheckIdentities(m)
	}
	return pam.CheckIdentityBytes(data)
}

// takes reports whether the candidate declared the events, or declared nothing.
func (c *Candidate) takes(events ...pam.Trigger) bool {
	return c.Supports == nil || !slices.ContainsFunc(events, func(t pam.Trigger) bool { return !slices.Contains(c.Supports, t) })
}
