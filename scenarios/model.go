package scenarios

import (
	"io"
	"io/fs"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// Role says which side of the exchange a system plays.
type Role string

// The roles: a digital medical device receives movements, a hospital's identity
// and admission system emits them.
const (
	DMN Role = "dmn"
	GAM Role = "gam"
)

// Scenario is a scenario file that was loaded and checked: everything in it
// that can be known without a network is known to be right. It is immutable and
// safe for concurrent use.
type Scenario struct {
	Pos         Source // of its id
	ID          string // "encounter/outpatient"
	Title       Text
	Description Text
	Spec        string // what demands it, for steps that do not say
	Role        Role   // that the candidate plays
	Tags        []string
	Requires    []pam.Trigger // what the candidate must support
	Covers      []string      // requirements: "ITI-31/A01"
	Dialects    []string      // that it is written for; empty: every dialect
	Timeout     time.Duration // for one play; 0: the player's own
	Alone       bool          // nothing else is played meanwhile: it takes much of the candidate
	Cases       []*Case       // at least one, in the file's order
	Source      []byte        // the file as it was read

	open func(name string) (fs.File, error) // beside the file
}

// Case is one play of a scenario: a row of its table of cases, with the row's
// cells already in their places. A scenario without a table has one Case, whose
// ID is "".
type Case struct {
	Pos      Source
	ID       string
	Title    Text          // what the row says of itself; may be empty
	Requires []pam.Trigger // the scenario's, and the row's own
	Given    Given
	Vars     []Assign
	Steps    []*Step
	Always   []*Step // played afterwards whatever happened, if their When holds
}

// Given describes the patient and the stay that a play starts with, in words of
// hl7/pam. Charset, when set, takes the place of the candidate's.
type Given struct {
	Charset    *hl7.Charset
	Patient    []Assign
	Stay       []Assign
	CharsetPos Source
}

// Step is one thing done to the candidate and what must come of it. It connects,
// sends, or does both in this order.
type Step struct {
	Pos   Source // of its id
	ID    string
	Title Text
	Spec  string // what demands it: "IHE ITI TF-2 3.31.7"
	// Sanity says that the step shows that the candidate works: when it does not
	// succeed nothing can be said about the candidate, and the play is inconclusive.
	Sanity  bool
	When    *Condition // of a step of Always only; nil: always
	Connect *Connect   // nil: on the connection that is open
	Accept  *Accept    // of a candidate of role GAM: it connects to us
	Receive *Receive   // of a candidate of role GAM: a message that it sends is awaited
	// AnyOrder are steps with nothing but a Receive: their messages may come in any
	// order. The step itself has none.
	AnyOrder []*Step
	Optional bool   // the message of Receive need not come
	Reply    *Reply // to it; nil: it is accepted
	// Operator has a person do something at the candidate, and Trigger a program,
	// before the step waits. With both, the program does it where there is one.
	Operator *Operator
	Trigger  *Call
	Probe    *Call    // asks until what is expected holds
	Send     *Send    // nil: a step that only connects
	With     []Assign // what the movement changes, in words of hl7/pam
	Set      []Assign // fields bent afterwards; keys are paths
	// Conforms is what the step says of its own message; nil: that it is
	// conformant, if it was built from an event and not bent.
	Conforms *Conforms
	Wire     *Wire // how the bytes go out; nil: as one block, in one write
	Expect   []*Expectation
	Capture  []Capture
	// Within bounds the wait for the acknowledgement; 0: the candidate's limit.
	Within time.Duration
	// Via says on which connection the application acknowledgement comes; ViaAny
	// when the step does not say it.
	Via    Via
	viaPos Source
}

// Via says on which connection an application acknowledgement comes.
type Via string

// The ways of an application acknowledgement.
const (
	ViaAny   Via = ""
	ViaSame  Via = "same"  // that of the message
	ViaOther Via = "other" // one that the candidate opens to harness.listen
	// ViaEither is whichever of the two: pamlab listens on both.
	ViaEither Via = "either"
)

// listens reports a way for which harness.listen has to be open.
func (v Via) listens() bool { return v == ViaOther || v == ViaEither }

// enhanced reports a step that may have two acknowledgements.
func (s *Step) enhanced() bool {
	return s.Via != ViaAny || s.Expects(TargetAccept) || s.Expects(TargetNoAccept) || s.Expects(TargetAcceptConforms)
}

// Condition holds when an earlier step reached a state.
type Condition struct {
	Pos   Source
	Step  string
	State StepState
}

// StepState is what a Condition can ask of a step.
type StepState string

// The states of a step that was played.
const (
	StepSent   StepState = "sent"   // its message was written, whatever came back
	StepAcked  StepState = "acked"  // an acknowledgement came back, whatever it said
	StepPassed StepState = "passed" // no expectation of it failed
	StepFailed StepState = "failed" // one did
)

// SendKind says where the bytes of a message come from.
type SendKind string

// The kinds of Send.
const (
	SendEvent SendKind = "event" // built by hl7/pam from the patient, the stay and With
	SendAgain SendKind = "again" // the bytes that an earlier step sent
	SendFile  SendKind = "file"  // a file beside the scenario, byte for byte
	SendRaw   SendKind = "raw"   // written in the scenario
	SendBurst SendKind = "burst" // several built messages, in one write
)

// Send is the message of a step. Only the member that its Kind names is set.
type Send struct {
	Pos   Source
	Kind  SendKind
	Event pam.Trigger
	Again string // id of the step
	File  string // slash-separated, below the scenario's folder; Scenario.ReadFile reads it
	Raw   Template
	Burst []pam.Trigger

	what Source // of the value alone: the step, the file
}

// events are those of the messages that are built; none of a nil Send.
func (s *Send) events() []pam.Trigger {
	switch {
	case s == nil:
		return nil
	case s.Kind == SendEvent:
		return []pam.Trigger{s.Event}
	}
	return s.Burst
}

// Assign gives a value to a key. Keys of nested mappings are joined by dots:
// `unit: {code: "6268"}` is unit.code.
type Assign struct {
	Pos   Source // of key and value
	Key   string
	Path  hl7.Path // of a key of Set
	Value Template
}

// Capture keeps a value of a message for later steps, under a name.
type Capture struct {
	Pos  Source
	Name string
	Side Side
	Path hl7.Path
	JSON jsonPath // of SideJSON

	named Source // of the name alone
}

// Side is one of the messages of a step.
type Side string

// The messages of a step: what we sent, what came back, what the candidate sent
// us, and what an endpoint answered.
const (
	SideSent     Side = "sent"
	SideAck      Side = "ack"
	SideReceived Side = "received"
	SideJSON     Side = "json"
)

// Target is what an expectation looks at.
type Target string

// The targets of an Expectation.
const (
	TargetAck     Target = "ack"     // a field of the acknowledgement: Path
	TargetSent    Target = "sent"    // a field of our own message: Path
	TargetNoAck   Target = "none"    // that no acknowledgement comes, within Step.Within
	TargetAnswers Target = "answers" // how many blocks came back
	// TargetAccept is a field of the commit acknowledgement, of the enhanced mode,
	// that comes before the one that TargetAck looks at; TargetNoAccept that none
	// comes.
	TargetAccept     Target = "accept"
	TargetNoAccept   Target = "no-accept"
	TargetConnection Target = "connection"
	TargetSession    Target = "session" // whether the connection is that of the message before
	TargetMessage    Target = "message" // whether one came, of a step that accepts
	TargetLatency    Target = "latency"
	TargetTLS        Target = "tls"    // what Field names: outcome, alert, version …
	TargetAnyOf      Target = "any_of" // that one of AnyOf holds as a whole
	// TargetConforms is that the acknowledgement breaks no rule, not even a SHOULD;
	// TargetAcceptConforms is the same of the commit acknowledgement.
	TargetConforms       Target = "ack.conforms"
	TargetAcceptConforms Target = "accept.conforms"
	// TargetReceived is a field of a message that the candidate sent us, and
	// TargetSince the time from the one before; TargetReceivedConforms that it breaks
	// no rule, not even a SHOULD, and TargetLenient that rules are not judged.
	TargetReceived         Target = "received"
	TargetSince            Target = "since"
	TargetReceivedConforms Target = "received.conforms"
	TargetLenient          Target = "received.lenient"
	TargetStatus           Target = "status" // of an HTTP answer
	TargetJSON             Target = "json"   // of an HTTP answer, at the path JSON
)

// The words that the matcher of a connection and of a TLS outcome compares with.
const (
	ConnectionOpen   = "open"
	ConnectionClosed = "closed"
	TLSAccepted      = "accepted"
	TLSRefused       = "refused"
	SessionKept      = "kept"
	SessionReopened  = "reopened"
	MessageCame      = "received"
	NoMessage        = "none"
)

// Expectation is one thing that must hold after a step.
type Expectation struct {
	Pos     Source // of the lines that a report shows when it does not hold
	Target  Target
	Field   string // as written: "MSA-1", "outcome", "peer.subject"
	Path    hl7.Path
	JSON    jsonPath         // of TargetJSON
	Matcher *Matcher         // nil for TargetNoAck, TargetConforms and TargetAnyOf
	AnyOf   [][]*Expectation // alternatives of TargetAnyOf
	Level   Level
	Because Text // why, in the author's words; may be empty

	implied bool // by others: nobody wrote it
}

// Name is the expectation's name in journals and reports: "ack.MSA-1",
// "connection", "tls.outcome".
func (e *Expectation) Name() string {
	switch {
	case e.Target == TargetNoAck:
		return "ack"
	case e.Target == TargetNoAccept:
		return "accept"
	case e.Field == "":
		return string(e.Target)
	}
	return string(e.Target) + "." + e.Field
}

// Expects reports whether an expectation of the step looks at the target; an
// alternative of any_of counts.
func (s *Step) Expects(target Target) bool { return expects(s.Expect, target) }

func expects(list []*Expectation, target Target) bool {
	for _, e := range list {
		if e.Target == target {
			return true
		}
		for _, alternative := range e.AnyOf {
			if expects(alternative, target) {
				return true
			}
		}
	}
	return false
}

// ReadFile reads a file that a step sends. The name is the Send's: it was
// checked when the scenario was loaded, and the read cannot leave the
// scenario's folder. A file of more than limit bytes is an error.
func (s *Scenario) ReadFile(name string, limit int64) ([]byte, error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errTooLarge}
	}
	return data, nil
}
