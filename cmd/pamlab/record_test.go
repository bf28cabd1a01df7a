package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A recording is a `pamlab record` that runs in this process.
type recording struct {
	mu   sync.Mutex
	out  bytes.Buffer
	head chan string // the address, as soon as it is told
	code chan int
	stop context.CancelFunc
	file string
}

// The recordings of the scripts that are being played, by their folder.
var recordings sync.Map

var listensAt = regexp.MustCompile(`^([0-9.]+:[0-9]+) `)

func (r *recording) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.out.Len() == 0
	r.out.Write(b)
	if at := listensAt.FindSubmatch(b); first && at != nil {
		r.head <- string(at[1])
	}
	return len(b), nil
}

// begin lets a command line run.
func (r *recording) begin(ctx context.Context, line []string) {
	go func() {
		var none bytes.Buffer
		r.code <- run(ctx, line, &none, r, r, func(string) (string, bool) { return "", false })
	}()
}

// startRecord: record VARIABLE FILE ARGS... — lets `pamlab record` run on a free
// port, whose address is put into the variable; what it writes is in the file
// once `recorded` has waited for it.
func startRecord(ts *testscript.TestScript, _ bool, args []string) {
	ctx, stop := context.WithCancel(context.Background())
	r := &recording{head: make(chan string, 1), code: make(chan int, 1), stop: stop, file: ts.MkAbs(args[1])}
	line := append([]string{"record", "--listen", "127.0.0.1:0"}, args[2:]...)
	for i, arg := range line {
		if i > 0 && strings.HasSuffix(arg, ".pem") || strings.HasSuffix(arg, ".db") || strings.HasSuffix(arg, ".yaml") {
			line[i] = ts.MkAbs(arg)
		}
	}
	r.begin(ctx, line)
	ts.Defer(stop)
	select {
	case at := <-r.head:
		ts.Setenv(args[0], at)
	case code := <-r.code:
		ts.Fatalf("record ended with code %d: %s", code, r.out.String())
	case <-time.After(20 * time.Second):
		ts.Fatalf("record does not begin")
	}
	recordings.Store(ts.MkAbs("."), r)
}

// endRecord: recorded CODE [stop] — waits for the end of the last `record`,
// which "stop" brings about as Ctrl-C does.
func endRecord(ts *testscript.TestScript, _ bool, args []string) {
	found, ok := recordings.LoadAndDelete(ts.MkAbs("."))
	if !ok {
		ts.Fatalf("nothing records")
	}
	r := found.(*recording)
	if len(args) > 1 {
		r.stop()
	}
	var code int
	select {
	case code = <-r.code:
	case <-time.After(20 * time.Second):
		ts.Fatalf("record does not end")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	ts.Check(os.WriteFile(r.file, r.out.Bytes(), 0o600))
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("record ended with code %d, expected %s:\n%s", code, args[0], r.out.String())
	}
}

// Between a client and a server that are both other people's software.
func TestInteropRecordStandsBetweenPeers(t *testing.T) {
	needNode(t)
	dir := t.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(t, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, transport := range []struct {
		name  string
		peer  []string
		flags []string
		env   []string
	}{
		{name: "plain"},
		{
			name: "mutual TLS",
			peer: []string{at("ca.pem"), at("dmn.pem"), at("dmn-key.pem")},
			flags: []string{
				"--listen-tls-ca", at("ca.pem"), "--listen-tls-cert", at("dmn.pem"), "--listen-tls-key", at("dmn-key.pem"),
				"--to-tls-ca", at("ca.pem"), "--to-tls-cert", at("gam.pem"), "--to-tls-key", at("gam-key.pem"),
			},
			env: []string{"CA=" + at("ca.pem"), "CERT=" + at("gam.pem"), "KEY=" + at("gam-key.pem")},
		},
	} {
		t.Run(transport.name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "traffic.db")
			r := &recording{head: make(chan string, 1), code: make(chan int, 1)}
			line := append([]string{"record", "--listen", "127.0.0.1:0", "--to", nodeServer(t, transport.peer...), "--store", db}, transport.flags...)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			r.begin(ctx, line)
			_, port, err := net.SplitHostPort(<-r.head)
			require.NoError(t, err)

			files, sent := messageFiles(t, 3)
			cmd := exec.CommandContext(t.Context(), "node", append([]string{"client.cjs", port}, absolute(t, files)...)...)
			cmd.Dir = peersDir
			cmd.Env = append(os.Environ(), transport.env...)
			out, err := cmd.Output()
			require.NoError(t, err, string(out))
			stop()
			require.Equal(t, scenarios.ExitOK, <-r.code, "node-hl7-server's acknowledgements break no MUST")

			kept, err := store.Open(t.Context(), db, store.Options{MustExist: true})
			require.NoError(t, err)
			defer kept.Close()
			var passed [][]byte
			i := 0
			for rec, err := range kept.List(t.Context(), store.Filter{}) {
				require.NoError(t, err)
				require.NotEmpty(t, rec.Findings)
				if rec.Direction == store.Sent { // it acknowledges earlier messages again
					passed = append(passed, rec.Message)
					continue
				}
				passed = append(passed, rec.Answer)
				require.Equal(t, trimmed(sent[i]), trimmed(rec.Message))
				accepted(t, rec.Answer, sent[i])
				i++
			}
			require.Equal(t, len(sent), i)
			for line := range strings.Lines(string(out)) { // what the client got is what passed
				var ack string
				require.NoError(t, json.Unmarshal([]byte(line), &ack))
				require.True(t, slices.ContainsFunc(passed, func(b []byte) bool { return trimmed(b) == trimmed([]byte(ack)) }), ack)
			}
		})
	}
}
