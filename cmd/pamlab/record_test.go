package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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
	go func() {
		var none bytes.Buffer
		r.code <- run(ctx, line, &none, r, r, func(string) (string, bool) { return "", false })
	}()
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
