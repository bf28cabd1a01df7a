package relay

import (
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// exchangeCost is what an exchange takes beside the bytes of its messages.
const exchangeCost = 1 << 10

// An Exchange is a message that passed, and what came back. It is not changed
// after it was told.
type Exchange struct {
	Conn *Conn
	From Side      // who sent the message
	Time time.Time // when its last byte passed
	Took time.Duration

	Message, Answer          []byte // Answer is nil when none came
	Oddities, AnswerOddities []mllp.Oddity
	Header                   hl7.Header  // of the message; zero if it has none that can be read
	Code                     hl7.AckCode // MSA-1 of the answer, or of the message if it is an acknowledgement itself

	Patient  string // alias, "" if there is none
	Verdict  string // of both together: pass, warn, fail; "" without a Judge
	Findings []Finding
	// Err is why the exchange is no message with its answer: ErrUnanswered,
	// ErrAgain, ErrLate, an *mllp.FrameError for a block without end, an *hl7.Error for one
	// that is no message.
	Err error

	accepted bool  // a commit acknowledgement has come, and another one is due
	cost     int64 // of the budget
}

// A Finding is a rule that the message or its answer breaks.
type Finding struct {
	Rule   string
	Level  rules.Level
	Path   string
	Answer bool // it is the answer that does
}

// What makes an exchange other than a message with its answer that is stored.
var (
	// ErrUnanswered is a message that was not acknowledged in time, or not before
	// its connection ended.
	ErrUnanswered error = &remark{FR: "aucun acquittement n'est venu", EN: "no acknowledgement came"}
	// ErrBehind is told with NotKept when the store is too slow.
	ErrBehind error = &remark{FR: "le disque est trop lent", EN: "the disk is too slow"}
	// ErrLate is an acknowledgement of a message that was told as not answered.
	ErrLate error = &remark{FR: "cet acquittement vient trop tard", EN: "this acknowledgement comes too late"}
	// ErrAgain is an acknowledgement of a message that had one already.
	ErrAgain error = &remark{FR: "ce message était déjà acquitté", EN: "this message was acknowledged already"}
)

// A remark is an error that is its words.
type remark scenarios.Text

func (r *remark) Error() string { return r.EN }

// In returns the sentence in "fr" or "en".
func (r *remark) In(lang string) string { return scenarios.Text(*r).In(lang) }

// EventKind says what an Event is about.
type EventKind string

// The kinds of Event.
const (
	Opened     EventKind = "opened"      // a connection is carried
	Refused    EventKind = "refused"     // a connection was closed: the near side did not prove who it is
	NotCarried EventKind = "not-carried" // a connection was closed: the far side cannot be reached, or refused us
	Ended      EventKind = "ended"       // a connection that was carried; Err says why, unless it was the good end
	NoBlock    EventKind = "no-block"    // bytes passed that are no MLLP block: Err, Oddities
	Gap        EventKind = "gap"         // copies were dropped: what is in them was carried, but is not told
	NotKept    EventKind = "not-kept"    // the store did not take exchanges: Err
)

// An Event is something that happened beside exchanges.
type Event struct {
	Kind     EventKind
	Conn     *Conn // nil of NotKept, and of Gap where whole exchanges were dropped
	Side     Side  // whose fault or doing it is
	Err      error
	Oddities []mllp.Oddity
	Count    int // of NotKept: how many
}

// tell reports an event, from a goroutine of its own: whoever is told must not
// hold up who tells.
func (r *Relay) tell(e Event) {
	select {
	case r.events <- e:
	default: // nobody listens to so many
	}
}

// tellAll tells and logs events.
func (r *Relay) tellAll() {
	for e := range r.events {
		switch {
		case e.Kind == NotCarried || e.Kind == Refused:
			r.log().Warn("relay: connection not carried", "conn", e.Conn.ID, "near", addrOf(e.Conn.Addr[Near]), "to", r.To, "error", e.Err)
		case e.Kind == Gap:
			r.log().Warn("relay: the memory for copies was used up; what passed is not looked at", "dropped", r.figures.dropped.Load())
		case e.Kind == NotKept:
			r.log().Warn("relay: not stored", "count", e.Count, "error", e.Err)
		}
		if r.Told != nil {
			r.Told(e)
		}
	}
}

// dropped counts copies that there was no memory for.
func (r *Relay) dropped(pieces, bytes int) {
	r.figures.dropped.Add(uint64(pieces))
	r.figures.bytesLost.Add(uint64(bytes))
}
