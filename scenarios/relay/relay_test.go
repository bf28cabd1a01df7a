package relay_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/internal/leak"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios/relay"
)

// No test may leave a goroutine of this package behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := keys(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(leak.Check(code, "pamlab/scenarios/relay"))
}

// A watcher keeps what a relay told.
type watcher struct {
	mu        sync.Mutex
	exchanges []*relay.Exchange
	events    []relay.Event
}

func (w *watcher) watch(r *relay.Relay) {
	r.Observe = func(x *relay.Exchange) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.exchanges = append(w.exchanges, x)
	}
	r.Told = func(e relay.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, e)
	}
}

func (w *watcher) kinds() (list []relay.EventKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		list = append(list, e.Kind)
	}
	return list
}

// begin lets a relay serve on the loopback interface. stop ends it in good
// order, after which everything was told.
func begin(t testing.TB, r *relay.Relay) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l.Addr().String(), serve(t, r, l)
}

func serve(t testing.TB, r *relay.Relay, l net.Listener) (stop func()) {
	r.Logger = slog.New(slog.DiscardHandler)
	served := make(chan error, 1)
	go func() { served <- r.Serve(l) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			require.NoError(t, r.Shutdown(ctx))
			require.ErrorIs(t, <-served, relay.ErrClosed)
		})
	}
	t.Cleanup(stop)
	return stop
}

// answering starts a server that acknowledges everything.
func answering(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &mllp.Server{Logger: slog.New(slog.DiscardHandler), Handler: mllp.HandlerFunc(acknowledge)}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		require.NoError(t, s.Shutdown(context.Background()))
		<-done
	})
	return l.Addr().String()
}

func acknowledge(w mllp.ResponseWriter, r *mllp.Request) {
	h, err := hl7.ParseHeader(r.Payload)
	if err != nil {
		return
	}
	ack := hl7.Ack{Code: hl7.AA, ControlID: "A" + h.ControlID, Time: time.Now()}
	_ = w.WriteMessage(ack.Append(nil, h))
}

func judge(t testing.TB) *rules.Judge {
	t.Helper()
	j, err := rules.New(rules.Options{})
	require.NoError(t, err)
	return j
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	m, err := rules.Sample(name)
	require.NoError(t, err)
	return m.Bytes()
}

func TestExchangeIsPairedJudgedAndTold(t *testing.T) {
	w := &watcher{}
	r := &relay.Relay{To: answering(t), Judge: judge(t)}
	w.watch(r)
	addr, stop := begin(t, r)
	client := &mllp.Client{Addr: addr}
	good, bad := sample(t, "A01"), bytes.Replace(sample(t, "A02"), []byte("|M|"), []byte("|X|"), 1)
	for _, m := range [][]byte{good, bad} {
		_, err := client.Do(t.Context(), m)
		require.NoError(t, err)
	}
	require.NoError(t, client.Close())
	stop()

	require.Len(t, w.exchanges, 2)
	first, second := w.exchanges[0], w.exchanges[1]
	require.Equal(t, string(good), string(first.Message))
	require.Equal(t, hl7.AA, first.Code)
	require.Equal(t, relay.Near, first.From)
	require.Contains(t, string(first.Answer), "MSA|AA|"+first.Header.ControlID)
	require.NotEqual(t, "fail", first.Verdict, first.Findings)
	require.Equal(t, "fail", second.Verdict)
	require.Equal(t, first.Patient, second.Patient)
	require.NoError(t, first.Err)
	require.Equal(t, []relay.EventKind{relay.Opened, relay.Ended}, w.kinds())
	stats := r.Stats()
	require.Zero(t, stats.Memory)
	require.EqualValues(t, 2, stats.Exchanges)
	require.EqualValues(t, len(good)+len(bad)+6, stats.ToFar)
}

// The far side is not there: the near side is closed, and nobody answers for it.
func TestFarSideUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := l.Addr().String()
	require.NoError(t, l.Close())
	w := &watcher{}
	r := &relay.Relay{To: nobody}
	w.watch(r)
	addr, stop := begin(t, r)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	got, _ := io.ReadAll(c)
	require.Empty(t, got)
	stop()
	require.Equal(t, []relay.EventKind{relay.NotCarried}, w.kinds())
	require.ErrorContains(t, w.events[0].Err, nobody)
	require.EqualValues(t, 1, r.Stats().Failed)
}

// Messages are paired by MSA-2 where answers change places, and by their order
// where MSA-2 is none of them.
func TestPairing(t *testing.T) {
	message := func(id string) []byte { return bytes.Replace(sample(t, "A01"), []byte("MSG00001"), []byte(id), 1) }
	answer := func(id, to string) string {
		return "MSH|^~\\&|DMN|CHU|GAM|CHU|20260302100501||ACK^A01^ACK|" + id + "|P|2.5\rMSA|AA|" + to + "\r"
	}
	for _, test := range []struct {
		name    string
		answers []string
		want    []string // the answer to each message, by its MSH-10
	}{
		{"in order", []string{answer("R1", "M1"), answer("R2", "M2")}, []string{"M1 R1", "M2 R2"}},
		{"crossed", []string{answer("R2", "M2"), answer("R1", "M1")}, []string{"M2 R2", "M1 R1"}},
		{"of another message", []string{answer("R1", "X"), answer("R2", "M2")}, []string{"M1 R1", "M2 R2"}},
		{"twice", []string{answer("R1", "M1"), answer("R3", "M1"), answer("R2", "M2")}, []string{"M1 R1", "R3 -", "M2 R2"}},
		{"no HL7", []string{"thanks", answer("R2", "M2")}, []string{"M1 ", "M2 R2"}},
		{"one only", []string{answer("R2", "M2")}, []string{"M2 R2", "M1 -"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			near, far, w, stop := piped(t, nil)
			go func() {
				_, _ = near.Write(append(mllp.AppendFrame(nil, message("M1")), mllp.AppendFrame(nil, message("M2"))...))
			}()
			rd := mllp.NewReader(far, 0)
			for range 2 {
				_, err := rd.ReadFrame()
				require.NoError(t, err)
			}
			go func() {
				for _, a := range test.answers {
					_, _ = far.Write(mllp.AppendFrame(nil, []byte(a)))
				}
				far.Close()
			}()
			_, _ = io.ReadAll(near)
			near.Close()
			stop()
			var got []string
			for _, x := range w.exchanges {
				id := "-"
				if x.Answer != nil {
					h, _ := hl7.ParseHeader(x.Answer)
					id = h.ControlID
				} else {
					require.True(t, errors.Is(x.Err, relay.ErrUnanswered) || errors.Is(x.Err, relay.ErrAgain))
				}
				got = append(got, x.Header.ControlID+" "+id)
			}
			require.Equal(t, test.want, got)
		})
	}
}

// piped is a relay between two ends in memory.
func piped(t *testing.T, configure func(*relay.Relay)) (near, far net.Conn, w *watcher, stop func()) {
	t.Helper()
	in, out := mllptest.NewNetwork(), mllptest.NewNetwork()
	in.Pipe, out.Pipe = mllptest.Pipe, mllptest.Pipe
	w = &watcher{}
	r := &relay.Relay{To: "far", Dial: out.Dial}
	w.watch(r)
	if configure != nil {
		configure(r)
	}
	stop = serve(t, r, in)
	near, err := in.Dial(t.Context(), "", "")
	require.NoError(t, err)
	far, err = out.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { near.Close(); far.Close(); out.Close() })
	return near, far, w, stop
}
