package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/scenarios/store"
)

// A background is a command that serves while the script goes on.
type background struct {
	cancel context.CancelFunc
	ended  chan struct{}
	code   int // valid once ended

	mu   sync.Mutex
	out  bytes.Buffer
	errs bytes.Buffer
	said chan struct{} // closed with the first line
}

func (b *background) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := b.out.Len() == 0
	n, err := b.out.Write(p)
	if first && n > 0 {
		close(b.said)
	}
	return n, err
}

func (b *background) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.String()
}

// startListen: listen VARIABLE ARGS... — `pamlab listen` on a free port, whose
// address is put into the variable; it ends with the script, or with listened.
func startListen(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	b := &background{cancel: cancel, ended: make(chan struct{}), said: make(chan struct{})}
	line := append([]string{"listen"}, args[1:]...)
	if !slices.Contains(line, "--config") {
		line = append(line, "--addr", "127.0.0.1:0")
	}
	for i, arg := range line {
		if i > 0 && (line[i-1] == "--store" || strings.HasPrefix(line[i-1], "--tls-") || line[i-1] == "--config" || strings.HasSuffix(arg, ".yaml")) {
			line[i] = ts.MkAbs(arg)
		}
	}
	go func() {
		defer close(b.ended)
		b.code = run(ctx, line, strings.NewReader(""), b, &b.errs, func(string) (string, bool) { return "", false })
	}()
	ts.Defer(func() { cancel(); <-b.ended })
	select {
	case <-b.said:
	case <-b.ended:
		ts.Fatalf("listen ended: %s%s", b.text(), b.errs.String())
	}
	first, _, _ := strings.Cut(b.text(), "\n")
	for _, word := range strings.Fields(first) {
		if strings.HasPrefix(word, "127.0.0.1:") {
			ts.Setenv(args[0], word)
		}
	}
	backgrounds.Store(ts, b)
}

var backgrounds sync.Map // the last one of each script

// listened: listened CODE — waits for the last `listen` to end by itself, wants
// its exit code, and shows what it wrote as stdout.
func listened(ts *testscript.TestScript, _ bool, args []string) {
	v, _ := backgrounds.Load(ts)
	b := v.(*background)
	select {
	case <-b.ended:
	case <-time.After(time.Minute):
		ts.Fatalf("listen goes on: %s", b.text())
	}
	if strconv.Itoa(b.code) != args[0] {
		ts.Fatalf("exit code %d, expected %s: %s%s", b.code, args[0], b.text(), b.errs.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("listened.txt"), []byte(b.text()), 0o600))
	ts.Check(ts.Exec("cat", ts.MkAbs("listened.txt")))
}

// Every line of `messages list --format ndjson` is what docs/messages.schema.json
// says, whatever the record is.
func TestMessagesFollowTheirSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/messages.schema.json")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "dmn.db")
	s, err := store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	at := time.Date(2026, 3, 2, 9, 0, 0, 123, time.UTC)
	require.NoError(t, s.Add(t.Context(), &store.Record{Time: at, Direction: store.Received}))
	for _, verdict := range []string{"pass", "warn", "fail"} {
		require.NoError(t, s.Add(t.Context(), &store.Record{
			Time: at, Direction: store.Received, ControlID: "M<1>", Type: "A02", Patient: store.Alias("4711"), Verdict: verdict, Ack: "AA",
		}))
	}
	for _, state := range []store.State{store.Waiting, store.Done, store.Parked} {
		r := &store.Record{Time: at, Direction: store.Sent, Destination: "dmn"}
		require.NoError(t, s.Enqueue(t.Context(), r))
		r.State = state
		require.NoError(t, s.Settle(t.Context(), r))
	}
	require.NoError(t, s.Close())
	code, out, errs := pamlab(t, "messages", "list", "--store", path, "--format", "ndjson")
	require.Zero(t, code, errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 7)
	for _, line := range lines {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(value), line)
	}
	require.Equal(t, `{"time":"2026-03-02T09:00:00.000000123Z","direction":"received","control_id":"M<1>","type":"A02","patient":"`+
		store.Alias("4711")+`","verdict":"pass","ack":"AA","destination":"","state":""}`, lines[1], "these keys, in this order")
	var bent map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &bent))
	bent["family"] = "X"
	require.Error(t, schema.Validate(bent), "nothing else")
}
