package mllptest

import (
	"context"
	"net"
	"sync"
)

// A Network is a listener and the way to dial it, in memory: connections are
// those of net.Pipe. It lets a test in a testing/synctest bubble pass minutes of
// time-outs in no time. A write waits until the other end has read it.
type Network struct {
	// Pipe makes the connections; nil is net.Pipe. With [Pipe] they can be closed
	// for sending and reset, as those of TCP.
	Pipe func() (net.Conn, net.Conn)

	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewNetwork returns a Network.
func NewNetwork() *Network {
	return &Network{accept: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for a connection: it is the listener's half.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accept:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr returns an address that says no more than "pipe".
func (n *Network) Addr() net.Addr { return pipeAddr{} }

// Dial opens a connection. It has the form of net.Dialer.DialContext; network
// and address do not matter. It waits until the connection is accepted.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	pipe := n.Pipe
	if pipe == nil {
		pipe = net.Pipe
	}
	client, server := pipe()
	var err error
	select {
	case n.accept <- server:
		return client, nil
	case <-n.closed:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	client.Close()
	server.Close()
	return nil, &net.OpError{Op: "dial", Net: network, Addr: n.Addr(), Err: err}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
