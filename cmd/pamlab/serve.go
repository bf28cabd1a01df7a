package main

import (
	"context"
	"errors"
	"net"
	"time"
)

// ending is how long what is in flight may take when the command ends.
const ending = 10 * time.Second

// A server is what *http.Server, *relay.Relay and their like have in common.
type server interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

// serve lets a server work until ctx ends, and ends it in good order, or at once
// when that takes too long. closed is what its Serve returns after its end.
func serve(ctx context.Context, s server, l net.Listener, closed error) error {
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-served:
	}
	shutdown := func() error {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
		defer cancel()
		return s.Shutdown(late)
	}
	if shutdown() != nil {
		_ = s.Close()
		_ = shutdown() // what was just cut off ends
	}
	if failed == nil {
		failed = <-served
	}
	if errors.Is(failed, closed) {
		return nil
	}
	return failed
}
