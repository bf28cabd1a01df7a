// Package sequence judges what one message cannot show: the order of messages
// about a patient, an account, a stay and its movements.
//
// # What is followed
//
// A [Tracker] is fed message after message and keeps for each patient the
// identifiers they have, for each stay its class and state, and for each
// movement (ZBE-1) which event inserted it, when, and where the patient was
// from then on. That is what PAM.fr 5 builds its rules on: a cancellation names
// a movement that exists, an identifier is never used twice, the class of a
// patient only changes along certain ways, the admission that confirms a
// pre-admission says so.
//
// # What is not known is no fault
//
// A capture begins somewhere. A stay whose beginning was not seen is taken as
// it comes: rules that need the beginning judge it only when the tracker saw
// the patient or the stay before. What a receiver has to swallow in silence
// (IHE ITI TF-2 3.31.7: "discard, no error") may still be a fault of the
// sender, and that is what is judged here.
//
// # Bounds
//
// The tracker remembers a bounded number of patients, stays, movements and
// message ids, and forgets those it has not heard of for the longest time. It
// is safe for concurrent use: streams about different patients may be fed to it
// from different goroutines; the order that counts is that of the calls.
package sequence

import (
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// Options say by what a Tracker judges and how much it remembers.
type Options struct {
	Settings rules.Settings
	// Patients is how many patients are remembered; 0: 50,000. A tenth more
	// stays are, and four times as many movements and message ids. A patient
	// with a stay takes about 2 KiB.
	Patients int
}

const defaultPatients = 50_000

// A Tracker follows messages, one after the other.
type Tracker struct {
	historicStrict bool

	mu       sync.Mutex
	patients memory[*patient] // by each identifier of type PI, or the first one
	stays    memory[*stay]    // by PV1-19, else PID-18
	accounts memory[*account]
	moves    memory[*stay]  // by ZBE-1
	ids      memory[uint64] // by MSH-3, MSH-4 and MSH-10: what the message was
	key      []byte         // room to write keys
	room     [4]number      // for the identifiers of a message
}

// New returns a tracker that has seen nothing.
func New(o Options) *Tracker {
	n := o.Patients
	if n <= 0 {
		n = defaultPatients
	}
	return &Tracker{
		historicStrict: o.Settings.Get("historic_strict") == "on",
		patients:       newMemory[*patient](n + n/4), stays: newMemory[*stay](n + n/10), accounts: newMemory[*account](n + n/10),
		moves: newMemory[*stay](4 * n), ids: newMemory[uint64](4 * n),
	}
}

// Follow adds to the report of a message what only the messages before it can
// tell, and remembers the message. Of an acknowledgement only its own id is
// judged; messages of other types and events are passed over.
func (t *Tracker) Follow(r *rules.Report) {
	h := r.Header()
	if h.Type == "ACK" {
		t.mu.Lock()
		defer t.mu.Unlock()
		s := step{t: t, r: r, m: r.Message(), header: h}
		s.answerID()
	}
	if h.Type != "ADT" {
		return
	}
	event := r.Profile().Event(h.Trigger)
	t.mu.Lock()
	defer t.mu.Unlock()
	s := step{t: t, r: r, m: r.Message(), header: h, event: event, delims: h.Delimiters}
	if again := s.controlID(); again || event == nil {
		return
	}
	s.known = t.room[:0]
	s.read()
	s.follow()
}

// step is one message on its way through the tracker.
type step struct {
	t      *Tracker
	r      *rules.Report
	m      *hl7.Message
	header hl7.Header
	delims hl7.Delimiters

	known []number // of PID-3
	event *profile.Event

	pid, pv1, zbe, mrg, evn int // indexes of the first segments, -1 where there are none
}

// read finds the segments.
func (s *step) read() {
	s.pid, s.pv1, s.zbe, s.mrg, s.evn = -1, -1, -1, -1, -1
	for i := range s.m.NumSegments() {
		raw := s.m.Segment(i).Raw()
		if len(raw) < 3 {
			continue
		}
		var at *int
		switch string(raw[:3]) {
		case "PID":
			at = &s.pid
		case "PV1":
			at = &s.pv1
		case "ZBE":
			at = &s.zbe
		case "MRG":
			at = &s.mrg
		case "EVN":
			at = &s.evn
		default:
			continue
		}
		if *at < 0 {
			*at = i
		}
	}
	s.readNumbers()
}

// field returns a field of a segment found by read, an absent value where there
// is none.
func (s *step) field(segment, n int) hl7.Value {
	if segment < 0 {
		return hl7.Value{}
	}
	return s.m.Segment(segment).Field(n)
}

// find adds a finding at a value, or at the message type when there is none.
func (s *step) find(id string, level rules.Level, v hl7.Value, args ...rules.Arg) {
	rule := rules.ByID(id)
	if rule == nil {
		return
	}
	if v.Location().Segment == "" {
		v = s.m.Segment(0).Field(9)
	}
	s.r.Findings = append(s.r.Findings, rules.NewFinding(rule, level, s.m, v, args...))
}

// follow judges the message and takes it into account.
func (s *step) follow() {
	p, known := s.findPatient()
	switch s.event.Kind {
	case "identity":
		s.identity(p, known)
	case "account":
		s.moveAccount(p)
	case "insert", "cancel", "update", "tracking":
		s.encounter(p, known)
	}
}

// Remembered is how many identifiers of patients the tracker remembers, for
// those who watch its memory. It is never more than 5/4 of Options.Patients.
func (t *Tracker) Remembered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.patients.len()
}
