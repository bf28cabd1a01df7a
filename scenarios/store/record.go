package store

import (
	"strings"
	"time"
)

// Direction says which way a message went.
type Direction string

// The directions, seen from the store's program.
const (
	Received Direction = "received"
	Sent     Direction = "sent"
)

// State says where a message of an outbox is.
type State string

// The states of a message that is to be sent. That of others is "".
const (
	Done    State = "sent"
	Waiting State = "waiting"
	Parked  State = "parked" // must not be sent again as it is: somebody has to look at it
)

// A Record is one message and the answer to it.
type Record struct {
	ID          int64
	Time        time.Time // when the message was complete (received) or written (sent)
	Direction   Direction
	Listener    string // name or address of our end
	Peer        string // name in the peer's certificate, else its address
	Connection  int64
	ControlID   string   // MSH-10
	Type        string   // trigger event: A02
	Patient     string   // see Alias
	Verdict     string   // pass, warn, fail; "" when nobody judged
	Findings    []string // ids of rules
	Ack         string   // MSA-1 of the answer, or ""
	Destination string   // whither, of an outbox
	State       State
	Attempts    int
	Error       string // why the last attempt failed, or why the message is parked
	Took        time.Duration
	Repeated    bool // a message that had come before, and was answered as it was then

	Memo            []byte // what the program wants to know of it later, also without content: no trait of anybody
	Message, Answer []byte // nil with Options.NoContent
}

// A Filter chooses records: those that have every value it names.
type Filter struct {
	Type, Patient, Verdict, Ack, ControlID, Destination string

	State        State
	Direction    Direction
	Since, Until time.Time // Since is included, Until is not
	After        int64     // with an ID greater than this
	Limit        int       // at most so many; 0 is all
}

// columns are those of a row, and width their number.
const columns = "time, direction, listener, peer, connection, control_id, type, patient, verdict, findings, ack, destination, state, attempts, error, took, repeated, memo, message, answer"

var width = strings.Count(columns, ",") + 1

// values are those of columns, in their order.
func (r *Record) values(noContent bool) []any {
	message, answer := r.Message, r.Answer
	if noContent {
		message, answer = nil, nil
	}
	return []any{
		nanos(r.Time), string(r.Direction), r.Listener, r.Peer, r.Connection, r.ControlID, r.Type, r.Patient, r.Verdict,
		strings.Join(r.Findings, " "), r.Ack, r.Destination, string(r.State), r.Attempts, r.Error, int64(r.Took), r.Repeated, r.Memo,
		message, answer,
	}
}

// settled are what Settle writes, and then the id. Once a message is sent,
// noContent takes it away.
func (r *Record) settled(noContent bool) []any {
	answer := r.Answer
	if noContent {
		answer = nil
	}
	return []any{
		nanos(r.Time), string(r.State), r.Ack, r.Attempts, r.Error, r.Verdict, strings.Join(r.Findings, " "), int64(r.Took), r.Peer, r.Connection,
		answer, noContent && r.State == Done, r.ID,
	}
}

// scan reads a row of id and columns.
func (r *Record) scan(scan func(...any) error) error {
	var at, took int64
	var findings string
	err := scan(&r.ID, &at, &r.Direction, &r.Listener, &r.Peer, &r.Connection, &r.ControlID, &r.Type, &r.Patient, &r.Verdict,
		&findings, &r.Ack, &r.Destination, &r.State, &r.Attempts, &r.Error, &took, &r.Repeated, &r.Memo, &r.Message, &r.Answer)
	r.Time, r.Took = moment(at), time.Duration(took)
	if findings != "" {
		r.Findings = strings.Split(findings, " ")
	}
	return err
}

// where writes the filter as a condition of SQL.
func (f Filter) where() (condition string, args []any) {
	var terms []string
	term := func(on bool, text string, arg any) {
		if on {
			terms, args = append(terms, text), append(args, arg)
		}
	}
	term(f.Type != "", "type = ?", f.Type)
	term(f.Patient != "", "patient = ?", f.Patient)
	term(f.Verdict != "", "verdict = ?", f.Verdict)
	term(f.Ack != "", "ack = ?", f.Ack)
	term(f.ControlID != "", "control_id = ?", f.ControlID)
	term(f.Destination != "", "destination = ?", f.Destination)
	if f.State == Waiting {
		terms = append(terms, "state = 'waiting'") // literally, as in the index
	} else {
		term(f.State != "", "state = ?", string(f.State))
	}
	term(f.Direction != "", "direction = ?", string(f.Direction))
	term(!f.Since.IsZero(), "time >= ?", nanos(f.Since))
	term(!f.Until.IsZero(), "time < ?", nanos(f.Until))
	term(f.After > 0, "id > ?", f.After)
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}
