package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// takesOrders checks the flags of a hospital that takes orders, or none.
func (o *simulateOptions) takesOrders() error {
	switch {
	case o.http == "" && standsStill(o.rate):
		return unusable("rate", o.rate, "sans --http, rien n'est jamais envoyé", "without --http, nothing is ever sent", "--rate none --http 127.0.0.1:8575")
	case o.http == "":
		return nil
	case o.prints():
		return usageError("--to - n'a pas de file : --http n'y sert à rien", "--to - has no queue: --http is of no use with it")
	case o.count > 0 && standsStill(o.rate):
		return usageError("--count compte ce que l'hôpital raconte : rien, avec --rate none", "--count counts what the hospital tells: nothing, with --rate none", "--for 10m", "--for 10m")
	}
	return takesOrdersAt(o.http)
}

// standsStill reports a rate at which a hospital tells nothing.
func standsStill(rate string) bool { return rate == "none" || rate == "0" }

// ordersAt has orders taken at a listener while the hospital lives.
func (o *simulateOptions) ordersAt(l net.Listener, st *store.Store) func(context.Context, reference.Outbox) error {
	return func(ctx context.Context, out reference.Outbox) error {
		clerk, err := o.clerk(ctx, st, out)
		if err != nil {
			return err
		}
		return withCode(scenarios.ExitUnjudged, serve(ctx, httpServer(clerk), l, http.ErrServerClosed))
	}
}

// clerk writes what is ordered, in the name of the hospital, about people who do not
// live in it: not those of an earlier run with the same store either.
func (o *simulateOptions) clerk(ctx context.Context, st *store.Store, out reference.Outbox) (*reference.Clerk, error) {
	config, _, err := o.described()
	if err != nil {
		return nil, err
	}
	h, err := o.speaks()
	if err != nil {
		return nil, err
	}
	bugs, err := reference.ParseGAMBugs(o.bugs)
	if err != nil {
		return nil, err
	}
	last, err := st.Last(context.WithoutCancel(ctx)) // a short life may be over by now
	if err != nil {
		return nil, err
	}
	gen := pam.NewGenerator(^(o.seed + uint64(last)), time.Now())
	gen.Apart()
	gen.Facility(config.Name, config.FINESS)
	return reference.NewClerk(reference.ClerkOptions{Generator: gen, Dialect: h.Dialect, Charset: h.Charset, Partners: h.Partners, Bugs: bugs}, out)
}
