package listen

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A station is a listener at work.
type station struct {
	Listener
	srv     *Server
	running *reference.Running
	ready   <-chan struct{} // closed when the past is recalled

	judge   *rules.Judge // nil: nobody judges
	reports sync.Pool    // of *rules.Report
	ids     atomic.Uint64
	prefix  string

	// mu is held for reading while a message is on its way through the device, the
	// judge and the store, and for writing while their memory is made anew.
	mu      sync.RWMutex
	tracker *sequence.Tracker
	stale   atomic.Bool // the store failed: the memory has what the store has not
}

func newStation(s *Server, l Listener) (*station, error) {
	st := &station{Listener: l, srv: s, prefix: s.opt.Now().Format("060102150405") + "-"}
	if !s.opt.Validate {
		return st, nil
	}
	// A device does not choose its patients: an INS of production is no fault here.
	settings, err := l.Settings.With("ins_environment", "any")
	if err != nil {
		return nil, err
	}
	st.judge, err = rules.New(rules.Options{Dialect: l.Dialect, Settings: settings})
	st.tracker = sequence.New(sequence.Options{Settings: l.Settings})
	st.reports.New = func() any { return new(rules.Report) }
	return st, err
}

// serve takes one message.
func (st *station) serve(ctx context.Context, dmn *reference.DMN, w mllp.ResponseWriter, r *mllp.Request) {
	select {
	case <-st.ready:
	case <-ctx.Done():
		return
	}
	x := exchange{st: st, ctx: ctx, w: w, r: r}
	if h, err := hl7.ParseHeader(r.Payload); err == nil {
		x.header = &h
	}
	x.message, _ = hl7.Parse(r.Payload) // what cannot be parsed is the DMN's to refuse
	if st.Reply != nil {
		x.reply = st.Reply(x.message)
	}
	x.handle(dmn)
	x.answer()
	if st.srv.opt.Observe != nil {
		st.srv.opt.Observe(Exchange{Record: x.record, Took: time.Since(r.Received), Err: x.failed})
	}
}

// An exchange is one message on its way.
type exchange struct {
	st      *station
	ctx     context.Context
	w       mllp.ResponseWriter
	r       *mllp.Request
	header  *hl7.Header  // nil: it cannot be read
	message *hl7.Message // nil: it cannot be parsed
	reply   *Reply       // nil: the DMN decides alone
	held    held         // what the DMN wanted written
	record  *store.Record
	failed  error // of the store
}

// handle asks the device, judges and stores, in this order: what is stored is
// what the sender will be told.
func (x *exchange) handle(dmn *reference.DMN) {
	st := x.st
	if err := st.enter(x.ctx, dmn); err != nil {
		x.note("", nil)
		x.refuse(err)
		return
	}
	defer st.mu.RUnlock()
	ahead := reference.Ahead{Header: x.header, Message: x.message}
	if x.reply != nil {
		ahead.Force = x.reply.Force
	}
	if st.judge != nil && x.message != nil {
		ahead.Report = st.reports.Get().(*rules.Report)
		defer st.reports.Put(ahead.Report)
		st.judge.Message(ahead.Report, x.message)
	}
	decision := dmn.Serve(x.ctx, &x.held, x.r, ahead)
	x.bend()
	x.note(x.verdict(ahead.Report))
	x.record.Repeated = decision.Outcome == reference.Repeated
	if st.srv.opt.Store == nil {
		return
	}
	if !st.srv.opt.Store.HasContent() {
		x.record.Memo = decision.Memo()
	}
	if err := st.srv.opt.Store.Add(x.ctx, x.record); err != nil {
		st.stale.Store(true)
		x.refuse(err)
	}
}

// bend puts what the tester wants to be answered in the place of the answer.
func (x *exchange) bend() {
	switch {
	case x.reply == nil:
	case x.reply.Silent || x.reply.HangUpBefore:
		x.held.blocks = nil
	case x.reply.Bend != nil:
		var hangUp bool
		x.held.blocks, hangUp = x.reply.Bend(x.held.blocks)
		x.held.close = x.held.close || hangUp
	}
}

// verdict adds to a report what only the messages before can tell.
func (x *exchange) verdict(r *rules.Report) (verdict string, findings []string) {
	switch {
	case x.st.judge == nil:
		return "", nil
	case r == nil:
		return "fail", nil
	}
	x.st.tracker.Follow(r)
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Level >= rules.Should && len(findings) < mostFindings {
			findings = append(findings, f.Rule.ID)
		}
	}
	return r.Verdict(false), findings
}

// mostFindings bounds how many rules a record names.
const mostFindings = 50

// note makes the record of the exchange.
func (x *exchange) note(verdict string, findings []string) {
	x.record = &store.Record{
		Time: x.r.Received, Direction: store.Received, Listener: x.st.name(), Peer: peerOf(x.r.Conn), Connection: int64(x.r.Conn.ID),
		Verdict: verdict, Findings: findings, Took: time.Since(x.r.Received), Message: x.r.Payload,
	}
	if x.header != nil {
		x.record.ControlID, x.record.Type = x.header.ControlID, x.header.Trigger
	}
	if x.message != nil {
		x.record.Patient = store.Alias(store.Identifier(x.message))
	}
	x.record.Answer = x.held.last()
	if ack, err := hl7.ReadAck(x.record.Answer); err == nil {
		x.record.Ack = string(ack.Code)
	}
}

// refuse tells the sender that the message is not in safe hands: AR 207, or CR
// where a commit acknowledgement is what was asked for. What has no MSH that can
// be read is refused by the DMN's own answer.
func (x *exchange) refuse(err error) {
	x.failed, x.reply = err, nil
	x.record.ID, x.record.Ack, x.record.Error = 0, "", err.Error()
	x.st.srv.opt.Logger.Error("listen: a message was not stored", "listener", x.st.name(), "conn", x.r.Conn.ID, "error", err)
	h := x.header
	if h == nil || h.Type == "ACK" {
		return
	}
	code := hl7.AR
	if h.AcceptAck != "" && h.AcceptAck != "NE" {
		code = hl7.CR
	} else if h.ApplicationAck == "NE" {
		x.held = held{}
		return
	}
	ack := hl7.Ack{
		Code: code, ControlID: x.st.prefix + "S" + strconv.FormatUint(x.st.ids.Add(1), 36), Time: x.st.srv.opt.Now(),
		Errors: []hl7.AckError{{Code: hl7.ConditionInternal, User: "the message could not be stored: send it again later"}},
	}
	x.held = held{blocks: []Block{{Bytes: ack.Append(nil, *h)}}}
	x.record.Answer, x.record.Ack = x.held.last(), string(code)
}

// answer writes what was held back.
func (x *exchange) answer() {
	if p := x.reply; p != nil {
		if p.Delay > 0 && !pause(x.ctx, p.Delay) {
			return
		}
		if p.HangUpBefore || p.HangUpAfter {
			x.held.close = true
		}
	}
	if err := x.held.play(x.w); err != nil && !errors.Is(err, context.Canceled) {
		x.st.srv.opt.Logger.Warn("listen: the answer could not be written", "listener", x.st.name(), "conn", x.r.Conn.ID, "error", err)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// peerOf names who sent: by the certificate, else by the address.
func peerOf(c *mllp.Conn) string {
	if c.TLS != nil && len(c.TLS.PeerCertificates) > 0 {
		leaf := c.TLS.PeerCertificates[0]
		if leaf.Subject.CommonName != "" {
			return leaf.Subject.CommonName
		}
		if len(leaf.DNSNames) > 0 {
			return leaf.DNSNames[0]
		}
		return leaf.Subject.String()
	}
	if tcp, ok := c.RemoteAddr.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().String()
	}
	host, _, err := net.SplitHostPort(c.RemoteAddr.String())
	if err != nil {
		return c.RemoteAddr.String()
	}
	return host
}
