package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/reference"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pamlab": main})
}

// TestScripts plays the transcripts of testdata/script: what a user types, and
// what there is to see.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C.UTF-8")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"dmn":      startDMN,
			"peer":     startPeer,
			"oldpki":   oldPKI,
			"sparse":   sparse,
			"status":   status,
			"sample":   sample,
			"readme":   readme,
			"record":   startRecord,
			"recorded": endRecord,

			"listen":   startListen,
			"listened": listened,

			"sentbytes": sentBytes,
		},
	})
}

// startDMN: dmn VARIABLE PKIDIR|- [BUGS] — a reference DMN whose address is put
// into the variable; with a folder, on mutual TLS.
func startDMN(ts *testscript.TestScript, _ bool, args []string) {
	opt := reference.ServerOptions{Options: reference.Options{Logger: slog.New(slog.DiscardHandler)}}
	if args[1] != "-" {
		dir := ts.MkAbs(args[1])
		opt.TLS = &mllp.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "dmn.pem"), Key: filepath.Join(dir, "dmn-key.pem")}
	}
	if len(args) > 2 {
		bugs, err := reference.ParseBugs(args[2])
		ts.Check(err)
		opt.Bugs = bugs
	}
	dmn, err := reference.Start(context.Background(), opt)
	ts.Check(err)
	ts.Defer(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = dmn.Stop(ctx)
	})
	ts.Setenv(args[0], dmn.Addr())
}

// startPeer: peer VARIABLE silent|garbage|closed|text — a peer that accepts and
// never answers, one that answers garbage for ever, an address where nobody
// listens, one that answers a text that is no HL7.
func startPeer(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	if args[1] == "closed" {
		ts.Check(l.Close())
		return
	}
	ts.Defer(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go misbehave(c, args[1])
		}
	}()
}

func misbehave(c net.Conn, how string) {
	defer c.Close()
	switch how {
	case "silent":
		_, _ = io.Copy(io.Discard, c)
	case "garbage":
		junk := make([]byte, 64<<10)
		for i := range junk {
			junk[i] = 'x'
		}
		for {
			if _, err := c.Write(junk); err != nil {
				return
			}
		}
	case "text":
		buf := make([]byte, 64<<10)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if _, err := c.Write(mllp.AppendFrame(nil, []byte("thank you"))); err != nil {
				return
			}
		}
	}
}

// oldPKI: oldpki DIR — a PKI that expired last year.
func oldPKI(ts *testscript.TestScript, _ bool, args []string) {
	_, err := pki.Init(ts.MkAbs(args[0]), pki.Options{Now: time.Now().AddDate(-2, 0, 0), Days: 90})
	ts.Check(err)
}

// sparse: sparse FILE SIZE — a file of that size without anything in it.
func sparse(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(f.Truncate(size))
	ts.Check(f.Close())
}

// sample: sample FILE NAME [EDIT...] — a conformant message of the catalogue of
// rules, changed; FILE+ appends it to a file, FILE| in an MLLP frame.
func sample(ts *testscript.TestScript, _ bool, args []string) {
	list, err := rules.Example{Messages: args[1:2], Edits: args[2:]}.Build()
	ts.Check(err)
	data, name, flags := list[0].Bytes(), args[0], os.O_CREATE|os.O_WRONLY|os.O_TRUNC
	if file, ok := strings.CutSuffix(name, "|"); ok {
		data, name, flags = mllp.AppendFrame(nil, data), file, os.O_CREATE|os.O_WRONLY|os.O_APPEND
	}
	if file, ok := strings.CutSuffix(name, "+"); ok {
		name, flags = file, os.O_CREATE|os.O_WRONLY|os.O_APPEND
	}
	f, err := os.OpenFile(ts.MkAbs(name), flags, 0o600)
	ts.Check(err)
	_, err = f.Write(data)
	ts.Check(err)
	ts.Check(f.Close())
}

// readme: readme PAGE ARGS... — what pamlab writes begins as the page at the top
// of the repository shows it, between "$ pamlab ARGS" and the end of the block.
func readme(ts *testscript.TestScript, _ bool, args []string) {
	page, err := os.ReadFile(filepath.Join("..", "..", args[0]))
	ts.Check(err)
	command := "$ pamlab " + strings.Join(args[1:], " ") + "\n"
	_, block, found := strings.Cut(string(page), command)
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		ts.Fatalf("%s does not show %s", args[0], command)
	}
	_ = ts.Exec("pamlab", args[1:]...) // the exit code is another test's
	if got := ts.ReadFile("stdout"); !strings.HasPrefix(got, block) {
		ts.Fatalf("%s shows\n%s\nbut pamlab writes\n%s", args[0], block, got)
	}
}

// status: status CODE COMMAND ARGS... — runs pamlab and wants this exit code.
// testscript itself only tells zero from the rest.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = err.Error()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			got = strconv.Itoa(exit.ExitCode())
		}
	}
	if got != want {
		ts.Fatalf("exit code %s, expected %s: %s", got, want, fmt.Sprint(args[1:]))
	}
}

// sentBytes: sentbytes JOURNAL FILE — what the messages of a journal were,
// by scenario, whatever order the scenarios were played in.
func sentBytes(ts *testscript.TestScript, _ bool, args []string) {
	var sent []string
	for e, err := range scenarios.ReadJournal(strings.NewReader(ts.ReadFile(args[0]))) {
		ts.Check(err)
		if e.Kind == scenarios.MessageSent {
			sent = append(sent, fmt.Sprintf("%s %s\n%s", e.Scenario, e.Step, e.Message.Data))
		}
	}
	slices.Sort(sent)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(sent, "\n")), 0o600))
}
