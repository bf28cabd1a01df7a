package mllptest_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp/mllptest"
)

// sockets returns the two ends of a TCP connection.
func sockets(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	near, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	far, err = l.Accept()
	require.NoError(t, err)
	for _, c := range []net.Conn{near, far} {
		c.SetDeadline(time.Now().Add(20 * time.Second))
		t.Cleanup(func() { c.Close() })
	}
	return near, far
}

// overTLS returns the two ends of a TLS connection on another one.
func overTLS(t *testing.T, near, far net.Conn) (net.Conn, net.Conn) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	require.NoError(t, err)
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	done := make(chan error)
	go func() { done <- server.Handshake() }()
	client := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
	require.NoError(t, client.Handshake())
	require.NoError(t, <-done)
	return client, server
}

func transports() map[string]func(*testing.T) (net.Conn, net.Conn) {
	return map[string]func(*testing.T) (net.Conn, net.Conn){
		"TCP": sockets,
		"TLS": func(t *testing.T) (net.Conn, net.Conn) {
			near, far := sockets(t)
			return overTLS(t, near, far)
		},
	}
}

// What a peer reads, and how it ends, over TCP and over TLS.
func TestFaultsReachTheSocket(t *testing.T) {
	cases := []struct {
		name     string
		fault    mllptest.Fault
		tcp, tls error
	}{
		{"cut", mllptest.Cut{After: 3}, nil, nil},
		{"cut, under another fault", mllptest.Faults{mllptest.Latency{}, mllptest.Cut{After: 3}, mllptest.Corrupt{At: 99}}, nil, nil},
		{"reset", mllptest.Reset{After: 3, Wait: 50 * time.Millisecond}, syscall.ECONNRESET, syscall.ECONNRESET},
		{"reset, over another fault", mllptest.Faults{mllptest.Latency{}, mllptest.Reset{After: 3, Wait: 50 * time.Millisecond}}, syscall.ECONNRESET, syscall.ECONNRESET},
		{"half-close", mllptest.HalfClose{After: 3}, nil, nil},
		{"half-close, over another fault", mllptest.Faults{mllptest.Latency{}, mllptest.HalfClose{After: 3}}, nil, nil},
		{"abrupt half-close", mllptest.HalfClose{After: 3, Abrupt: true}, nil, nil},
	}
	for _, c := range cases {
		for transport, dial := range transports() {
			t.Run(c.name+" over "+transport, func(t *testing.T) {
				near, far := dial(t)
				conn := c.fault.Wrap(near)
				n, err := conn.Write([]byte("hello"))
				require.ErrorIs(t, err, mllptest.ErrFault)
				require.Equal(t, 3, n)
				want := c.tcp
				if transport == "TLS" {
					want = c.tls
				}
				got, err := io.ReadAll(far)
				require.Equal(t, "hel", string(got))
				require.ErrorIs(t, err, want)
				if want == nil {
					require.NoError(t, err)
				}
			})
		}
	}
}

// tallied counts what is read.
type tallied struct {
	net.Conn
	n int
}

func (c *tallied) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n += n
	return n, err
}

// crypto/tls says io.EOF whether close_notify came or not, so the record is
// looked for on the wire.
func TestFaultsEndTLSWithCloseNotifyOrWithout(t *testing.T) {
	read := func(f mllptest.Fault) int {
		near, far := sockets(t)
		raw := &tallied{Conn: far}
		client, server := overTLS(t, near, raw)
		f.Wrap(client).Write([]byte("hello"))
		got, err := io.ReadAll(server)
		require.NoError(t, err)
		require.Equal(t, "hello", string(got))
		return raw.n
	}
	polite := read(mllptest.HalfClose{After: 5})
	const record = 5 + 2 + 1 + 16 // header, alert, type, tag
	require.Equal(t, polite-record, read(mllptest.HalfClose{After: 5, Abrupt: true}))
	require.Equal(t, polite-record, read(mllptest.Cut{After: 5}))
}

func TestHalfCloseLeavesTheOtherDirection(t *testing.T) {
	for transport, dial := range transports() {
		t.Run(transport, func(t *testing.T) {
			near, far := dial(t)
			conn := mllptest.HalfClose{After: 5}.Wrap(near)
			_, err := conn.Write([]byte("hello"))
			require.NoError(t, err)
			got, err := io.ReadAll(far)
			require.NoError(t, err)
			require.Equal(t, "hello", string(got))
			_, err = far.Write([]byte("answer"))
			require.NoError(t, err)
			far.Close()
			got, err = io.ReadAll(conn)
			require.NoError(t, err)
			require.Equal(t, "answer", string(got))
		})
	}
}

func TestCorruptBelowTLSBreaksTheRecord(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := mllptest.Dialer{Fault: mllptest.Corrupt{At: 0, Byte: 'G'}}
	go func() {
		c, err := l.Accept()
		if err == nil {
			tls.Server(c, &tls.Config{}).Handshake()
			c.Close()
		}
		l.Close()
	}()
	c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	require.Error(t, tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake())
}

func TestDialerAndListenerPick(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := &mllptest.Listener{Listener: l, Fault: mllptest.Corrupt{At: 0, Byte: '-'}, Pick: mllptest.Pick{Every: 2}}
	defer listener.Close()
	d := &mllptest.Dialer{Fault: mllptest.Corrupt{At: 0, Byte: '+'}, Pick: mllptest.Pick{Nth: 3}}
	for i, want := range []string{"?!", "?-", "+!", "?-"} {
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		s, err := listener.Accept()
		require.NoError(t, err)
		p := make([]byte, 2)
		io.WriteString(c, "?")
		io.ReadFull(s, p[:1])
		io.WriteString(s, "!")
		io.ReadFull(c, p[1:])
		require.Equal(t, want, string(p), "connection %d", i+1)
		c.Close()
		s.Close()
	}
	l.Close()
	_, err = d.DialContext(t.Context(), "tcp", l.Addr().String())
	require.Error(t, err)
	_, err = listener.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestPick(t *testing.T) {
	taken := func(p mllptest.Pick) (all []int) {
		for n := range 13 {
			if n > 0 && p.Takes(n) {
				all = append(all, n)
			}
		}
		return all
	}
	require.Len(t, taken(mllptest.Pick{}), 12)
	require.Equal(t, []int{2}, taken(mllptest.Pick{Nth: 2}))
	require.Equal(t, []int{5, 10}, taken(mllptest.Pick{Every: 5}))
	require.Empty(t, taken(mllptest.Pick{Nth: 2, Every: 5}))
	half := mllptest.Pick{Chance: 0.5, Seed: 7}
	require.Equal(t, taken(half), taken(half))
	require.NotEqual(t, taken(half), taken(mllptest.Pick{Chance: 0.5, Seed: 8}))
	require.InDelta(t, 6, len(taken(half)), 4)
}

// A Network's connections, if it is so wished, can be closed for sending, and reset.
func TestPipe(t *testing.T) {
	n := mllptest.NewNetwork()
	n.Pipe = mllptest.Pipe
	defer n.Close()
	go func() {
		s, err := n.Accept()
		if err != nil {
			return
		}
		defer s.Close()
		got, _ := io.ReadAll(s)
		s.Write(got)
	}()
	c, err := n.Dial(context.Background(), "", "")
	require.NoError(t, err)
	require.Equal(t, "pipe", c.LocalAddr().String())
	io.WriteString(c, "hello")
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	_, err = c.Write([]byte("x"))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}
