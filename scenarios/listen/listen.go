// Package listen is a DMN that serves for as long as one likes: the reference
// DMN behind one or several addresses, every message judged, stored and only then
// acknowledged.
//
// # What an acknowledgement says
//
// The message and its answer are in the store before the answer leaves. When the
// store fails the sender hears AR with error 207, whatever the DMN had decided:
// the sender still has the message and sends it again. The DMN then must not keep
// what it did; as it cannot take back a movement that others may have built on
// meanwhile, it forgets everything and recalls what the store has. As long as the
// store fails it is not asked at all.
//
// # Restart
//
// The record of the DMN, its memory for messages that come again and that of the
// order of messages (package sequence) live in memory. At the start, and after a
// failure, they are made anew from the store: a message that was answered before
// is answered the same, and not applied twice. What [Options].Recall leaves out
// is forgotten. When the store has no content the record begins empty, but the
// answers are known: beside the trace of a message a digest is kept, by which it
// is known again.
//
// # Several at once
//
// Each [Listener] is a device of its own, with its identity, its dialect, its
// record and its faults. They share the store, in which each message has the name
// of its listener.
package listen

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A Listener is one address and the device behind it.
type Listener struct {
	Name string      // in the store and in what is told; "" is its address
	Addr string      // "" is a free port of the loopback interface
	TLS  *mllp.Files // mutual TLS: who connects needs a certificate; nil is plain TCP

	Dialect  string // by which messages are judged; "" is what each announces
	Settings rules.Settings
	// Application and Facility name the device where a message does not.
	Application, Facility string
	Supports              []string // as in reference.Options
	Lenient               bool     // as in reference.Options
	Bugs                  []string // of the reference DMN

	// Reply, if not nil, may decide how a message is answered; m is nil for what
	// cannot be read. It returns nil to leave the decision to the DMN. It is called
	// from many goroutines at once.
	Reply func(m *hl7.Message) *Reply
}

// A Reply is how a message is to be answered.
type Reply struct {
	Force  *reference.Refusal // nil: as the DMN says
	Delay  time.Duration      // before the answer leaves
	Silent bool               // no answer at all
	// Bend, if not nil, makes of the answer what is sent; hangUp closes the
	// connection behind it.
	Bend func(answer []Block) (bent []Block, hangUp bool)
	// HangUp closes the connection: before the answer, which then is not sent, or
	// after it.
	HangUpBefore, HangUpAfter bool
}

// Options are what all listeners share.
type Options struct {
	Store    *store.Store // nil keeps nothing
	Validate bool         // judge every message, alone and in its order
	// Recall is how many of the youngest records the state is made of at the start;
	// 0 is DefaultRecall, negative is none.
	Recall int
	// Observe, if not nil, is told about each exchange once the answer has left. It
	// is called on the connection's goroutine, for many connections at once.
	Observe    func(Exchange)
	OnConn     func(listener string, c *mllp.Conn, state mllp.ConnState, err error)
	MaxMessage int // as in mllp.Server
	MaxConns   int // as in mllp.Server
	Logger     *slog.Logger
	Now        func() time.Time
}

// DefaultRecall is how many records are recalled, and how many answers are known
// at least: at full speed more than 10,000 messages pass before one that had no
// answer comes again.
const DefaultRecall = 100_000

// An Exchange is a message that was answered, or not.
type Exchange struct {
	Record *store.Record // ID is 0 when nothing is kept, or the store failed
	Took   time.Duration // until the answer had left
	Err    error         // of the store: the sender was told AR 207
}

// A Server is listeners that serve.
type Server struct {
	opt      Options
	stations []*station
}

// Start recalls what the store has, and then listens. ctx ends all connections;
// Stop is due in any case. The errors are those of reference.Start, rules.New and
// of the store.
func Start(ctx context.Context, listeners []Listener, opt Options) (*Server, error) {
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Server{opt: opt}
	for _, l := range listeners {
		st, err := newStation(s, l)
		if err != nil {
			return nil, err
		}
		s.stations = append(s.stations, st)
	}
	for _, st := range s.stations {
		if err := st.start(ctx); err != nil {
			return nil, errors.Join(&StartError{Listener: st.name(), Addr: st.Addr, Err: err}, s.Stop(ctx))
		}
	}
	return s, nil
}

// A StartError says which listener did not come up.
type StartError struct {
	Listener, Addr string
	Err            error
}

// Error names the listener and the reason.
func (e *StartError) Error() string { return e.Listener + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// Addrs are the addresses to connect to, in the order of the listeners.
func (s *Server) Addrs() []string {
	var addrs []string
	for _, st := range s.stations {
		addrs = append(addrs, st.running.Addr())
	}
	return addrs
}

// State returns the record of the device of a listener, by its place.
func (s *Server) State(i int) reference.State { return s.stations[i].running.DMN.State() }

// Stop finishes what is in flight, closes every connection and waits for all that
// Start began. When ctx ends before, connections are closed at once.
func (s *Server) Stop(ctx context.Context) error {
	errs := make([]error, len(s.stations))
	var stopping sync.WaitGroup
	for i, st := range s.stations {
		if st.running != nil {
			stopping.Go(func() { errs[i] = st.running.Stop(ctx) })
		}
	}
	stopping.Wait()
	return errors.Join(errs...)
}

// start brings a listener up: the device first, with its memory, and then the
// door.
func (st *station) start(ctx context.Context) (err error) {
	opt := st.srv.opt
	ready := make(chan struct{})
	st.ready = ready
	st.running, err = reference.Start(ctx, reference.ServerOptions{
		Options: reference.Options{
			Supports: st.Supports, Lenient: st.Lenient, Bugs: st.Bugs, Application: st.Application, Facility: st.Facility,
			Logger: opt.Logger, Now: opt.Now, MaxAnswers: max(opt.Recall, DefaultRecall),
		},
		Addr: st.Addr, TLS: st.TLS, MaxMessage: opt.MaxMessage, MaxConns: opt.MaxConns,
		Serve: st.serve,
		OnConn: func(c *mllp.Conn, state mllp.ConnState, err error) {
			if opt.OnConn != nil {
				opt.OnConn(st.name(), c, state, err)
			}
		},
	})
	defer close(ready) // messages wait until the past is known
	if err != nil {
		return err
	}
	return st.recall(ctx, st.running.DMN)
}

// name is what a listener goes by.
func (st *station) name() string { return cmp.Or(st.Name, st.Addr) }
