package mllp_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/internal/leak"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/mllp/pki"
)

// No test may leave a goroutine of this package behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := keys(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(leak.Check(code, "pamlab/mllp."))
}

// echo answers every message with itself, marked.
var echo = mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
	w.WriteMessage(append([]byte("re:"), r.Payload...))
})

// event is one call of OnConn.
type event struct {
	ID    uint64
	State mllp.ConnState
	Err   error
	Conn  *mllp.Conn
}

// watcher records the calls of OnConn.
type watcher struct {
	mu     sync.Mutex
	events []event

	refused, closed chan event // StateHandshakeFailed and StateClosed, as they come
}

func watch(s *mllp.Server) *watcher {
	w := &watcher{refused: make(chan event, 1000), closed: make(chan event, 1000)}
	s.OnConn = func(c *mllp.Conn, state mllp.ConnState, err error) {
		e := event{c.ID, state, err, c}
		w.mu.Lock()
		w.events = append(w.events, e)
		w.mu.Unlock()
		switch state {
		case mllp.StateHandshakeFailed:
			w.refused <- e
		case mllp.StateClosed:
			w.closed <- e
		}
	}
	return w
}

// states lists the states that a connection went through.
func (w *watcher) states(id uint64) []mllp.ConnState {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []mllp.ConnState
	for _, e := range w.events {
		if e.ID == id {
			all = append(all, e.State)
		}
	}
	return all
}

// find returns the event of a connection's state.
func (w *watcher) find(id uint64, state mllp.ConnState) (event, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.ID == id && e.State == state {
			return e, true
		}
	}
	return event{}, false
}

// start serves on a listener until the test ends.
func start(t *testing.T, s *mllp.Server, l net.Listener) {
	t.Helper()
	if s.Handler == nil {
		s.Handler = echo
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		require.NoError(t, s.Shutdown(context.Background()))
		require.ErrorIs(t, <-served, mllp.ErrServerClosed)
	})
}

// serve serves on a port of the loopback and returns its address.
func serve(t *testing.T, s *mllp.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	start(t, s, l)
	return l.Addr().String()
}

// serveInMemory serves on a network in memory.
func serveInMemory(t *testing.T, s *mllp.Server) *mllptest.Network {
	t.Helper()
	n := mllptest.NewNetwork()
	start(t, s, n)
	return n
}

// dial opens a connection that is closed when the test ends.
func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c.(*net.TCPConn)
}

// dialInMemory opens a connection that is closed when the test ends.
func dialInMemory(t *testing.T, n *mllptest.Network) net.Conn {
	t.Helper()
	c, err := n.Dial(t.Context(), "", "")
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// send writes payloads as blocks, all in one write.
func send(t *testing.T, w io.Writer, payloads ...string) {
	t.Helper()
	var all []byte
	for _, p := range payloads {
		all = mllp.AppendFrame(all, []byte(p))
	}
	_, err := w.Write(all)
	require.NoError(t, err)
}

// receive reads one block.
func receive(t *testing.T, r io.Reader) string {
	t.Helper()
	f, err := mllp.NewReader(r, 0).ReadFrame()
	require.NoError(t, err)
	return string(f.Payload)
}

// keys is a test PKI, made once for all tests.
var keys = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mllp-test-pki-")
	if err != nil {
		return "", err
	}
	_, err = pki.Init(dir, pki.Options{})
	return dir, err
})

// identity returns the files of an identity of the test PKI: "gam", "dmn", or ""
// for none.
func identity(t *testing.T, name string) mllp.Files {
	t.Helper()
	dir, err := keys()
	require.NoError(t, err)
	f := mllp.Files{CA: filepath.Join(dir, "ca.pem")}
	if name != "" {
		f.Cert, f.Key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem")
	}
	return f
}

// failure is the *mllp.Error in err, which must be one of a kind.
func failure(t *testing.T, err error, kind mllp.ErrorKind) *mllp.Error {
	t.Helper()
	var e *mllp.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	for _, lang := range []string{"fr", "en"} {
		require.NotEmpty(t, e.In(lang))
		require.NotContains(t, e.In(lang), "%!", "a bad format")
		require.NotContains(t, e.In(lang), "\n")
	}
	return e
}
