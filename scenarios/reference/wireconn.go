package reference

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

const (
	// moment is the silence that ends a read, where a fault wants all that the peer
	// has written at a time: that may be several packets, or records of TLS.
	moment = 150 * time.Millisecond
	// patience is how long the bug drops-slow waits inside a block.
	patience = 500 * time.Millisecond
	// mostAtOnce bounds what is read at a time, and mostKept the answers that a
	// fault keeps.
	mostAtOnce = 1 << 20
	mostKept   = 1 << 14
	// farewell is how long a peer is given to read what was written last.
	farewell = time.Second
)

var errClosing = errors.New("the server is closing")

// A wireConn is one connection of a wireServer. Its goroutine reads, has the DMN
// answer, and writes. wake and abort may be called by others.
type wireConn struct {
	faults
	srv     *wireServer
	raw, nc net.Conn // as accepted; the TLS connection on it, or the same
	facts   *mllp.Conn
	ctx     context.Context
	cancel  context.CancelFunc

	piece []byte
	cut   cutter
	deaf  bool // nothing more is answered
	over  bool // the connection is to be closed

	given  [][]byte // the answers so far, oldest first
	held   [][]byte // those that wait for the end of a read
	outbox *outbox  // those that the peer has not read; nil: they are written at once
}

func newWireConn(s *wireServer, base context.Context, nc net.Conn, id uint64) *wireConn {
	c := &wireConn{
		faults: s.dmn.faults, srv: s, raw: nc, nc: nc,
		facts: &mllp.Conn{ID: id, RemoteAddr: nc.RemoteAddr(), LocalAddr: nc.LocalAddr()},
		piece: make([]byte, 16<<10),
		cut:   cutter{faults: s.dmn.faults},
	}
	c.ctx, c.cancel = context.WithCancel(base)
	if s.set.TLSConfig != nil {
		c.nc = tls.Server(nc, s.set.TLSConfig)
	}
	return c
}

func (c *wireConn) wake() { _ = c.raw.SetReadDeadline(time.Unix(1, 0)) }

func (c *wireConn) abort() {
	c.cancel()
	_ = c.raw.Close()
}

func (c *wireConn) tell(state mllp.ConnState, err error) {
	if f := c.srv.set.OnConn; f != nil {
		f(c.facts, state, err)
	}
}

// run is the goroutine of a connection.
func (c *wireConn) run() {
	defer func() {
		_ = c.nc.Close()
		c.cancel()
		c.tell(mllp.StateClosed, nil)
		c.srv.forget(c)
	}()
	c.tell(mllp.StateNew, nil)
	if err := c.handshake(); err != nil {
		c.tell(mllp.StateHandshakeFailed, &mllp.Error{Kind: mllp.HandshakeRefused, Addr: c.facts.RemoteAddr.String(), Err: err})
		return
	}
	c.tell(mllp.StateOpen, nil)
	if c.on(buffersAnswers) {
		c.outbox = newOutbox(c.nc)
		defer c.outbox.close()
	}
	for !c.over {
		err := c.read()
		c.exchange(err)
		if err != nil {
			return
		}
	}
}

func (c *wireConn) handshake() error {
	secure, ok := c.nc.(*tls.Conn)
	if !ok {
		return nil
	}
	if err := c.await(limit(c.srv.set.HandshakeTimeout, mllp.DefaultHandshakeTimeout)); err != nil {
		return err
	}
	if err := secure.Handshake(); err != nil {
		return err
	}
	state := secure.ConnectionState()
	facts := *c.facts
	facts.TLS = &state
	c.facts = &facts
	return nil
}

// await limits the next read. It fails when the server is closing, which is seen
// after the limit was set, so that wake is not undone.
func (c *wireConn) await(d time.Duration) error {
	if err := c.raw.SetReadDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	if c.srv.isClosing() {
		return errClosing
	}
	return nil
}

// read takes what comes: as much as is there, or what comes until there is
// silence where that matters.
func (c *wireConn) read() error {
	patient := limit(c.srv.set.IdleTimeout, mllp.DefaultIdleTimeout)
	if c.cut.inside {
		patient = limit(c.srv.set.ReadTimeout, mllp.DefaultReadTimeout)
	}
	if c.cut.inside && c.on(dropsSlow) {
		patient = patience
	}
	err := c.fill(patient)
	if errors.Is(err, os.ErrDeadlineExceeded) && c.cut.inside && c.on(dropsSlow) && !c.srv.isClosing() {
		c.cut.forget()
		return nil
	}
	if !c.on(outOfOrder, noAnswerAfterHalfClose) {
		return err
	}
	for most := len(c.cut.buf) + mostAtOnce; err == nil && len(c.cut.buf) < most; {
		err = c.fill(moment)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // the next read notices when the server is closing
	}
	return err
}

// fill reads once.
func (c *wireConn) fill(patient time.Duration) error {
	if err := c.await(patient); err != nil {
		return err
	}
	n, err := c.nc.Read(c.piece)
	c.cut.add(c.piece[:n])
	return err
}

// exchange answers what was read; end is why nothing more will come, nil when
// something may.
func (c *wireConn) exchange(end error) {
	if end != nil && c.on(noAnswerAfterHalfClose) {
		c.deaf = true
	}
	for !c.over {
		found, ok := c.cut.next()
		if !ok {
			break
		}
		if !found.message {
			c.garbage()
			continue
		}
		c.message(found.bytes)
		if c.on(losesSecond) {
			c.cut.forget()
		}
	}
	if c.on(oneRead) {
		c.cut.forget()
	}
	if len(c.cut.buf) > cmp.Or(max(c.srv.set.MaxMessage, 0), mllp.DefaultMaxMessage) {
		c.over = true
	}
	for _, b := range slices.Backward(c.held) {
		_ = c.write(b) // an error ends the connection
	}
	c.held = nil
}

// garbage meets bytes outside a block.
func (c *wireConn) garbage() {
	switch {
	case c.on(closesOnGarbage):
		c.over = true
	case c.on(answersGarbage):
		c.accept(c.request(nil), c.srv.dmn.anonymousHeader())
	}
}

func (c *wireConn) request(payload []byte) *mllp.Request {
	return &mllp.Request{Payload: payload, Conn: c.facts, Received: time.Now()}
}

// message answers a block.
func (c *wireConn) message(payload []byte) {
	r := c.request(payload)
	h, err := hl7.ParseHeader(payload)
	headless := err != nil
	switch {
	case headless && c.on(diesOnEmptyBlock):
		c.over = true
		_ = c.srv.Close()
	case headless && c.on(answersGarbage):
		c.accept(r, c.srv.dmn.anonymousHeader())
	case headless && c.on(deafAfterBad), c.deaf:
		c.deaf = true
	case bytes.IndexByte(payload, mllp.StartBlock) >= 0: // several in one
		c.accept(r, h)
	case len(payload) == 0, len(payload) == 1 && (payload[0] == 0x06 || payload[0] == 0x15):
		// Nothing, or a commit of MLLP release 2: nobody's message.
	default:
		c.srv.serve(c.ctx, c, r)
	}
}

// accept says AA without having looked.
func (c *wireConn) accept(r *mllp.Request, h hl7.Header) {
	d, v := c.srv.dmn, applied().verdict()
	answer := c.spoil(d.compose(h, v), h)
	d.observe(c.ctx, r, h, v, answer)
	d.put(c.ctx, c, r, answer, v)
}
