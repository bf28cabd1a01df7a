package scenarios

import (
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
)

// Receive waits for messages that a candidate of role GAM sends us.
type Receive struct {
	Pos      Source
	Listener string // of the candidate file's harness.listeners; "": harness.listen
	// Present names the identity that the listener shows from this step on, as in a
	// Connect, "" its usual one; nil: the one that it shows already. Connections that
	// are open stay.
	Present *string
	Events  []pam.Trigger // one of these; empty: whichever
	Patient Whose
	ID      Template       // of PatientNamed: a number that identifies the patient
	Match   []*Expectation // of fields: what makes it the message that is awaited
	Within  time.Duration  // 0: as long as the candidate file says
	// Least and Most are how many messages have to come and may come. Most 0: none
	// may, as long as Within lasts.
	Least, Most int
	// Unexpected is how grave another message about the same patient is.
	Unexpected Level
}

// Whose says whom an awaited message is about.
type Whose string

// The patients that a Receive can wait for.
const (
	// PatientUsual is PatientSame, and PatientAny as long as the play knows nobody.
	PatientUsual Whose = ""
	PatientSame  Whose = "same" // one whom an earlier message of the play was about
	PatientAny   Whose = "any"
	PatientNew   Whose = "new"   // nobody whom the play knows
	PatientNamed Whose = "named" // Receive.ID identifies them
)

// silence reports a step that wants nothing to come.
func (r *Receive) silence() bool { return r != nil && r.Most == 0 }

// others reports a step that takes messages about patients whom the play does not
// know.
func (r *Receive) others() bool {
	return r != nil && !r.silence() && r.Patient != PatientUsual && r.Patient != PatientSame
}

// Reply is what a message that was awaited is answered. The zero value accepts it
// as its sender asks.
type Reply struct {
	Pos    Source
	Code   hl7.AckCode // "": good, in the mode that the message asks for
	Error  *ReplyError
	Text   Template // MSA-3
	After  time.Duration
	Silent bool // nothing is said, and the connection stays
	Close  ReplyClose
	Wrong  ReplyFault
}

// ReplyError is the ERR segment of a refusal.
type ReplyError struct {
	Code       int // of table 0357
	Field      *hl7.Path
	Text       Template
	Severity   string
	Diagnostic Template
	User       Template
}

// ReplyClose says when the connection is cut.
type ReplyClose string

// The moments of a cut.
const (
	CloseNever  ReplyClose = ""
	CloseBefore ReplyClose = "before" // in the place of the answer
	CloseAfter  ReplyClose = "after"
)

// ReplyFault is what is wrong with an answer, on purpose.
type ReplyFault string

// The faults of answers.
const (
	WrongID      ReplyFault = "message-id"       // MSA-2 names no message at all
	WrongOtherID ReplyFault = "other-message-id" // MSA-2 is that of the message before, or of none
	WrongSwap    ReplyFault = "no-swap"          // MSH-3 to MSH-6 are those of the message
	WrongCode    ReplyFault = "code"             // MSA-1 is none of table 0008
	WrongNoMSA   ReplyFault = "no-msa"           // there is no MSA
	WrongGarbage ReplyFault = "garbage"          // a block that is no message
	WrongFrame   ReplyFault = "no-frame"         // without the framing bytes
	WrongCut     ReplyFault = "cut"              // half of it, then the connection ends
	WrongTwice   ReplyFault = "twice"            // the same answer two times
)

func replyFaults() []string {
	return []string{
		string(WrongID), string(WrongOtherID), string(WrongSwap), string(WrongCode), string(WrongNoMSA),
		string(WrongGarbage), string(WrongFrame), string(WrongCut), string(WrongTwice),
	}
}

// positive reports an answer after which the sender may take the message for
// delivered.
func (r *Reply) positive() bool {
	if r == nil {
		return true
	}
	return !r.Silent && r.Close != CloseBefore && (r.Wrong == "" || r.Wrong == WrongTwice) && (r.Code == "" || r.Code == hl7.AA || r.Code == hl7.CA)
}

// Operator is an instruction to the person at the candidate.
type Operator struct {
	Pos    Source
	FR, EN Template
	Within time.Duration // to follow it; 0: the candidate file's limit
}

// awaited are the steps that receive messages, those of any_order among them.
func (c *Case) awaited() []*Step {
	var list []*Step
	for _, s := range flattened(c.Steps, c.Always) {
		if s.Receive != nil {
			list = append(list, s)
		}
	}
	return list
}

// flattened lists steps, those of any_order behind the step that has them.
func flattened(lists ...[]*Step) []*Step {
	var all []*Step
	for _, list := range lists {
		for _, s := range list {
			all = append(all, s)
			all = append(all, s.AnyOrder...)
		}
	}
	return all
}
