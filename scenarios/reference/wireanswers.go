package reference

import (
	"net"
	"slices"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// WriteMessage sends an answer, or keeps it for later.
func (c *wireConn) WriteMessage(payload []byte) error {
	return c.WriteRaw(mllp.AppendFrame(nil, payload))
}

// WriteRaw sends bytes that are its own from now on, at once or later.
func (c *wireConn) WriteRaw(b []byte) error {
	if c.on(outOfOrder) {
		c.held = append(c.held, b)
		return nil
	}
	return c.write(b)
}

// CloseAfter closes the connection after the answer.
func (c *wireConn) CloseAfter() { c.over = true }

func (c *wireConn) write(b []byte) error {
	out := b
	if c.on(answersAgain) {
		if len(c.given) == mostKept {
			c.given = slices.Delete(c.given, 0, 1)
		}
		c.given = append(c.given, b)
		out = slices.Concat(c.given...)
	}
	if c.outbox != nil {
		if !c.outbox.put(out, c.srv.stop) {
			c.over = true
		}
		return nil
	}
	err := c.nc.SetWriteDeadline(time.Now().Add(limit(c.srv.set.WriteTimeout, mllp.DefaultWriteTimeout)))
	if err == nil {
		_, err = c.nc.Write(out)
	}
	if err != nil {
		c.over = true
	}
	return err
}

// An outbox writes from a goroutine of its own what its connection gives it, so
// that a peer that does not read holds nobody up until the outbox is full.
type outbox struct {
	nc    net.Conn
	queue chan []byte
	done  chan struct{}
}

func newOutbox(nc net.Conn) *outbox {
	o := &outbox{nc, make(chan []byte, mostKept), make(chan struct{})}
	go o.run()
	return o
}

func (o *outbox) run() {
	defer close(o.done)
	var failed error
	for b := range o.queue {
		if failed == nil {
			_, failed = o.nc.Write(b)
		}
	}
}

// put waits for room; false when the server is closing meanwhile.
func (o *outbox) put(b []byte, stop <-chan struct{}) bool {
	select {
	case o.queue <- b:
		return true
	case <-stop:
		return false
	}
}

// close lets the peer read what is left, for a moment.
func (o *outbox) close() {
	close(o.queue)
	_ = o.nc.SetWriteDeadline(time.Now().Add(farewell))
	<-o.done
}
