package mllp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// A peer that is no MLLP receiver must be recognised from the error alone.
func TestClientTellsWhatCameInstead(t *testing.T) {
	const http = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
	cases := []struct {
		name   string
		answer string
		hangUp bool
		kind   mllp.ErrorKind
		en, fr string // in the sentence
		hint   string // in the English one
	}{
		{"an HTTP server", http, true, mllp.PeerClosed,
			"47 bytes came outside any block (48 54 54 50 2f 31 2e 31 …)", "47 octets sont venus hors de tout bloc (48 54 54 50 2f 31 2e 31 …)", "an HTTP server"},
		{"an HTTP server that waits", http, false, mllp.NoAnswer,
			"within 50ms; 47 bytes came outside any block (48 54 54 50", "en 50ms ; 47 octets sont venus hors de tout bloc (48 54 54 50", "an HTTP server"},
		{"a TLS alert, and the end", "\x15\x03\x01\x00\x02\x02\x46", true, mllp.BrokenFrame,
			"the peer answered with a TLS alert: it speaks TLS on this port", "le correspondant a répondu par une alerte TLS : il parle TLS sur ce port", "--tls-cert"},
		{"a TLS alert", "\x15\x03\x03\x00\x02\x02\x0a", false, mllp.BrokenFrame,
			"the peer answered with a TLS alert: it speaks TLS on this port", "le correspondant a répondu par une alerte TLS : il parle TLS sur ce port", "--tls-cert"},
		{"a TLS handshake", "\x16\x03\x03\x00\x02", false, mllp.BrokenFrame,
			"the peer speaks TLS on a plain connection", "le correspondant parle TLS sur une connexion en clair", "--tls-cert"},
		{"no start of block", "MSH|^~\\&|ack\r\x1c\r", false, mllp.NoAnswer,
			"15 bytes came outside any block (4d 53 48", "15 octets sont venus hors de tout bloc (4d 53 48", "begins with 0x0B"},
		{"an empty block", "\x0b\x1c\r", false, mllp.NoAnswer,
			"an empty block came", "un bloc vide est venu", "without a message"},
		{"a release 2 commit", "\x0b\x06\x1c\r", false, mllp.NoAnswer,
			"an MLLP release 2 commit instead of an HL7 acknowledgement", "MLLP version 2 au lieu d'un accusé de réception HL7", "turn MLLP release 2"},
		{"a release 2 commit, and the end", "\x0b\x15\x1c\r", true, mllp.PeerClosed,
			"an MLLP release 2 commit instead of an HL7 acknowledgement", "MLLP version 2 au lieu d'un accusé de réception HL7", "turn MLLP release 2"},
		{"an SSH server", "SSH-2.0-x\r\n", true, mllp.PeerClosed,
			"11 bytes came outside any block (53 53 48 2d", "11 octets sont venus hors de tout bloc (53 53 48 2d", "an SSH server"},
		{"anything", "hello", false, mllp.NoAnswer,
			"5 bytes came outside any block (68 65 6c 6c 6f)", "5 octets sont venus hors de tout bloc (68 65 6c 6c 6f)", "speaks MLLP"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			addr := peer(t, func(n int, nc *net.TCPConn) {
				mllp.NewReader(nc, 0).ReadFrame()
				nc.Write([]byte(c.answer))
				if !c.hangUp {
					io.Copy(io.Discard, nc)
				}
			})
			timeout := 10 * time.Second
			if !c.hangUp {
				timeout = 50 * time.Millisecond
			}
			cl := client(t, &mllp.Client{Addr: addr, AnswerTimeout: timeout})
			_, err := cl.Do(t.Context(), []byte("hello"))
			e := failure(t, err, c.kind)
			require.NotEmpty(t, e.Oddities)
			require.Contains(t, e.In("en"), c.en)
			require.Contains(t, e.In("fr"), c.fr)
			require.Contains(t, e.In("en"), addr)
			require.Contains(t, e.Hint("en"), c.hint)
			require.NotEmpty(t, e.Hint("fr"))
			require.NotEqual(t, e.Hint("en"), e.Hint("fr"))
		})
	}
}

// A peer that closes with the message unread resets the connection; what it
// wrote before must be told all the same.
func TestClientTellsWhatCameBeforeAReset(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		io.ReadFull(c, make([]byte, 1))
		c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	})
	c := client(t, &mllp.Client{Addr: addr})
	_, err := c.Do(t.Context(), []byte(strings.Repeat("x", 100_000)))
	e := failure(t, err, mllp.PeerClosed)
	require.Contains(t, e.Error(), "28 bytes came outside any block (48 54 54 50")
	require.Contains(t, e.Hint("fr"), "serveur HTTP")
}

// A server of crypto/tls closes without an alert when it is spoken to plainly.
func TestClientGuessesAtTLSWhenThePeerClosesWithoutAWord(t *testing.T) {
	s := &mllp.Server{TLSConfig: serverConfig(t, identity(t, "dmn"))}
	c := client(t, &mllp.Client{Addr: serve(t, s)})
	_, err := c.Do(t.Context(), []byte("hello"))
	require.Contains(t, failure(t, err, mllp.PeerClosed).Hint("en"), "TLS")

	t.Run("but not over TLS", func(t *testing.T) {
		addr := peer(t, func(n int, c *net.TCPConn) {
			mllp.NewReader(tls.Server(c, serverConfig(t, identity(t, "dmn"))), 0).ReadFrame()
		})
		c := client(t, &mllp.Client{Addr: addr, TLSConfig: clientConfig(t, identity(t, "gam"))})
		_, err := c.Do(t.Context(), []byte("hello"))
		require.NotContains(t, failure(t, err, mllp.PeerClosed).Hint("en"), "TLS")
	})
}

func TestServerTellsWhatCameInstead(t *testing.T) {
	s := &mllp.Server{}
	seen := watch(s)
	c := dial(t, serve(t, s))
	_, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	require.NoError(t, err)
	c.Close()
	select {
	case ev := <-seen.closed:
		e := failure(t, ev.Err, mllp.PeerClosed)
		require.Contains(t, e.Error(), "18 bytes came outside any block (47 45 54 20")
		require.Contains(t, e.Hint("en"), "an HTTP client")
	case <-t.Context().Done():
	case <-time.After(20 * time.Second):
		require.Fail(t, "the connection was not closed")
	}
}

// The deadline of the caller hides nothing of what came.
func TestClientTellsWhatCameBeforeItWasInterrupted(t *testing.T) {
	addr := peer(t, func(n int, c *net.TCPConn) {
		mllp.NewReader(c, 0).ReadFrame()
		c.Write([]byte("\x0b\x06\x1c\r"))
		io.Copy(io.Discard, c)
	})
	c := client(t, &mllp.Client{Addr: addr})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := c.Do(ctx, []byte("hello"))
	require.Contains(t, failure(t, err, mllp.Interrupted).Error(), "release 2 commit")
}
