package mllp_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// An arena is a server that a hostile peer meets.
type arena struct {
	t      *testing.T
	server *mllp.Server
	w      *watcher
	dial   func() net.Conn
	addr   string // "" in memory
}

// ending waits for the end of the next connection and returns its reason.
func (a arena) ending() error { return (<-a.w.closed).Err }

// oddities are the kinds that the reason of an ending tells.
func (a arena) oddities(e *mllp.Error) (kinds []mllp.OddityKind) {
	for _, o := range e.Oddities {
		kinds = append(kinds, o.Kind)
	}
	return kinds
}

// acknowledge answers as a receiver does that looks at MSH-10 and at nothing
// else: AA with it, AR without.
var acknowledge = mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
	head, _, _ := bytes.Cut(r.Payload, []byte("\r"))
	fields := bytes.Split(head, []byte("|"))
	if len(fields) < 10 || string(fields[0]) != "MSH" {
		w.WriteMessage([]byte("MSA|AR|"))
		return
	}
	w.WriteMessage([]byte("MSA|AA|" + string(fields[9])))
})

// adt is a message with a number.
func adt(number string) string { return strings.Replace(mllptest.First, "S00042", number, 1) }

func framed(payloads ...string) string {
	var all []byte
	for _, p := range payloads {
		all = mllp.AppendFrame(all, []byte(p))
	}
	return string(all)
}

// say writes bytes as they are.
func say(t *testing.T, c net.Conn, s string) {
	t.Helper()
	_, err := io.WriteString(c, s)
	require.NoError(t, err)
}

// answers reads so many blocks.
func answers(t *testing.T, c net.Conn, n int) (all []string) {
	t.Helper()
	r := mllp.NewReader(c, 0)
	for range n {
		f, err := r.ReadFrame()
		require.NoError(t, err)
		all = append(all, string(f.Payload))
	}
	return all
}

// exchange writes bytes, all at once, and wants these answers and no more.
func exchange(bytes string, want ...string) func(arena) {
	return func(a arena) {
		c := a.dial()
		say(a.t, c, bytes)
		require.Equal(a.t, want, answers(a.t, c, len(want)))
		c.Close()
		require.NoError(a.t, a.ending())
	}
}

// hostileCases are what peers do that nine servers of others were seen to fail
// at: the process dies, memory or time without bound, a message lost, one
// acknowledged that nobody sent, a client without certificate let in.
var hostileCases = []struct {
	name  string
	right string // what a good server does
	how   func(arena)
	slow  bool // in the time of a bubble
	tls   bool
}{
	{name: "three messages on one connection", right: "three answers, in order, one for each",
		how: exchange(framed(adt("1"), adt("2"), adt("3")), "MSA|AA|1", "MSA|AA|2", "MSA|AA|3")},
	{name: "garbage before the start byte", right: "it is skipped and told, and the message answered",
		how: exchange("\r\n\x00hello"+framed(adt("1")), "MSA|AA|1")},
	{name: "no end byte, then a good message", right: "the unfinished one is never acknowledged, the good one is",
		how: exchange("\x0b"+adt("1")+framed(adt("2")), "MSA|AA|2")},
	{name: "end byte without carriage return", right: "no answer, and the connection closed when the block has had its time", slow: true,
		how: func(a arena) {
			c := a.dial()
			say(a.t, c, "\x0b"+adt("1")+"\x1c")
			require.Equal(a.t, mllp.DefaultReadTimeout, closedAfter(a.t, c))
			e := failure(a.t, a.ending(), mllp.BrokenFrame)
			require.Equal(a.t, []mllp.OddityKind{mllp.EndWithoutCR}, a.oddities(e))
		}},
	{name: "end byte and line feed, then a good message", right: "the first is never acknowledged, the good one is",
		how: exchange("\x0b"+adt("1")+"\x1c\n"+framed(adt("2")), "MSA|AA|2")},
	{name: "two messages in one segment", right: "two answers, in order",
		how: exchange(framed(adt("1"), adt("2")), "MSA|AA|1", "MSA|AA|2")},
	{name: "one and a half, then the rest", right: "each is answered when it is whole, once",
		how: func(a arena) {
			c := a.dial()
			all := framed(adt("1"), adt("2"))
			cut := len(all) * 3 / 4
			say(a.t, c, all[:cut])
			require.Equal(a.t, []string{"MSA|AA|1"}, answers(a.t, c, 1))
			say(a.t, c, all[cut:])
			require.Equal(a.t, []string{"MSA|AA|2"}, answers(a.t, c, 1))
			c.Close()
			require.NoError(a.t, a.ending())
		}},
	{name: "byte by byte", right: "one answer",
		how: func(a arena) {
			c := a.dial()
			for _, b := range []byte(framed(adt("1"))) {
				say(a.t, c, string([]byte{b}))
			}
			require.Equal(a.t, []string{"MSA|AA|1"}, answers(a.t, c, 1))
			c.Close()
			require.NoError(a.t, a.ending())
		}},
	{name: "empty block, then a good message", right: "the empty one is ignored and told, the good one answered",
		how: exchange("\x0b\x1c\r"+framed(adt("1")), "MSA|AA|1")},
	{name: "no MSH", right: "it is refused, without a number to name, and the connection goes on",
		how: exchange(framed("PID|||1\r", adt("2")), "MSA|AR|", "MSA|AA|2")},
	{name: "a bad message, then a good one", right: "each is answered for itself",
		how: exchange(framed("\xff\xfe\x00|^~\\&", adt("2")), "MSA|AR|", "MSA|AA|2")},
	{name: "MSH| alone", right: "it is refused, never accepted",
		how: exchange(framed("MSH|", adt("2")), "MSA|AR|", "MSA|AA|2")},
	{name: "Latin-1 bytes", right: "bytes are bytes: it is answered",
		how: exchange(framed(adt("1")+"PID|||1||LEF\xc8VRE\r"), "MSA|AA|1")},
	{name: "end byte inside the message", right: "it does not end the block, and one answer comes",
		how: exchange(framed(adt("1")+"NTE|a\x1cb\r"), "MSA|AA|1")},
	{name: "half-close after sending", right: "the answer is written before this end closes too",
		how: func(a arena) {
			c := a.dial()
			say(a.t, c, framed(adt("1")))
			require.NoError(a.t, c.(*net.TCPConn).CloseWrite())
			all, err := io.ReadAll(c)
			require.NoError(a.t, err)
			require.Equal(a.t, framed("MSA|AA|1"), string(all))
			require.NoError(a.t, a.ending())
		}},
	{name: "one byte a second", right: "a block that is done within its time is answered; one that is not is given up", slow: true,
		how: func(a arena) {
			c := a.dial()
			for _, b := range []byte(framed("MSH|^~\\&|||||||||1")[:12]) {
				say(a.t, c, string([]byte{b}))
				time.Sleep(time.Second)
			}
			go say(a.t, c, framed("MSH|^~\\&||||||||1")[12:])
			require.Equal(a.t, []string{"MSA|AA|1"}, answers(a.t, c, 1))
			drip := mllptest.Drip{Chunk: 1, Every: time.Second}.Wrap(c)
			go io.WriteString(drip, framed(adt("2")))
			require.Equal(a.t, mllp.DefaultReadTimeout, closedAfter(a.t, c))
			failure(a.t, a.ending(), mllp.BrokenFrame)
			drip.Close()
		}},
	{name: "idle", right: "it is kept for its time, then closed without harm to anybody", slow: true,
		how: func(a arena) {
			c := a.dial()
			time.Sleep(time.Minute)
			go say(a.t, c, framed(adt("1")))
			require.Equal(a.t, []string{"MSA|AA|1"}, answers(a.t, c, 1))
			require.Equal(a.t, mllp.DefaultIdleTimeout, closedAfter(a.t, c))
			failure(a.t, a.ending(), mllp.Idle)
		}},
	{name: "a client that never reads", right: "this end stops reading it, and closes when an answer has had its time; nothing is piled up",
		how: func(a arena) {
			c := a.dial()
			many := strings.Repeat(framed("MSH|||||||||12345"), 1000) // answers as long as the messages
			c.SetWriteDeadline(time.Now().Add(20 * time.Second))
			written := 0
			for {
				n, err := io.WriteString(c, many)
				written += n
				require.Zero(a.t, a.server.Stats().Overloaded)
				if err != nil {
					break
				}
			}
			require.Less(a.t, written, 64<<20)
			failure(a.t, a.ending(), mllp.NotRead)
		}},
	{name: "64 MB without end byte", right: "given up at the largest message; memory stays near that",
		how: func(a arena) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c := a.dial()
			piece := bytes.Repeat([]byte("x"), 1<<20)
			say(a.t, c, "\x0bMSH|")
			written := 0
			for range 64 {
				n, err := c.Write(piece)
				if written += n; err != nil {
					break
				}
			}
			require.Less(a.t, written, 32<<20)
			failure(a.t, a.ending(), mllp.TooLarge)
			runtime.ReadMemStats(&after)
			require.Less(a.t, after.TotalAlloc-before.TotalAlloc, uint64(3*mllp.DefaultMaxMessage), "bytes allocated, also those given back")
			require.Zero(a.t, a.server.Stats().Memory)
		}},
	{name: "a client that shows no certificate", right: "refused, and no message goes through", tls: true,
		how: func(a arena) { a.refused("", "certificate_required") }},
	{name: "a client with a foreign certificate", right: "refused, and no message goes through", tls: true,
		how: func(a arena) { a.refused("foreign", "unknown_ca") }},
	{name: "plain text on the TLS port", right: "refused as no TLS, and closed", tls: true,
		how: func(a arena) {
			c := a.dial()
			say(a.t, c, framed(adt("1")))
			all, err := io.ReadAll(c)
			require.NoError(a.t, err)
			require.NotContains(a.t, string(all), "MSA")
			require.Contains(a.t, failure(a.t, a.ending(), mllp.HandshakeRefused).Error(), "not TLS")
		}},
	{name: "ClientHello on the plain port", right: "recognised for what it is, and closed; it is not waited for",
		how: func(a arena) {
			c := a.dial()
			err := tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake()
			require.Error(a.t, err)
			require.Contains(a.t, failure(a.t, a.ending(), mllp.BrokenFrame).Error(), "speaks TLS")
		}},
}

// refused has a client with a wrong identity try.
func (a arena) refused(name, alert string) {
	files := identity(a.t, "")
	if name != "" {
		files = foreign(a.t)
	}
	for _, v := range versions {
		config := clientConfig(a.t, files)
		config.MaxVersion = v.id
		c := &mllp.Client{Addr: a.addr, TLSConfig: config}
		_, err := c.Do(a.t.Context(), []byte(adt("1")))
		require.True(a.t, failure(a.t, err, mllp.HandshakeRefused).Remote)
		require.Equal(a.t, alert, failure(a.t, a.ending(), mllp.HandshakeRefused).Alert)
	}
}

// probe shows that the server still answers.
func (a arena) probe() {
	a.t.Helper()
	if a.server.TLSConfig != nil {
		c := &mllp.Client{Addr: a.addr, TLSConfig: clientConfig(a.t, identity(a.t, "gam"))}
		defer c.Close()
		r, err := c.Do(a.t.Context(), []byte(adt("probe")))
		require.NoError(a.t, err)
		require.Equal(a.t, "MSA|AA|probe", string(r.Payload))
		return
	}
	c := a.dial()
	say(a.t, c, framed(adt("probe")))
	require.Equal(a.t, []string{"MSA|AA|probe"}, answers(a.t, c, 1))
	c.Close()
	require.NoError(a.t, a.ending())
}

func TestHostilePeers(t *testing.T) {
	require.Len(t, hostileCases, 23)
	for _, c := range hostileCases {
		t.Run(c.name, func(t *testing.T) {
			t.Log(c.right)
			s := &mllp.Server{Handler: acknowledge, WriteTimeout: 500 * time.Millisecond}
			if c.tls {
				s.TLSConfig = serverConfig(t, identity(t, "dmn"))
			}
			a := arena{t: t, server: s, w: watch(s)}
			if !c.slow {
				a.addr = serve(t, s)
				a.dial = func() net.Conn { return dial(a.t, a.addr) }
				c.how(a)
				a.probe()
				return
			}
			synctest.Test(t, func(t *testing.T) {
				a.t, a.w = t, watch(s)
				n := serveInMemory(t, s)
				a.dial = func() net.Conn { return dialInMemory(t, n) }
				c.how(a)
				a.probe()
			})
		})
	}
}

// The same server meets all of them at once, and a good peer between them does
// not notice.
func TestHostilePeersTogether(t *testing.T) {
	s := &mllp.Server{Handler: acknowledge, WriteTimeout: 500 * time.Millisecond}
	addr := serve(t, s)
	good := client(t, &mllp.Client{Addr: addr})
	for round := range 5 {
		for _, c := range mllptest.Cases() {
			hostile := dial(t, addr)
			go hostile.Write(c.Bytes)
		}
		for range 20 {
			r := do(t, good, adt("good"))
			require.Equal(t, "MSA|AA|good", string(r.Payload), "round %d", round)
			require.False(t, r.Reopened)
		}
	}
}
