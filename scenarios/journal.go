package scenarios

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"
)

// JournalVersion is the version of the journal's form, the `v` of each event.
// It grows when a reader of the former version would misunderstand an event;
// new optional members do not change it.
const JournalVersion = 1

// EventKind names what an event of the journal tells.
type EventKind string

// The events in the order in which a run writes them: RunStarted once, then for
// each scenario its started, steps, connections, messages and checks, and
// finished; RunFinished last. Events of scenarios that run side by side are
// interleaved; Scenario and Case tell them apart.
const (
	RunStarted       EventKind = "run.started"
	ScenarioStarted  EventKind = "scenario.started"
	StepStarted      EventKind = "step.started"
	Connection       EventKind = "connection"
	MessageSent      EventKind = "message.sent"
	MessageReceived  EventKind = "message.received"
	Checked          EventKind = "check"
	Note             EventKind = "note"
	StepFinished     EventKind = "step.finished"
	ScenarioFinished EventKind = "scenario.finished"
	RunFinished      EventKind = "run.finished"
)

// Event is one line of the journal, documented for its readers in
// docs/journal.md. Only the members that its kind needs are set.
type Event struct {
	V    int       `json:"v"`
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Kind EventKind `json:"event"`

	Scenario string `json:"scenario,omitempty"` // id
	Case     string `json:"case,omitempty"`     // row of its table of cases
	Step     string `json:"step,omitempty"`     // id

	Run        *RunInfo        `json:"run,omitempty"`        // run.started
	Subject    *SubjectInfo    `json:"subject,omitempty"`    // scenario.started, step.started
	Connection *ConnectionInfo `json:"connection,omitempty"` // connection
	Message    *MessageInfo    `json:"message,omitempty"`    // message.sent, message.received
	Check      *CheckInfo      `json:"check,omitempty"`      // check
	Note       *Text           `json:"note,omitempty"`       // note
	Result     *ResultInfo     `json:"result,omitempty"`     // step.finished, scenario.finished, run.finished
}

// RunInfo says what was run, against what, and with which choices.
type RunInfo struct {
	ID       string    `json:"id"`
	Tool     string    `json:"tool"` // "pamlab"
	Version  string    `json:"version"`
	Seed     uint64    `json:"seed"`
	Instant  time.Time `json:"instant"` // what `at: +1h` counts from
	Jobs     int       `json:"jobs"`
	Selected int       `json:"selected"` // scenarios, rows of cases counted
	// Options are the options of the command line that chose the candidate, so
	// that a report can say how to play a scenario again.
	Options   []string      `json:"options,omitempty"`
	Candidate CandidateInfo `json:"candidate"`
	// RefuseRealIdentities is false when the candidate file switched off the
	// guard against production INS identities: evidence must show it.
	RefuseRealIdentities bool `json:"refuse_real_identities"`
}

// CandidateInfo identifies the system under test.
type CandidateInfo struct {
	Name    string `json:"name"`
	Release string `json:"release,omitempty"`
	Role    string `json:"role"`
	Address string `json:"address,omitempty"`
	Listen  string `json:"listen,omitempty"` // of a GAM: where it has to connect to
	Dialect string `json:"dialect"`
	Charset string `json:"charset"`
	TLS     bool   `json:"tls"`
	// Conformance are the settings by which messages are judged that the
	// candidate file changed, as name=value: evidence must show them.
	Conformance []string `json:"conformance,omitempty"`
}

// SubjectInfo describes a scenario or a step as it begins.
type SubjectInfo struct {
	Title  Text     `json:"title"`
	Select string   `json:"select,omitempty"` // of a scenario: what selects it again, with its case: an id, or a file
	Source *Source  `json:"source,omitempty"`
	Spec   string   `json:"spec,omitempty"` // what demands it: "IHE ITI TF-2 3.31.7"
	Tags   []string `json:"tags,omitempty"`
	Covers []string `json:"covers,omitempty"`
}

// Source is a place in a scenario or candidate file. Text is the whole line, so
// that a report can show it when the file is no longer at hand.
type Source struct {
	File   string `json:"file"`
	Line   int    `json:"line"`             // from 1
	Column int    `json:"column,omitempty"` // from 1, in runes
	Width  int    `json:"width,omitempty"`  // runes to underline
	Text   string `json:"text,omitempty"`
}

// ConnectionInfo tells what became of a connection to or from the candidate.
type ConnectionInfo struct {
	State    string   `json:"state"`              // opened, reopened, refused, failed, closed
	Address  string   `json:"address,omitempty"`  // of the peer
	Identity string   `json:"identity,omitempty"` // which of our identities was presented; "none" for none
	Offer    string   `json:"offer,omitempty"`    // what of TLS we offered, when that was not the usual
	TLS      *TLSInfo `json:"tls,omitempty"`      // nil: plain TCP
	Kind     string   `json:"kind,omitempty"`     // of the error: no-connection, handshake-refused …
	Alert    string   `json:"alert,omitempty"`    // TLS alert by its name in RFC 8446
	Error    *Text    `json:"error,omitempty"`
}

// TLSInfo is what was agreed in a handshake.
type TLSInfo struct {
	Version         string     `json:"version"` // "1.2", "1.3"
	Cipher          string     `json:"cipher"`
	PeerSubject     string     `json:"peer_subject,omitempty"`
	PeerFingerprint string     `json:"peer_fingerprint,omitempty"` // SHA-256, hex
	PeerNotAfter    *time.Time `json:"peer_not_after,omitempty"`
}

// MessageInfo is a message as it was on the wire, without its MLLP framing.
type MessageInfo struct {
	Type      string  `json:"type,omitempty"`       // MSH-9 as written
	ControlID string  `json:"control_id,omitempty"` // MSH-10
	Charset   string  `json:"charset,omitempty"`    // MSH-18
	Data      []byte  `json:"data"`                 // base64 in JSON: the bytes are evidence
	LatencyMS float64 `json:"latency_ms,omitempty"` // of an answer, from the last byte written to the last byte read
	Oddities  []Text  `json:"oddities,omitempty"`   // tolerated departures from MLLP or ER7
	// Wire is how a message of ours went out, when that was not as one block.
	Wire *WireInfo `json:"wire,omitempty"`
}

// WireInfo tells what a step did to the bytes of what it sent.
type WireInfo struct {
	How     []string `json:"how,omitempty"`     // the keys of the step: "end: none", "chunk: 1"
	Written int64    `json:"written,omitempty"` // bytes that went out, without those that a fault added
	Raw     []byte   `json:"raw,omitempty"`     // the bytes as they were to be written, framing included, if they are not too many
}

// CheckInfo is one expectation and what was found.
type CheckInfo struct {
	Name     string  `json:"name"` // "ack.MSA-1", "connection", "latency", "tls.outcome"
	Level    Level   `json:"level"`
	Verdict  Verdict `json:"verdict"`
	Expected string  `json:"expected"`
	Wanted   *Text   `json:"wanted,omitempty"` // Expected for people, when it has words
	Actual   string  `json:"actual"`
	Unmet    bool    `json:"unmet,omitempty"`   // an info expectation that does not hold: its verdict is pass all the same
	Message  *Text   `json:"message,omitempty"` // the finding in words, when name, expected and actual do not say it
	Hint     *Text   `json:"hint,omitempty"`
	Spec     string  `json:"spec,omitempty"`
	Rule     string  `json:"rule,omitempty"`
	Source   *Source `json:"source,omitempty"`
	Field    string  `json:"field,omitempty"` // the field of the sent message that the candidate pointed at
	// ControlID is that of the message, of a check on one that the candidate sent.
	ControlID string `json:"control_id,omitempty"`
}

// ResultInfo closes a step, a scenario or the run.
type ResultInfo struct {
	Verdict     Verdict         `json:"verdict"`
	Reason      *Text           `json:"reason,omitempty"` // why it is not a plain pass or fail
	DurationMS  float64         `json:"duration_ms"`
	Counts      map[Verdict]int `json:"counts,omitempty"`      // run.finished: scenarios by verdict
	Exit        int             `json:"exit,omitempty"`        // run.finished
	Interrupted bool            `json:"interrupted,omitempty"` // run.finished
}

// Journal writes events, one JSON object a line, and hands each to its
// observers in the order in which it wrote them. It is safe for concurrent use.
type Journal struct {
	mu        sync.Mutex
	out       *json.Encoder
	seq       uint64
	now       func() time.Time
	observers []func(Event)
	err       error
}

// NewJournal returns a journal that appends to w. Each event is one Write, so a
// run that is killed leaves whole lines. Observers are called one event at a
// time, under the journal's lock: they must be quick and must not write to it.
func NewJournal(w io.Writer, now func() time.Time, observers ...func(Event)) *Journal {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &Journal{out: enc, now: now, observers: observers}
}

// Write numbers, dates and appends e. After a failed write the journal keeps
// serving its observers; Err returns the failure.
func (j *Journal) Write(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.V, e.Seq, e.Time = JournalVersion, j.seq, j.now().UTC()
	if err := j.out.Encode(e); err != nil && j.err == nil {
		j.err = fmt.Errorf("writing the journal: %w", err)
	}
	for _, observe := range j.observers {
		observe(e)
	}
}

// Err returns the first failure to write, or nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// maxJournalLine bounds one line: a message of the largest size allowed on the
// wire, in base64, with room for the rest.
const maxJournalLine = 96 << 20

// ReadJournal yields the events of a journal. It stops at the first line that
// is no event of this version, and yields that error with the line's number. A
// last line cut short, which a killed run can leave, ends the journal without
// an error.
func ReadJournal(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		br := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			line, err := readLine(br)
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return
			}
			if err != nil {
				yield(Event{}, fmt.Errorf("journal line %d: %w", n, err))
				return
			}
			var e Event
			if err := json.Unmarshal(line, &e); err != nil {
				yield(Event{}, fmt.Errorf("journal line %d: %w", n, err))
				return
			}
			if e.V != JournalVersion {
				yield(Event{}, fmt.Errorf("journal line %d: version %d, this program reads version %d", n, e.V, JournalVersion))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// readLine returns a line without its end; io.ErrUnexpectedEOF stands for bytes
// without a line end at the end of the journal.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxJournalLine:
			return nil, fmt.Errorf("longer than %d bytes", maxJournalLine)
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		return line[:len(line)-1], nil
	}
}
