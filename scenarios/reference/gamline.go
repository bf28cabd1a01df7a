package reference

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
)

// A line is what a GAM talks through: the one connection to its receiver, which it
// opens again whenever it has to, and what is wrong with it.
type line struct {
	opt     GAMOptions
	faults  faults
	dialect pam.Dialect

	secure *mllp.Client // that of TLS, or the only one
	plain  *mllp.Client // of the bug gam-plain-fallback; otherwise nil

	network func(ctx context.Context, network, address string) (net.Conn, error) // of tests
	dialled bool
	raw     net.Conn // below the connection that was opened last
}

var errNeverAgain = errors.New("it was connected once")

// open fills in what the options leave open. Nothing is dialled yet.
func (g *line) open(opt GAMOptions) (err error) {
	g.opt = opt
	g.opt.Every, g.opt.Patience = cmp.Or(opt.Every, DefaultEvery), cmp.Or(opt.Patience, DefaultPatience)
	if g.opt.Logger == nil {
		g.opt.Logger = slog.Default()
	}
	if g.faults, err = newFaults(opt.Bugs, GAMBugs()); err != nil {
		return err
	}
	if g.dialect = opt.Dialect; g.dialect.Name == "" {
		if g.dialect, err = pam.DialectByName("pam-fr-2.11"); err != nil {
			return err
		}
	}
	if g.secure, err = g.client(); err != nil {
		return err
	}
	if g.faults.on(gamPlainFallback) {
		g.plain = g.newClient(nil)
	}
	return nil
}

func (g *line) newClient(config *tls.Config) *mllp.Client {
	c := &mllp.Client{
		Addr: g.opt.Addr, TLSConfig: config, Dial: g.dial,
		ConnectTimeout: g.opt.Patience, HandshakeTimeout: g.opt.Patience, AnswerTimeout: g.opt.Patience,
	}
	if g.faults.on(gamImpatient) {
		c.AnswerTimeout = 200 * time.Millisecond
	}
	return c
}

// dial opens a TCP connection, with what a bug puts into it.
func (g *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if g.dialled && g.faults.on(gamNeverReconnects) {
		return nil, errNeverAgain
	}
	dial := g.network
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	c, err := dial(ctx, network, address)
	g.dialled = g.dialled || err == nil
	if err != nil || !g.faults.on(gamSilentRefusal) {
		return c, err
	}
	g.raw = &alertConn{Conn: c, silent: true}
	return g.raw, nil
}

// hangUp closes the connection.
func (g *line) hangUp() {
	_ = g.secure.Close()
	if g.plain != nil {
		_ = g.plain.Close()
	}
}

// exchange has a message taken by the receiver.
func (g *line) exchange(ctx context.Context, message []byte) Contact {
	contact := g.send(ctx, g.secure, message)
	if refused := contact.Err != nil && contact.Conn == nil; refused && g.plain != nil && ctx.Err() == nil {
		contact = g.send(ctx, g.plain, message)
		_ = g.plain.Close()
	}
	return contact
}

func (g *line) send(ctx context.Context, c *mllp.Client, message []byte) Contact {
	conn, err := c.Connect(ctx)
	if err != nil {
		return Contact{Err: err}
	}
	response, err := c.Do(ctx, message)
	if err != nil {
		if failed, ok := errors.AsType[*mllp.Error](err); ok && failed.Kind == mllp.HandshakeRefused {
			conn = nil
		}
		_ = c.Close() // whatever still comes is no answer to the next message
		return Contact{Conn: conn, Err: err}
	}
	contact := Contact{Conn: response.Conn}
	contact.Ack, contact.Err = hl7.ReadAck(response.Payload)
	return contact
}

// generator invents the people of the messages.
func (g *line) generator() *pam.Generator {
	return pam.NewGenerator(g.opt.Seed, cmp.Or(g.opt.Instant, time.Now()))
}

// letters are those that a character set can write, "" for any.
func letters(cs hl7.Charset) string {
	if cs == hl7.ASCII {
		return "ascii"
	}
	return ""
}

// tell says what came of a message, without its content.
func (g *line) tell(c Contact) {
	args := []any{"trigger", c.Trigger}
	switch {
	case c.Err != nil:
		g.opt.Logger.Warn("reference GAM: not taken", append(args, "error", c.Err)...)
	default:
		g.opt.Logger.Info("reference GAM: answered", append(args, "code", string(c.Ack.Code))...)
	}
	if g.opt.Observe != nil {
		g.opt.Observe(c)
	}
}
