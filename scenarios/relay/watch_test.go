package relay_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/relay"
	"github.com/pamlab/pamlab/scenarios/store"
)

// A storeFunc is a store that does what it is told.
type storeFunc func(ctx context.Context, rs ...*store.Record) error

func (f storeFunc) AddAll(ctx context.Context, rs ...*store.Record) error { return f(ctx, rs...) }

// exchanges sends messages, one after the other, and wants each answered.
func exchanges(t *testing.T, addr string, n int) {
	t.Helper()
	client := &mllp.Client{Addr: addr, AnswerTimeout: 20 * time.Second}
	defer client.Close()
	m := string(sample(t, "A01"))
	for i := range n {
		id := fmt.Sprintf("N%07d", i)
		r, err := client.Do(t.Context(), []byte(strings.Replace(m, "MSG00001", id, 1)))
		require.NoError(t, err)
		require.Contains(t, string(r.Payload), "MSA|AA|"+id)
	}
}

// A store that does not come back holds nobody up: all messages are answered
// before it has taken the first.
func TestSlowStoreHoldsNobodyUp(t *testing.T) {
	release, taken := make(chan struct{}), 0
	r := &relay.Relay{To: answering(t), Store: storeFunc(func(_ context.Context, rs ...*store.Record) error {
		<-release
		taken += len(rs)
		return nil
	})}
	addr, stop := begin(t, r)
	exchanges(t, addr, 300)
	close(release)
	stop()
	require.Equal(t, 300, taken)
	require.EqualValues(t, 300, r.Stats().Stored)
	require.Zero(t, r.Stats().Memory)
}

// Nobody who is told can hold the traffic up, and no connection after it.
func TestNobodyWhoIsToldHoldsUp(t *testing.T) {
	release := make(chan struct{})
	r := &relay.Relay{To: answering(t), MaxConns: 2, Observe: func(*relay.Exchange) { <-release }, Told: func(relay.Event) { <-release }}
	addr, stop := begin(t, r)
	for range 20 {
		exchanges(t, addr, 2)
	}
	close(release)
	stop()
	require.EqualValues(t, 40, r.Stats().Exchanges)
}

// TLS that both ends speak through a plain relay passes, and cannot be read.
func TestTLSPassesUnread(t *testing.T) {
	server, err := identity(t, "dmn").ServerConfig()
	require.NoError(t, err)
	client, err := identity(t, "gam").ClientConfig()
	require.NoError(t, err)
	w := &watcher{}
	near, far, _, stop := piped(t, w.watch)
	done := make(chan error, 1)
	go func() {
		c := tls.Server(far, server)
		_, err := io.Copy(c, c)
		c.Close()
		done <- err
	}()
	c := tls.Client(near, client)
	_, err = c.Write([]byte("hello"))
	require.NoError(t, err)
	got := make([]byte, 5)
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	require.NoError(t, c.Close())
	<-done
	far.Close()
	stop()
	require.Empty(t, w.exchanges)
	require.Equal(t, []relay.EventKind{relay.Opened, relay.NoBlock, relay.NoBlock, relay.Ended}, w.kinds())
}

// Nor does a judge that has no memory left: what it does not see is delivered,
// counted and told.
func TestFullMemoryHoldsNobodyUp(t *testing.T) {
	w, release := &watcher{}, make(chan struct{})
	r := &relay.Relay{To: answering(t), MaxCopies: 32 << 10}
	w.watch(r)
	observe := r.Observe
	r.Observe = func(x *relay.Exchange) { <-release; observe(x) }
	addr, stop := begin(t, r)
	exchanges(t, addr, 100)
	require.LessOrEqual(t, r.Stats().Memory, int64(32<<10))
	close(release)
	for len(w.kinds()) < 2 { // the copies are read again, and the gap is found
		exchanges(t, addr, 1)
	}
	stop()
	stats := r.Stats()
	require.NotZero(t, stats.Dropped)
	require.NotZero(t, stats.BytesLost)
	require.Less(t, stats.Exchanges, uint64(100))
	require.Zero(t, stats.Memory)
	for _, x := range w.exchanges {
		if x.Answer != nil {
			require.Contains(t, string(x.Answer), x.Header.ControlID, "no answer is given to another message")
		}
	}
}

func TestFailingStoreIsToldAndAskedAgain(t *testing.T) {
	w, n := &watcher{}, 0
	full := &store.Error{Kind: store.Full, Path: "x", Err: errors.New("disk full")}
	r := &relay.Relay{To: answering(t), Store: storeFunc(func(_ context.Context, rs ...*store.Record) error {
		if n += len(rs); n <= 5 {
			return full
		}
		return nil
	})}
	w.watch(r)
	addr, stop := begin(t, r)
	exchanges(t, addr, 20)
	stop()
	stats := r.Stats()
	require.EqualValues(t, 20, stats.Stored+stats.NotStored)
	require.NotZero(t, stats.Stored)
	require.Contains(t, w.kinds(), relay.NotKept)
}

func TestExchangesAreStoredInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "traffic.db")
	kept, err := store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	defer kept.Close()
	r := &relay.Relay{To: answering(t), Store: kept, Judge: judge(t)}
	addr, stop := begin(t, r)
	exchanges(t, addr, 50)
	stop()
	i := 0
	for rec, err := range kept.List(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("N%07d", i), rec.ControlID)
		require.Equal(t, "A01", rec.Type)
		require.Equal(t, "AA", rec.Ack)
		require.Equal(t, store.Received, rec.Direction)
		require.Equal(t, addr, rec.Listener)
		require.Equal(t, r.To, rec.Destination)
		require.Contains(t, string(rec.Message), "LEMOINE")
		require.Contains(t, string(rec.Answer), "MSA|AA|"+rec.ControlID)
		require.NotEmpty(t, rec.Verdict)
		require.NotContains(t, rec.Patient, "100001")
		i++
	}
	require.Equal(t, 50, i)
}

// In enhanced mode the message is accepted first, and answered later.
func TestEnhancedMode(t *testing.T) {
	near, far, w, stop := piped(t, nil)
	message := strings.Replace(string(sample(t, "A01")), "|2.5^FRA^2.11|||||FRA|", "|2.5^FRA^2.11|||AL|AL|FRA|", 1)
	ack := func(code string) []byte {
		return mllp.AppendFrame(nil, []byte("MSH|^~\\&|DMN|CHU|GAM|CHU|20260302100501||ACK^A01^ACK|"+code+"1|P|2.5\rMSA|"+code+"|MSG00001\r"))
	}
	go func() { _, _ = near.Write(mllp.AppendFrame(nil, []byte(message))) }()
	_, err := mllp.NewReader(far, 0).ReadFrame()
	require.NoError(t, err)
	go func() {
		_, _ = far.Write(ack("CA"))
		_, _ = far.Write(ack("AA"))
		_, _ = far.Write(ack("AA")) // to nothing
		far.Close()
	}()
	_, _ = io.ReadAll(near)
	near.Close()
	stop()
	require.Len(t, w.exchanges, 2)
	require.Equal(t, hl7.AA, w.exchanges[0].Code)
	require.NoError(t, w.exchanges[0].Err)
	require.Equal(t, relay.Far, w.exchanges[1].From)
	require.Equal(t, "ACK", w.exchanges[1].Header.Type)
}

// Shutdown lets an exchange in flight finish.
func TestShutdownWaitsForTheAnswer(t *testing.T) {
	near, far, w, stop := piped(t, nil)
	go func() { _, _ = near.Write(mllp.AppendFrame(nil, sample(t, "A01"))) }()
	f, err := mllp.NewReader(far, 0).ReadFrame()
	require.NoError(t, err)
	h, err := hl7.ParseHeader(f.Payload)
	require.NoError(t, err)
	var ended sync.WaitGroup
	ended.Go(stop)
	ack := hl7.Ack{Code: hl7.AA, ControlID: "R1", Time: time.Now()}
	go func() { _, _ = far.Write(mllp.AppendFrame(nil, ack.Append(nil, h))) }()
	got, err := io.ReadAll(near)
	require.NoError(t, err)
	require.Contains(t, string(got), "MSA|AA|")
	ended.Wait()
	require.Len(t, w.exchanges, 1)
	require.Equal(t, hl7.AA, w.exchanges[0].Code)
}

// Close waits for nobody, not even for a store that hangs.
func TestCloseGivesUp(t *testing.T) {
	near, far, _, _ := piped(t, nil)
	near.Close()
	far.Close()
	hung := make(chan struct{}, 1)
	r := &relay.Relay{To: answering(t), Store: storeFunc(func(ctx context.Context, _ ...*store.Record) error {
		select {
		case hung <- struct{}{}:
		default: // it was told
		}
		<-ctx.Done()
		return ctx.Err()
	})}
	addr, stop := begin(t, r)
	exchanges(t, addr, 3)
	<-hung
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, r.Close())
	stop()
	require.EqualValues(t, 3, r.Stats().NotStored)
	require.Zero(t, r.Stats().Memory)
}

// Every wait has a limit.
func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name      string
		configure func(*relay.Relay)
		do        func(t *testing.T, near, far net.Conn)
		after     time.Duration
		kind      mllp.ErrorKind
	}{
		{"nothing passes", func(r *relay.Relay) { r.IdleTimeout = time.Hour }, func(*testing.T, net.Conn, net.Conn) {}, time.Hour, mllp.Idle},
		{"a side does not read", nil, func(t *testing.T, near, _ net.Conn) {
			_, err := near.Write([]byte("\x0bMSH"))
			require.NoError(t, err) // the relay has it, and the far side does not take it
		}, relay.DefaultStallTimeout, mllp.NotRead},
		{"a side ends, the other does not", nil, func(t *testing.T, near, _ net.Conn) {
			require.NoError(t, near.(interface{ CloseWrite() error }).CloseWrite())
		}, relay.DefaultStallTimeout, mllp.Idle},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far, w, stop := piped(t, test.configure)
				begun := time.Now()
				test.do(t, near, far)
				_, _ = io.ReadAll(near)
				require.Equal(t, test.after, time.Since(begun).Round(time.Second))
				stop()
				last := w.events[len(w.events)-1]
				require.Equal(t, relay.Ended, last.Kind)
				var e *mllp.Error
				require.ErrorAs(t, last.Err, &e)
				require.Equal(t, test.kind, e.Kind)
				near.Close()
				far.Close()
			})
		})
	}
}

// A message that nobody answers is told after a while, though its connection
// stays open.
func TestUnansweredIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan *relay.Exchange, 3)
		near, far, _, stop := piped(t, func(r *relay.Relay) { r.Observe = func(x *relay.Exchange) { told <- x } })
		go func() { _, _ = near.Write(mllp.AppendFrame(nil, sample(t, "A01"))) }()
		_, err := mllp.NewReader(far, 0).ReadFrame()
		require.NoError(t, err)
		begun := time.Now()
		x := <-told
		require.Equal(t, relay.DefaultAnswerTimeout, time.Since(begun).Round(time.Second))
		require.ErrorIs(t, x.Err, relay.ErrUnanswered)

		// When it does come, it is no answer to the message after.
		next := bytes.Replace(sample(t, "A01"), []byte("MSG00001"), []byte("MSG00002"), 1)
		go func() { _, _ = near.Write(mllp.AppendFrame(nil, next)) }()
		_, err = mllp.NewReader(far, 0).ReadFrame()
		require.NoError(t, err)
		for _, id := range []string{"MSG00001", "MSG00002"} {
			ack := hl7.Ack{Code: hl7.AA, ControlID: "R" + id, Time: time.Now()}
			go func() { _, _ = far.Write(mllp.AppendFrame(nil, ack.Append(nil, hl7.Header{ControlID: id}))) }()
			_, err = mllp.NewReader(near, 0).ReadFrame()
			require.NoError(t, err)
		}
		require.ErrorIs(t, (<-told).Err, relay.ErrLate)
		x = <-told
		require.Equal(t, "MSG00002", x.Header.ControlID)
		require.Contains(t, string(x.Answer), "MSA|AA|MSG00002")
		near.Close()
		far.Close()
		stop()
	})
}
