package mllp

import (
	"context"
	"time"
)

// A Handler answers messages.
//
// ServeMLLP is called for one block at a time on each connection, in the order
// in which they came; blocks that arrive meanwhile wait. It answers through w,
// with one message, several or none, before it returns. A panic closes the
// connection and is logged; the others go on.
type Handler interface {
	ServeMLLP(w ResponseWriter, r *Request)
}

// HandlerFunc makes a Handler of a function.
type HandlerFunc func(w ResponseWriter, r *Request)

// ServeMLLP calls f.
func (f HandlerFunc) ServeMLLP(w ResponseWriter, r *Request) { f(w, r) }

// A Request is a block that was received. It and its Payload are valid only
// until the handler returns.
type Request struct {
	Payload  []byte    // what stood between the framing bytes
	Oddities []Oddity  // departures from the framing rules before and inside this block; may be kept
	Conn     *Conn     // may be kept
	Received time.Time // when the block was complete

	ctx context.Context
}

// Context returns a context that ends when the connection does: when the
// server is closed, or after the handler of the last message returned. A peer
// that goes away while a handler runs is not noticed before it returns.
func (r *Request) Context() context.Context { return r.ctx }

// A ResponseWriter sends the answer to a Request. It is valid only until the
// handler returns, and for its goroutine only.
type ResponseWriter interface {
	// WriteMessage sends payload as one block, in one write. The error is an
	// *Error; after one the connection is closed when the handler returns.
	WriteMessage(payload []byte) error
	// WriteRaw sends bytes as they are, without framing: for a peer that
	// misbehaves on purpose.
	WriteRaw(b []byte) error
	// CloseAfter closes the connection once the handler returns. Blocks that
	// have arrived already are not answered.
	CloseAfter()
}
