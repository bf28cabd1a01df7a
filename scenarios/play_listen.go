package scenarios

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

// blocked is why a step cannot be played here and now: neither the candidate nor
// the scenario is at fault.
type blocked struct{ Text }

// Error returns the sentence in English.
func (e *blocked) Error() string { return e.EN }

// station is our own listening side, on harness.listen, while a step waits for
// the candidate. It answers every message that comes.
type station struct {
	server *mllp.Server
	news   chan arrival
	served sync.WaitGroup
	stage  *stage
	seed   uint64
	number atomic.Int64

	mu     sync.Mutex
	hellos map[string]bool // addresses of open connections that have begun a TLS handshake
}

// arrival is something that happened at a station: a connection that changed its
// state, or a message, with our answers to it.
type arrival struct {
	conn     *mllp.Conn
	state    mllp.ConnState // "" for a message
	err      error
	begun    bool // its TLS handshake
	message  []byte
	oddities []mllp.Oddity
	answers  [][]byte
	shown    string // the identity that its listener shows, of an inbox
}

// mostNews bounds what a station keeps until it is looked at.
const mostNews = 256

// listens reports a play that needs harness.listen, which there is once.
func (c *Case) listens() bool {
	return slices.ContainsFunc(slices.Concat(c.Steps, c.Always), func(s *Step) bool {
		return s.Accept != nil || s.Via.listens() || s.Receive != nil || len(s.AnyOrder) > 0
	})
}

// openStation begins to listen, showing what connect says.
func (s *stage) openStation(ctx context.Context, connect *Connect) (*station, error) {
	c := s.player.Candidate
	st := &station{news: make(chan arrival, mostNews), stage: s, seed: s.seed, hellos: map[string]bool{}}
	st.server = &mllp.Server{
		Handler: st, OnConn: st.changed, Logger: slog.New(slog.DiscardHandler), MaxConns: mostNews / 4,
		MaxMessage: c.Limits.Message, HandshakeTimeout: c.Limits.Handshake, WriteTimeout: c.Limits.Ack,
	}
	if c.TLS != nil && !connect.Plain {
		files, err := c.TLS.Files(connect.Present)
		if err != nil {
			return nil, err
		}
		if st.server.TLSConfig, err = files.ServerConfig(); err != nil {
			return nil, err
		}
		connect.Offer.apply(st.server.TLSConfig)
		st.greeted(st.server.TLSConfig)
	}
	l, err := s.player.listen(ctx, c.Harness.Listen)
	if err != nil {
		return nil, &blocked{Textf("impossible d'écouter sur %s (harness.listen) : %v", "cannot listen on %s (harness.listen): %v", c.Harness.Listen, err)}
	}
	st.served.Go(func() { _ = st.server.Serve(l) })
	return st, nil
}

// listen opens one of our own ports.
func (p *Player) listen(ctx context.Context, addr string) (net.Listener, error) {
	if p.Listen != nil {
		return p.Listen(addr)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// greeted has the station know who has begun a handshake: to hang up before is no
// refusal.
func (st *station) greeted(config *tls.Config) {
	next := config.GetConfigForClient
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		st.mu.Lock()
		st.hellos[hello.Conn.RemoteAddr().String()] = true
		st.mu.Unlock()
		return next(hello)
	}
}

// begun reports whether a connection has begun its handshake. One that is closed
// is forgotten, because they may be many.
func (st *station) begun(conn *mllp.Conn, state mllp.ConnState) bool {
	if conn.RemoteAddr == nil {
		return false
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	addr := conn.RemoteAddr.String()
	begun := st.hellos[addr]
	if state == mllp.StateClosed {
		delete(st.hellos, addr)
	}
	return begun
}

// close ends listening; an answer that is being written is finished.
func (st *station) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if st.server.Shutdown(ctx) != nil {
		_ = st.server.Close()
	}
	st.served.Wait()
}

// changed is told about every connection. News that nobody reads are lost.
func (st *station) changed(conn *mllp.Conn, state mllp.ConnState, err error) {
	a := arrival{conn: conn, state: state, err: err, begun: st.begun(conn, state)}
	select {
	case st.news <- a:
	default:
	}
}

// ServeMLLP answers a message as its mode asks, and reports it.
func (st *station) ServeMLLP(w mllp.ResponseWriter, r *mllp.Request) {
	a := arrival{conn: r.Conn, message: slices.Clone(r.Payload), oddities: r.Oddities}
	if h, err := hl7.ParseHeader(a.message); err == nil {
		for _, code := range replies(h, a.message) {
			id := fmt.Sprintf("%x-%d", st.seed>>32, st.number.Add(1))
			ack := hl7.Ack{Code: code, ControlID: id, Time: st.stage.player.now()}.Append(nil, h)
			if w.WriteMessage(ack) == nil {
				a.answers = append(a.answers, ack)
			}
		}
	}
	select {
	case st.news <- a:
	case <-r.Context().Done():
	}
}

// replies are the acknowledgements that a message asks for, all of them good: an
// acknowledgement asks for none but that of the transport.
func replies(h hl7.Header, message []byte) []hl7.AckCode {
	asks := func(condition string) bool { return condition == "AL" || condition == "SU" }
	var codes []hl7.AckCode
	_, notAck := hl7.ReadAck(message)
	switch {
	case notAck != nil && h.AcceptAck == "" && h.ApplicationAck == "":
		return []hl7.AckCode{hl7.AA}
	case asks(h.AcceptAck):
		codes = append(codes, hl7.CA)
	}
	if notAck != nil && asks(h.ApplicationAck) {
		codes = append(codes, hl7.AA)
	}
	return codes
}

// tellArrival writes down a connection that was opened to us, or that failed.
func (s *stage) tellArrival(step *Step, a arrival, shown *Connect) {
	info := &ConnectionInfo{State: "opened", TLS: tlsInfo(a.conn.TLS)}
	if a.conn.RemoteAddr != nil {
		info.Address = a.conn.RemoteAddr.String()
	}
	switch a.state {
	case mllp.StateHandshakeFailed:
		info.State = "refused"
	case mllp.StateClosed:
		info.State = "closed"
	}
	if a.err != nil {
		info.fault(a.err)
	}
	info.shown(shown)
	s.write(Event{Kind: Connection, Step: step.ID, Connection: info})
}

// tellMessage writes down a message that came to us, and what we answered.
func (s *stage) tellMessage(step *Step, a arrival) {
	info := messageInfo(item{a.message, parsed(a.message)})
	for _, o := range a.oddities {
		info.Oddities = append(info.Oddities, Text{FR: o.In("fr"), EN: o.In("en")})
	}
	s.write(Event{Kind: MessageReceived, Step: step.ID, Message: info})
	for _, ack := range a.answers {
		s.write(Event{Kind: MessageSent, Step: step.ID, Message: messageInfo(item{ack, parsed(ack)})})
	}
}
