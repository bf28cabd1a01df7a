package mllp

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wired returns the two ends of a TCP connection, one of them to be polled.
func wired(t *testing.T) (*pollConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { near.Close() })
	far, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { far.Close() })
	return newPollConn(near), far
}

func TestPollConnReadsWhatIsThere(t *testing.T) {
	c, far := wired(t)
	c.polling = true
	b := make([]byte, 10)
	_, err := c.Read(b)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "nothing")
	far.Write([]byte("hello"))
	n, err := c.Read(b)
	require.NoError(t, err)
	require.Equal(t, "hello", string(b[:n]))
	far.Close()
	_, err = c.Read(b)
	require.Equal(t, io.EOF, err)
	c.Close()
	_, err = c.Read(b)
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestPollConnFindsAReset(t *testing.T) {
	c, far := wired(t)
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	c.polling = true
	_, err := c.Read(make([]byte, 1))
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	require.False(t, op.Timeout())
}

func TestPollConnIsInterruptedUntilItResumes(t *testing.T) {
	c, far := wired(t)
	far.Write([]byte("hello"))
	c.readUntil(time.Now().Add(time.Hour))
	c.interrupt()
	for _, polling := range []bool{false, true} {
		c.polling = polling
		_, err := c.Read(make([]byte, 10))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	_, err := c.Write([]byte("x"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	c.resume()
	c.polling = false
	n, err := c.Read(make([]byte, 10))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
}

// A limit that an earlier exchange has set does not end a later one.
func TestPollConnMovesItsDeadline(t *testing.T) {
	c, _ := wired(t)
	c.readUntil(time.Now().Add(5 * time.Millisecond))
	limit := time.Now().Add(40 * time.Millisecond)
	c.readUntil(limit)
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.False(t, time.Now().Before(limit))
}
