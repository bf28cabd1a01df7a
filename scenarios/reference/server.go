package reference

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pamlab/pamlab/mllp"
)

// ServerOptions say where a DMN listens, and how it behaves.
type ServerOptions struct {
	Options

	Addr string      // "" is 127.0.0.1:0, a free port of the loopback interface
	TLS  *mllp.Files // mutual TLS with these files; nil is plain TCP

	// Serve, if not nil, is given each message in the place of the DMN, which it
	// may pass the message on to: see DMN.Serve. It is called on the connection's
	// goroutine, for many connections at once.
	Serve func(ctx context.Context, d *DMN, w mllp.ResponseWriter, r *mllp.Request)

	// AnswerTo is an address, host:port, to which the application
	// acknowledgements of the enhanced mode are delivered, over TLS if TLS is
	// set; "" delivers them on the connection of their message.
	AnswerTo string

	MaxMessage int                                     // as in mllp.Server
	MaxConns   int                                     // as in mllp.Server
	OnConn     func(*mllp.Conn, mllp.ConnState, error) // as in mllp.Server
	Configure  func(*mllp.Server)                      // if not nil, may set the rest of the server, its time limits for instance
}

// Running is a DMN that listens. Its methods may be called from any goroutine.
type Running struct {
	DMN *DMN

	server service
	away   *mllp.Client // to ServerOptions.AnswerTo; nil: there is none
	addr   net.Addr
	tasks  sync.WaitGroup // the goroutines of Start
	err    error          // of Serve; valid once the tasks are done
	stop   context.CancelFunc
}

// Start makes a DMN and lets it listen until Stop is called or ctx ends, which
// closes its connections at once. Stop is due in both cases: it waits for what
// was started here. The error is an *UnknownNameError, an *mllp.FileError or
// one of package net.
func Start(ctx context.Context, opt ServerOptions) (*Running, error) {
	away, err := opt.answerTo()
	if err != nil {
		return nil, err
	}
	if away != nil {
		opt.Elsewhere = elsewhere(away)
	}
	dmn, err := New(opt.Options)
	if err != nil {
		return nil, err
	}
	config, wrap, err := dmn.secure(opt.TLS)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cmp.Or(opt.Addr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("the reference DMN cannot listen: %w", err)
	}
	var handler mllp.Handler = dmn
	var serve func(context.Context, mllp.ResponseWriter, *mllp.Request)
	if opt.Serve != nil {
		serve = func(ctx context.Context, w mllp.ResponseWriter, r *mllp.Request) { opt.Serve(ctx, dmn, w, r) }
		handler = mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) { serve(r.Context(), w, r) })
	}
	server := &mllp.Server{
		Handler:     handler,
		TLSConfig:   config,
		MaxMessage:  opt.MaxMessage,
		MaxConns:    opt.MaxConns,
		Logger:      dmn.opt.Logger,
		OnConn:      opt.OnConn,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	if opt.Configure != nil {
		opt.Configure(server)
	}
	r := &Running{DMN: dmn, server: dmn.service(server, serve), away: away, addr: listener.Addr()}
	watched, stop := context.WithCancel(ctx)
	r.stop = stop
	r.tasks.Go(func() { r.err = r.server.Serve(wrap(listener)) })
	r.tasks.Go(func() {
		<-watched.Done()
		if ctx.Err() != nil {
			_ = r.server.Close()
		}
	})
	return r, nil
}

// answerTo makes the client that delivers application acknowledgements, nil when
// there is nowhere to deliver them.
func (o ServerOptions) answerTo() (*mllp.Client, error) {
	if o.AnswerTo == "" {
		return nil, nil
	}
	c := &mllp.Client{Addr: o.AnswerTo, ConnectTimeout: lingering, HandshakeTimeout: lingering, AnswerTimeout: lingering}
	if o.TLS == nil {
		return c, nil
	}
	config, err := o.TLS.ClientConfig()
	c.TLSConfig = config
	return c, err
}

// Addr returns the address to connect to, host:port.
func (r *Running) Addr() string { return r.addr.String() }

// lingering is how long Stop waits for handlers whose connections it has had to
// close.
const lingering = 5 * time.Second

// Stop finishes the exchanges in flight, closes every connection and waits for
// all that Start began. When ctx ends before, the connections are closed at
// once, and the error is ctx's. A second Stop does nothing.
func (r *Running) Stop(ctx context.Context) error {
	r.stop()
	err := r.server.Shutdown(ctx)
	if err != nil {
		_ = r.server.Close()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lingering)
		defer cancel()
		err = errors.Join(err, r.server.Shutdown(late))
	}
	r.tasks.Wait()
	if r.away != nil {
		_ = r.away.Close()
	}
	if !errors.Is(r.err, mllp.ErrServerClosed) {
		err = errors.Join(err, r.err)
	}
	return err
}
