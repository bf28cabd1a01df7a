package reference

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
)

// Limits of a DMN whose Options say nothing.
const (
	DefaultMaxPatients = 10_000
	DefaultMaxAnswers  = 10_000
	// DefaultDelay is how late the bug slow-answer answers: later than the five
	// seconds that a candidate is given by default.
	DefaultDelay = 6 * time.Second
)

// Options say what a DMN supports, whom it tells, and what is wrong with it.
// The zero value is a DMN without faults that supports everything but what
// France excludes.
type Options struct {
	// Supports lists the trigger events that are not rejected (AR 201). Nil
	// stands for all events of ITI-30 and ITI-31; but A08, which PAM.fr 2.2
	// excludes, is then rejected where MSH-12 announces PAM.fr.
	Supports []string
	// Versions lists the accepted MSH-12.1; nil is 2.3.1, 2.5 and 2.5.1.
	Versions []string
	// ProcessingIDs lists the accepted MSH-11.1; nil is P, T and D.
	ProcessingIDs []string
	// RefuseKnownPatient answers AE 205 to an A28 of a known patient, which no
	// specification describes. Otherwise it is taken as an update.
	RefuseKnownPatient bool

	// Lenient takes messages that do not conform, as many devices do, as long as
	// what a movement cannot be filed without is there. Otherwise a message that
	// breaks a MUST of HL7, IHE PAM or France is refused.
	Lenient bool

	// Application and Facility name the DMN where the message does not: in the
	// answer to what has no readable MSH, and for an empty MSH-5 or MSH-6.
	Application, Facility string

	// Accept, if not nil, is asked about each message that could be read and is
	// in order, before it is applied. A *Refusal is answered as it says, any
	// other error with AR 207; nil lets the message pass. The message is valid
	// only until Accept returns. It is called from many goroutines at once.
	Accept func(ctx context.Context, m *hl7.Message) error
	// Elsewhere, if not nil, delivers the application acknowledgements of the
	// enhanced mode, which then do not go out on the connection of their message.
	// It is called after the commit acknowledgement was written, from the
	// goroutines of many connections at once, and returns when the other side has
	// answered. See ServerOptions.AnswerTo.
	Elsewhere func(ctx context.Context, ack []byte) error
	// Observe, if not nil, is told about each exchange just before the answer is
	// written: whoever has the answer can rely on Observe having returned. It is
	// called on the connection's goroutine, for many connections at once.
	Observe func(Exchange)
	// Logger gets one line for each exchange, without the content of messages;
	// nil is slog.Default().
	Logger *slog.Logger
	// Now gives the time of acknowledgements; nil is time.Now. Its zone is the
	// one of times that do not name theirs.
	Now func() time.Time

	// MaxPatients bounds the record, and MaxAnswers the memory for messages that
	// are sent again. The oldest are forgotten; 0 stands for the default.
	MaxPatients, MaxAnswers int

	// Bugs are names from Bugs.
	Bugs []string
	// Delay is how late the bug slow-answer answers; 0 is DefaultDelay.
	Delay time.Duration
}

// A Refusal, returned by Options.Accept, says how to refuse a message.
type Refusal struct {
	Code   hl7.AckCode // AE or AR
	Errors []hl7.AckError
}

// Error says that the message was refused and why.
func (r *Refusal) Error() string {
	if len(r.Errors) == 0 {
		return "refused with " + string(r.Code)
	}
	return fmt.Sprintf("refused with %s: code %d", r.Code, r.Errors[0].Code)
}

// An Exchange is a message and the answer to it.
type Exchange struct {
	Conn     *mllp.Conn
	Received time.Time
	Took     time.Duration // from Received until the answer was ready

	Message   []byte // valid only during the call of Options.Observe
	Answer    []byte // nil when there is none; valid like Message. Framing faults do not show here. Of two, that of the application.
	Trigger   string // MSH-9.2
	ControlID string // MSH-10

	Code    hl7.AckCode // of the answer; "" when there is none
	Outcome Outcome
	Reason  Text // of all outcomes but Applied
}

// A DMN is a digital medical device that receives movements: an mllp.Handler
// with a memory. It is safe for concurrent use.
type DMN struct {
	opt    Options
	faults faults
	ids    atomic.Uint64
	prefix string // of the control ids of this DMN's answers

	answers  *answers
	conforms *conformity // nil: lenient

	mu       sync.Mutex
	registry *registry
}

// New returns a DMN that knows nobody. The error is about a name in
// Options.Bugs or Options.Supports that does not exist.
func New(opt Options) (*DMN, error) {
	faults, err := newFaults(opt.Bugs, Bugs())
	if err != nil {
		return nil, err
	}
	for _, trigger := range opt.Supports {
		if _, ok := eventOf(trigger); !ok {
			return nil, &UnknownNameError{Name: trigger, Known: allEvents()}
		}
	}
	if opt.Versions == nil {
		opt.Versions = []string{"2.3.1", "2.5", "2.5.1"}
	}
	if opt.ProcessingIDs == nil {
		opt.ProcessingIDs = []string{"P", "T", "D"}
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	opt.Delay = cmp.Or(opt.Delay, DefaultDelay)
	d := &DMN{
		opt:      opt,
		faults:   faults,
		prefix:   opt.Now().Format("060102150405"),
		answers:  newAnswers(positive(opt.MaxAnswers, DefaultMaxAnswers)),
		registry: newRegistry(positive(opt.MaxPatients, DefaultMaxPatients)),
	}
	d.registry.refuseKnown = opt.RefuseKnownPatient
	if !opt.Lenient {
		if d.conforms, err = newConformity(opt.Supports, faults); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func positive(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// State returns a copy of the record.
func (d *DMN) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.registry.snapshot()
}

// Patient returns a copy of the record of the patient who has an identifier
// with this value (PID-3.1), whatever its authority and type; ok is false when
// there is none. It looks through the whole record: it is made for tests and
// probes.
func (d *DMN) Patient(value string) (p Patient, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := d.registry.holding(value)
	if found == nil {
		return Patient{}, false
	}
	return found.snapshot(), true
}

// ServeMLLP answers one message. It never panics for what a peer sends.
func (d *DMN) ServeMLLP(w mllp.ResponseWriter, r *mllp.Request) { d.Serve(r.Context(), w, r, Ahead{}) }

// Ahead is what somebody who stands before a DMN knows of a message already. The
// zero value is nothing.
type Ahead struct {
	// Force, if not nil, is the decision: the message is answered as it says,
	// whatever the DMN would have said. AE and AR refuse it; AA takes what can be
	// filed of it. A message that was answered before is answered as it was then.
	Force *Refusal
	// Header is that of the message, or nil; Message the message, parsed, or nil;
	// Report what a judge found in it alone, or nil. They spare the DMN the same
	// work.
	Header  *hl7.Header
	Message *hl7.Message
	Report  *rules.Report
}

// Serve is ServeMLLP with a context, and with what is known of the message. It
// returns what became of it.
func (d *DMN) Serve(ctx context.Context, w mllp.ResponseWriter, r *mllp.Request, ahead Ahead) Decision {
	if d.faults.on(readsUTF16, ignoresCharset) {
		ahead.Header, ahead.Message, ahead.Report = nil, nil, nil // of what the DMN does not see
	}
	payload := d.faults.receive(r.Payload)
	h, decided := d.decide(ctx, payload, ahead)
	v := d.faults.bend(decided)
	if enhanced(h) && v.code != "" && !d.faults.on(ignoresEnhanced) {
		d.serveEnhanced(ctx, w, r, h, v)
	} else {
		answer := d.faults.spoil(d.compose(h, v), h)
		d.observe(ctx, r, h, v, answer)
		d.put(ctx, w, r, answer, v)
	}
	return Decision{Outcome: decided.outcome, header: h, payload: payload, verdict: decided}
}

func (d *DMN) observe(ctx context.Context, r *mllp.Request, h hl7.Header, v verdict, answer []byte) {
	x := Exchange{
		Conn: r.Conn, Received: r.Received, Took: time.Since(r.Received),
		Message: r.Payload, Answer: answer, Trigger: h.Trigger, ControlID: h.ControlID,
		Code: v.code, Outcome: v.outcome, Reason: v.reason,
	}
	if answer == nil {
		x.Code = ""
	}
	level, condition := slog.LevelDebug, 0
	if len(v.errors) > 0 {
		condition = v.errors[0].Code
	}
	if v.outcome == Refused {
		level = slog.LevelInfo
	}
	if d.opt.Logger.Enabled(ctx, level) { // not the reason: it may quote the message
		d.opt.Logger.Log(ctx, level, "reference: message", "conn", r.Conn.ID, "event", x.Trigger,
			"control_id", x.ControlID, "answer", string(x.Code), "outcome", string(x.Outcome), "condition", condition, "took", x.Took)
	}
	if d.opt.Observe != nil {
		d.opt.Observe(x)
	}
}

// compose writes the answer down, nil for none.
func (d *DMN) compose(h hl7.Header, v verdict) []byte {
	if v.code == "" {
		return nil
	}
	h.ReceivingApplication = cmp.Or(h.ReceivingApplication, d.opt.Application)
	h.ReceivingFacility = cmp.Or(h.ReceivingFacility, d.opt.Facility)
	ack := hl7.Ack{Code: v.code, ControlID: d.nextID(), Time: d.opt.Now(), Errors: v.errors}
	if v.code == hl7.AA && oldForm(h.Version) {
		ack.Errors = nil // without a severity the warning beside AA would read as an error
	}
	h = d.faults.header(h, &ack)
	return ack.Append(nil, h)
}

// oldForm reports whether ERR has the form before HL7 2.5, which knows no
// severity.
func oldForm(version string) bool { return version != "" && version < "2.5" }

// nextID returns the MSH-10 of an answer, at most 20 characters.
func (d *DMN) nextID() string {
	return d.prefix + "-" + strconv.FormatUint(d.ids.Add(1), 36)
}

// supports reports whether a trigger event is one of those that the DMN takes.
func (d *DMN) supports(h hl7.Header) bool {
	if d.opt.Supports != nil {
		return slices.Contains(d.opt.Supports, h.Trigger)
	}
	return h.Trigger != "A08" || !headerOfFrance(h)
}
