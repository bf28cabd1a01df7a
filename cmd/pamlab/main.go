// Command pamlab is an interoperability laboratory for IHE PAM over HL7 v2 and
// MLLP, as France uses it. See the README for a tour, and `pamlab help`.
//
// This package only turns flags into calls and results into exit codes: one
// file a command, what a terminal is shown in terminal.go, the words around
// errors in errors.go. Everything else is in the packages beside it.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader that goes away (| head) and a terminal that closes must not cost
	// the reports: the first is an error of Write, the second ends the run.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// The first signal asks for an orderly end; with the handler gone, a second
	// one ends the process at once.
	go func() { <-ctx.Done(); stop() }()
	slog.SetDefault(slog.New(newLogWords(os.Stderr, chooseLang(os.Args[1:], os.LookupEnv))))
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
