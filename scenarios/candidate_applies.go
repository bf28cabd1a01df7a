package scenarios

import (
	"errors"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
)

// Applies reports whether a case of s can be played against c and, if not, what
// is missing: the reason of the verdict not-applicable.
//
// Steps of always do not count: the player leaves out those that cannot be
// built.
func Applies(s *Scenario, play *Case, c *Candidate) (bool, Text) {
	for _, missing := range []func(*Scenario, *Case, *Candidate) Text{
		otherRole, otherDialect, unsupported, notInDialect, lacksTLS, lacksEnds,
	} {
		if reason := missing(s, play, c); !reason.IsZero() {
			return false, reason
		}
	}
	return true, Text{}
}

func otherRole(s *Scenario, _ *Case, c *Candidate) Text {
	if s.Role == c.Role {
		return Text{}
	}
	return Textf("le scénario s'adresse à un candidat de rôle %s, celui-ci est %s",
		"the scenario is for a candidate of role %s, this one is %s", s.Role, c.Role)
}

func otherDialect(s *Scenario, _ *Case, c *Candidate) Text {
	if len(s.Dialects) == 0 || slices.Contains(s.Dialects, c.Dialect.Name) {
		return Text{}
	}
	return Textf("le scénario est écrit pour %s, le candidat parle %s",
		"the scenario is written for %s, the candidate speaks %s", strings.Join(s.Dialects, ", "), c.Dialect.Name)
}

// events are those that a play requires or sends, each once. What its steps of
// always send does not count: it is left out where it has no place.
func (c *Case) events() []pam.Trigger {
	events := slices.Clone(c.Requires)
	for _, step := range flattened(c.Steps) {
		for _, t := range append(step.Send.events(), step.owes()...) {
			if !slices.Contains(events, t) {
				events = append(events, t)
			}
		}
	}
	return events
}

// owes are the events of which the candidate has to send the step a message.
func (s *Step) owes() []pam.Trigger {
	if s.Receive == nil || s.Optional || s.Receive.Least == 0 || len(s.Receive.Events) != 1 {
		return nil
	}
	return s.Receive.Events
}

// lacksEnds says which listener or endpoint the candidate file lacks.
func lacksEnds(_ *Scenario, play *Case, c *Candidate) Text {
	for _, step := range flattened(play.Steps) {
		if step.Receive != nil {
			if _, ok := c.Harness.listener(step.Receive.Listener); !ok {
				return noListener(step.Receive.Listener)
			}
		}
		for _, call := range []*Call{step.Trigger, step.Probe} {
			if call == nil || call == step.Trigger && step.Operator != nil {
				continue
			}
			if _, ok := c.Endpoints[call.Endpoint]; !ok {
				return noEndpoint(call.Endpoint)
			}
		}
	}
	return Text{}
}

// unsupported names the events that the candidate did not declare.
func unsupported(_ *Scenario, play *Case, c *Candidate) Text {
	if c.Supports == nil {
		return Text{}
	}
	var lacking []string
	for _, t := range play.events() {
		if !slices.Contains(c.Supports, t) {
			lacking = append(lacking, string(t))
		}
	}
	if len(lacking) == 0 {
		return Text{}
	}
	return Textf("le candidat ne prend pas en charge %s", "the candidate does not support %s", strings.Join(lacking, ", "))
}

// notInDialect says which event to send the candidate's dialect does not have,
// or we cannot build in it.
func notInDialect(_ *Scenario, play *Case, c *Candidate) Text {
	for _, step := range flattened(play.Steps) {
		for _, t := range append(step.Send.events(), step.owes()...) {
			if ok, why := c.Dialect.Supports(t); !ok {
				return reasonIn(c.Dialect, t, why)
			}
		}
	}
	return Text{}
}

func reasonIn(dialect pam.Dialect, t pam.Trigger, why pam.Text) Text {
	return Text{
		FR: string(t) + " n'a pas lieu en " + dialect.Name + " : " + why.FR,
		EN: string(t) + " has no place in " + dialect.Name + ": " + why.EN,
	}
}

// lacksTLS says which identity, or TLS altogether, the candidate file lacks for
// what the steps do with connections.
func lacksTLS(_ *Scenario, play *Case, c *Candidate) Text {
	for _, step := range slices.Concat(play.Steps, play.Always) {
		wants := step.Expects(TargetTLS)
		connect := step.Connect
		if step.Accept != nil {
			connect = step.Accept.connect()
		}
		present := ""
		if connect != nil {
			present = connect.Present
			wants = wants || connect.strange()
		}
		if step.Receive != nil && step.Receive.Present != nil {
			present, wants = *step.Receive.Present, true
		}
		if wants && c.TLS == nil {
			return Text{
				FR: "le scénario éprouve TLS, et le fichier candidat n'a pas de section « tls »",
				EN: `the scenario tests TLS, and the candidate file has no section "tls"`,
			}
		}
		if step.Connect != nil && step.Connect.Renewed && c.TLS.Renews == 0 {
			return Text{
				FR: "le certificat du candidat doit être renouvelé pendant l'essai ; faites-le faire, et dites-en le délai : tls.renews: 60s",
				EN: "the candidate's certificate has to be renewed during the run; have it done, and say how long that takes: tls.renews: 60s",
			}
		}
		if present != "" && present != NoIdentity {
			if _, err := c.TLS.Files(present); err != nil {
				return withHint(err)
			}
		}
	}
	return Text{}
}

// withHint puts what to do about an error behind it.
func withHint(err error) Text {
	text := textOf(err)
	if hinted, ok := errors.AsType[interface {
		error
		Hint(string) string
	}](err); ok {
		text.FR, text.EN = text.FR+" ; "+hinted.Hint("fr"), text.EN+"; "+hinted.Hint("en")
	}
	return *text
}
