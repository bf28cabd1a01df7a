package mllp

import (
	"crypto/tls"
	"net"
)

// A Conn is what is known about a connection. It is never changed, and may be
// kept after the connection is closed.
type Conn struct {
	ID         uint64 // counts the connections of a Server or of a Client, from 1
	RemoteAddr net.Addr
	LocalAddr  net.Addr
	TLS        *tls.ConnectionState // nil on a plain connection, and before the handshake
}

// ConnState is a moment in the life of a server's connection.
type ConnState string

// Every connection goes through StateNew, then StateOpen or
// StateHandshakeFailed, then StateClosed.
const (
	StateNew             ConnState = "new"              // accepted; no byte was read
	StateOpen            ConnState = "open"             // ready for messages; with TLS, after the handshake
	StateHandshakeFailed ConnState = "handshake-failed" // refused by either end; the error is an *Error
	StateClosed          ConnState = "closed"           // the error is nil, or an *Error that says why
)
