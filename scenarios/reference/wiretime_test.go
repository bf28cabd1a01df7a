package reference

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// bubble serves a DMN on pipes. It is called inside synctest.Test.
func bubble(t *testing.T, bugs []string) (listener *pipe, stop func()) {
	t.Helper()
	d := newDMN(t, Options{Bugs: bugs, Logger: quiet()})
	listener = newPipe()
	server := d.service(&mllp.Server{Handler: d, Logger: quiet(), IdleTimeout: -1}, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return listener, func() {
		require.NoError(t, server.Close())
		require.NoError(t, server.Shutdown(t.Context()))
		require.ErrorIs(t, <-served, mllp.ErrServerClosed)
	}
}

// heard collects what comes back on a connection until it ends.
func heard(conn net.Conn) (back func() []byte) {
	var all []byte
	done := make(chan struct{})
	go func() {
		defer close(done)
		piece := make([]byte, 4096)
		for {
			n, err := conn.Read(piece)
			if all = append(all, piece[:n]...); err != nil {
				return
			}
		}
	}()
	return func() []byte { <-done; return all }
}

// What comes in pieces, with a silence between them, and then a good block.
func TestPieces(t *testing.T) {
	one, two := framed(message("M1")), framed(message("M2"))
	const all = "AA M1, AA M2"
	for _, tt := range []struct {
		bug     string
		silence time.Duration
		at      []int // where the first block is cut
		want    string
	}{
		{"", patience + 1, []int{10}, all},
		{oneRead, 1, []int{10}, "AA M2"},
		{oneRead, time.Second, []int{10, 20, len(one) - 1}, "AA M2"},
		{oneRead, 1, nil, all},
		{losesSecond, 1, []int{10}, all},
		{outOfOrder, moment - 1, nil, "AA M2, AA M1"},
		{outOfOrder, moment + 1, []int{10}, all},
		{dropsSlow, patience - 1, []int{10, 20}, all},
		{dropsSlow, patience + 1, []int{10}, "AA M2"},
		{dropsSlow, patience + 1, nil, all},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bugs, err := ParseBugs(tt.bug)
				require.NoError(t, err)
				listener, stop := bubble(t, bugs)
				conn := listener.dial()
				back := heard(conn)
				from := 0
				for _, to := range append(tt.at, len(one)) {
					_, err := conn.Write([]byte(one[from:to]))
					require.NoError(t, err)
					time.Sleep(tt.silence)
					from = to
				}
				_, err = conn.Write([]byte(two))
				require.NoError(t, err)
				time.Sleep(time.Second)
				stop()
				require.Equal(t, tt.want, said(t, back()))
			})
		})
	}
}

// Who does not read its answers is held up; not so by a DMN that keeps them.
func TestAnswersThatNobodyReads(t *testing.T) {
	for _, tt := range []struct {
		bug  string
		most int
	}{
		{"", 1},
		{buffersAnswers, 100},
	} {
		t.Run(tt.bug, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bugs, err := ParseBugs(tt.bug)
				require.NoError(t, err)
				listener, stop := bubble(t, bugs)
				conn := listener.dial()
				block := []byte(framed(message("M1")))
				written, done := 0, make(chan struct{})
				go func() {
					defer close(done)
					for ; written < tt.most+1 && written < 100; written++ {
						if _, err := conn.Write(block); err != nil {
							return
						}
					}
				}()
				synctest.Wait()
				require.Equal(t, tt.most, written)
				stop()
				<-done
			})
		})
	}
}

// A hundred silent connections keep the next one waiting, until one of them goes.
func TestSilentConnectionsStarveTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := bubble(t, []string{starves})
		var silent []net.Conn
		for range starving {
			silent = append(silent, listener.dial())
			synctest.Wait()
		}
		next := listener.dial()
		back := heard(next)
		written := make(chan error, 1)
		go func() {
			_, err := next.Write([]byte(framed(message("M1"))))
			written <- err
		}()
		synctest.Wait()
		require.Empty(t, written, "nobody reads")
		require.NoError(t, silent[0].Close())
		require.NoError(t, <-written)
		synctest.Wait()
		stop()
		require.Equal(t, "AA M1", said(t, back()))
	})
}

// The service is gone for those who are there, and for those who come.
func TestDeathOfTheService(t *testing.T) {
	r := start(t, ServerOptions{Options: Options{Bugs: []string{diesOnEmptyBlock}}})
	bystander, err := net.Dial("tcp", r.Addr())
	require.NoError(t, err)
	defer bystander.Close()
	require.NoError(t, bystander.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = bystander.Write([]byte(framed(message("M1"))))
	require.NoError(t, err)
	_, err = mllp.NewReader(bystander, 0).ReadFrame()
	require.NoError(t, err)

	require.Empty(t, say(t, r.Addr(), nil, framed("")))
	_, err = bystander.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, net.ErrClosed)
	_, err = net.Dial("tcp", r.Addr())
	require.Error(t, err)
}

// A faulty server is one nonetheless: it has limits, tells of its connections and
// stops in the middle of what it does.
func TestLimitsOfTheFaultyServer(t *testing.T) {
	states := make(chan mllp.ConnState, 100)
	r := start(t, ServerOptions{
		Options:    Options{Bugs: []string{noStartNeeded, slowAnswer}, Delay: time.Hour},
		MaxMessage: 4096,
		OnConn:     func(_ *mllp.Conn, s mllp.ConnState, _ error) { states <- s },
	})
	require.Empty(t, say(t, r.Addr(), nil, "\v"+string(make([]byte, 1<<20))), "too long")
	for _, want := range []mllp.ConnState{mllp.StateNew, mllp.StateOpen, mllp.StateClosed} {
		require.Equal(t, want, <-states)
	}
	conn, err := net.Dial("tcp", r.Addr())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte(framed(message("M1"))))
	require.NoError(t, err)
	require.Equal(t, mllp.StateNew, <-states)
	now, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, r.Stop(now), context.Canceled)
	noLeak(t)
}
