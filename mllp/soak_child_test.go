package mllp_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/internal/leak"
	"github.com/pamlab/pamlab/mllp"
)

// A childTask is what this test binary does when it is started again.
type childTask struct {
	Role          string // "server" or "hostile"
	Dir           string // of the PKI
	Addr          string // of the server, for the hostile one
	Good, Hostile int
}

const childVariable = "PAMLAB_SOAK_CHILD"

// A childReport is a line of JSON that a child says every second, and at its
// end.
type childReport struct {
	At         time.Time `json:",omitzero"`
	Addr       string    `json:",omitempty"` // the first of a server
	RSS        int64     // bytes of memory that the process occupies
	Heap       int64     // bytes of it that are in use
	Goroutines int

	Handled uint64 `json:",omitempty"` // good messages
	Wrong   uint64 `json:",omitempty"` // of them, those that were not the next of their client
	Left    string `json:",omitempty"` // what Shutdown left behind

	Kinds   map[string]int `json:",omitempty"` // hostile connections made
	Refused int            `json:",omitempty"` // hostile connections that could not be made
}

func (r childReport) connections() (n int) {
	for _, k := range r.Kinds {
		n += k
	}
	return n
}

// A child is a process of this test binary.
type child struct {
	stdin io.Closer
	lines chan childReport
	done  chan error

	mu  sync.Mutex
	all []childReport
}

func startChild(t *testing.T, task childTask) *child {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(task)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestSoakChild$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{stdin: stdin, lines: make(chan childReport, 1), done: make(chan error, 1)}
	go func() {
		for in := bufio.NewScanner(stdout); in.Scan(); {
			var r childReport
			if json.Unmarshal(in.Bytes(), &r) == nil {
				c.mu.Lock()
				c.all = append(c.all, r)
				c.mu.Unlock()
				select {
				case c.lines <- r:
				default:
				}
			}
		}
		c.done <- cmd.Wait()
	}()
	t.Cleanup(func() { stdin.Close() })
	return c
}

// next waits for a report.
func (c *child) next(t *testing.T) childReport {
	t.Helper()
	select {
	case r := <-c.lines:
		return r
	case err := <-c.done:
		t.Fatalf("the child ended: %v", err)
	case <-time.After(soakPatience):
		t.Fatal("the child says nothing")
	}
	return childReport{}
}

// end tells the child to end, and returns its last report.
func (c *child) end(t *testing.T) childReport {
	t.Helper()
	c.stdin.Close()
	select {
	case err := <-c.done:
		require.NoError(t, err)
	case <-time.After(soakPatience):
		t.Fatal("the child does not end")
	}
	all := c.reports()
	require.NotEmpty(t, all)
	return all[len(all)-1]
}

func (c *child) reports() []childReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// TestSoakChild is what the soak's processes do.
func TestSoakChild(t *testing.T) {
	text := os.Getenv(childVariable)
	if text == "" {
		t.Skip("a part of the soak: see make soak")
	}
	var task childTask
	require.NoError(t, json.Unmarshal([]byte(text), &task))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	switch task.Role {
	case "server":
		soakServer(t, ctx, task)
	case "hostile":
		soakHostile(t, ctx, task)
	}
}

// reportNow writes a report.
func reportNow(r childReport) {
	r.At = time.Now()
	r.Goroutines = runtime.NumGoroutine()
	r.RSS, r.Heap = memory()
	line, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", line)
}

// reportUntil reports every second until ctx ends.
func reportUntil(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			reportNow(childReport{})
		}
	}
}

// memory is what this process occupies, as the system says it or else Go, and
// how much of that was found in use at the last garbage collection.
func memory() (rss, heap int64) {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	rss, heap = int64(s[0].Value.Uint64()-s[1].Value.Uint64()), int64(s[2].Value.Uint64())
	text, err := os.ReadFile("/proc/self/statm")
	if f := strings.Fields(string(text)); err == nil && len(f) > 1 {
		if pages, err := strconv.ParseInt(f[1], 10, 64); err == nil {
			rss = pages * int64(os.Getpagesize())
		}
	}
	return rss, heap
}

// quantile is the value below which a part of all is.
func quantile[T any, V cmp.Ordered](all []T, part, of int, value func(T) V) (none V) {
	if len(all) == 0 {
		return none
	}
	var v []V
	for _, one := range all {
		v = append(v, value(one))
	}
	slices.Sort(v)
	return v[len(v)*part/of]
}

// whoAmI is answered with the serial number of the client's certificate.
const whoAmI = "who"

// A ledger checks that the messages of each good client come once and in order.
type ledger struct {
	last           []atomic.Uint64
	handled, wrong atomic.Uint64
}

func (l *ledger) ServeMLLP(w mllp.ResponseWriter, r *mllp.Request) {
	client, seq, ok := numbered(r.Payload)
	switch {
	case ok && client < len(l.last):
		l.handled.Add(1)
		if l.last[client].Swap(seq) != seq-1 {
			l.wrong.Add(1)
		}
		w.WriteMessage(goodAnswer(client, seq))
	case string(r.Payload) == whoAmI:
		w.WriteMessage([]byte(r.Conn.TLS.PeerCertificates[0].SerialNumber.Text(16)))
	default:
		echo(w, r)
	}
}

// soakServer serves until ctx ends.
func soakServer(t *testing.T, ctx context.Context, task childTask) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	book := &ledger{last: make([]atomic.Uint64, task.Good)}
	s := &mllp.Server{
		Handler: book, TLSConfig: serverConfig(t, soakFiles(task.Dir, "dmn")), Logger: slog.New(slog.DiscardHandler),
		MaxMessage: 1 << 20, MaxConns: task.Good + 2*task.Hostile + 50, MaxConnsPerAddr: task.Good + 2*task.Hostile + 50,
		// Short, for hostile peers to run into; but a good one whose machine is busy
		// elsewhere must not.
		ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second,
		HandshakeTimeout: 20 * time.Second, IdleTimeout: soakPatience,
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	reportNow(childReport{Addr: l.Addr().String()})
	reportUntil(ctx)

	var left []string
	patience, cancel := context.WithTimeout(context.Background(), soakPatience/2)
	defer cancel()
	if err := s.Shutdown(patience); err != nil {
		left = append(left, "Shutdown: "+err.Error())
	}
	if err := <-served; err != mllp.ErrServerClosed {
		left = append(left, fmt.Sprint("Serve: ", err))
	}
	s.Close()
	reportNow(childReport{Handled: book.handled.Load(), Wrong: book.wrong.Load(), Left: strings.Join(append(left, leakedBySoak()...), "\n")})
}

// leakedBySoak lists goroutines that are in the package still, but for the test
// itself.
func leakedBySoak() []string {
	var left []string
	for _, g := range leak.Left(time.Second, "pamlab/mllp.") {
		if !strings.Contains(g, "TestSoakChild") {
			left = append(left, g)
		}
	}
	return left
}
