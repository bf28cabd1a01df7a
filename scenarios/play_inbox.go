package scenarios

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// inbox is our listening side of a play that receives messages. It is open from
// the beginning of the play to its end, so that no message is lost between two
// steps: each waits here until a step takes it, or decides that it is none of its
// own.
type inbox struct {
	stage  *stage
	ends   []*listeningEnd
	mail   chan *letter
	news   chan arrival
	served sync.WaitGroup
	closed chan struct{} // nobody decides any more
	came   atomic.Bool   // somebody connected

	mu    sync.Mutex
	known map[string]bool // identifiers of the patients of the play
	open  bool            // messages about others wait for a step, too
}

// listeningEnd is one listener of an inbox.
type listeningEnd struct {
	in     *inbox
	name   string
	server *mllp.Server
	last   uint64                // connection of the message that a step took last; of the play's goroutine
	guise  atomic.Pointer[guise] // of whoever comes from now on; nil without TLS
}

// letter is a message that came, until it is answered.
type letter struct {
	end      *listeningEnd
	conn     *mllp.Conn
	came     time.Time
	payload  []byte
	oddities []mllp.Oddity
	message  *hl7.Message // nil when it is none
	ids      []string     // of the patients that it is about

	once    sync.Once
	decided chan struct{}
	plan    *plan         // nil: it is accepted; set before decided is closed
	done    chan struct{} // it has been answered, or never will be
	answers [][]byte      // of who waited for done
	ended   time.Time
	early   bool // it was accepted before a step took it

	prev  uint64 // connection of the one that a step took before, at this listener; 0: there was none
	tried bool   // by the step in hand
}

// Bounds of what an inbox keeps, of that what is about others, and of how long it has
// a sender wait for a step.
const (
	mostMail    = 256
	mostForeign = mostMail / 2
	holdMail    = 2 * time.Second
)

// openInbox begins to listen wherever the steps of the play want messages to come.
func (s *stage) openInbox(ctx context.Context) (*inbox, error) {
	in := &inbox{
		stage: s, mail: make(chan *letter, mostMail), news: make(chan arrival, mostMail),
		closed: make(chan struct{}), known: map[string]bool{},
	}
	var names []string
	for _, step := range s.script.Case.awaited() {
		if !slices.Contains(names, step.Receive.Listener) {
			names = append(names, step.Receive.Listener)
		}
	}
	for _, name := range names {
		if err := in.listen(ctx, name); err != nil {
			in.close()
			return nil, err
		}
	}
	return in, nil
}

func (in *inbox) listen(ctx context.Context, name string) error {
	s := in.stage
	c := s.player.Candidate
	where, ok := c.Harness.listener(name)
	if !ok {
		return &blocked{noListener(name)}
	}
	end := &listeningEnd{in: in, name: name}
	end.server = &mllp.Server{
		Handler: end, OnConn: end.changed, Logger: slog.New(slog.DiscardHandler), MaxConns: mostMail / 4,
		MaxMessage: c.Limits.Message, HandshakeTimeout: c.Limits.Handshake, WriteTimeout: c.Limits.Ack,
	}
	if c.TLS != nil {
		var err error
		if end.server.TLSConfig, err = end.wear(cmp.Or(s.shown[name], where.Present)); err != nil {
			return err
		}
	}
	l, err := s.player.listen(ctx, where.Addr)
	if err != nil {
		return &blocked{Textf("impossible d'écouter sur %s : %v", "cannot listen on %s: %v", where.Addr, err)}
	}
	in.ends = append(in.ends, end)
	in.served.Go(func() { _ = end.server.Serve(l) })
	return nil
}

func noListener(name string) Text {
	return Textf("le fichier candidat n'a pas d'écoute « %s » sous harness.listeners", "the candidate file has no listener %q below harness.listeners", name)
}

// close ends listening. What waits is accepted.
func (in *inbox) close() {
	close(in.closed)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, end := range in.ends {
		if end.server.Shutdown(ctx) != nil {
			_ = end.server.Close()
		}
	}
	in.served.Wait()
}

// changed is told about every connection. News that nobody reads are lost.
func (e *listeningEnd) changed(conn *mllp.Conn, state mllp.ConnState, err error) {
	e.in.came.Store(true)
	a := arrival{conn: conn, state: state, err: err}
	if g := e.guise.Load(); g != nil {
		a.shown = g.present
	}
	select {
	case e.in.news <- a:
	default:
	}
}

// ServeMLLP keeps a message until it is decided what it is answered. Who has to
// wait for too long is accepted, so that a candidate does not give up because a
// step before takes its time.
func (e *listeningEnd) ServeMLLP(w mllp.ResponseWriter, r *mllp.Request) {
	l := &letter{
		end: e, conn: r.Conn, came: r.Received, payload: slices.Clone(r.Payload), oddities: r.Oddities,
		decided: make(chan struct{}), done: make(chan struct{}),
	}
	defer close(l.done)
	if l.message = parsed(l.payload); l.message != nil {
		l.ids = patientsOf(l.message)
	}
	foreign := e.in.foreign(l)
	if foreign {
		l.decide(nil, true)
	}
	if !foreign || len(e.in.mail) < mostForeign { // there is room for the play's own
		select {
		case e.in.mail <- l:
		default: // more than anybody will look at
			l.decide(&plan{code: hl7.AR, errors: []hl7.AckError{{Code: hl7.ConditionInternal}}}, true)
		}
	}
	hold := time.NewTimer(holdMail)
	defer hold.Stop()
	select {
	case <-l.decided:
	case <-hold.C:
		l.decide(nil, true)
	case <-e.in.closed:
		l.decide(nil, true)
	case <-r.Context().Done():
		l.decide(nil, true)
	}
	l.answers = l.plan.carryOut(r.Context(), e.in.stage, w, l)
	l.ended = time.Now()
}

// decide says what the letter is answered; the first word counts.
func (l *letter) decide(p *plan, early bool) {
	l.once.Do(func() {
		l.plan, l.early = p, early
		close(l.decided)
	})
}

// foreign reports a message about nobody whom the play knows, which need not wait for
// a step.
func (in *inbox) foreign(l *letter) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return !in.open && len(in.known) > 0 && !in.anyKnown(l.ids)
}

func (in *inbox) anyKnown(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return in.known[id] })
}

// knows reports whether a message is about a patient of the play.
func (in *inbox) knows(l *letter) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.anyKnown(l.ids)
}

// nobody reports a play that knows no patient yet.
func (in *inbox) nobody() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.known) == 0
}

// mostKnown bounds the identifiers of the patients of one play.
const mostKnown = 1000

// learn takes the patients of a message for those of the play.
func (in *inbox) learn(l *letter) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, id := range l.ids {
		if len(in.known) < mostKnown {
			in.known[id] = true
		}
	}
}

var patientPaths = sync.OnceValue(func() [][2]hl7.Path {
	return [][2]hl7.Path{
		{hl7.MustPath("PID[*]-3[*].1"), hl7.MustPath("PID[*]-3[*].4")},
		{hl7.MustPath("MRG[*]-1[*].1"), hl7.MustPath("MRG[*]-1[*].4")},
	}
})

// patientsOf are the identifiers of those that a message is about, each with the
// authority that gave it.
func patientsOf(m *hl7.Message) []string {
	var ids []string
	for _, paths := range patientPaths() {
		authorities := slices.Collect(m.All(paths[1]))
		for i, v := range slices.Collect(m.All(paths[0])) {
			number, err := v.Text()
			if err != nil || number == "" || v.State() != hl7.Present {
				continue
			}
			authority := ""
			if i < len(authorities) {
				authority = authorities[i].String()
			}
			if id := number + "^" + authority; !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
