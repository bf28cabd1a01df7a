package mllp_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// The benchmarks come in pairs: ours, and a bare one that does the least that
// has to be done (find the end block, write a constant). Only the ratio of the
// two, in one run, says something.

// message is as long as a French ADT message on average.
var message = []byte(mllptest.First + string(bytes.Repeat([]byte("ZBE|1^GAM|20260105101500||INSERT|N||^^^^^^UF^^^6268|\r"), 23)))

var answer = []byte("MSH|^~\\&|DMN|CHU-X|GAM|CHU-X|20260105101501||ACK^A01^ACK|R1|P|2.5\rMSA|AA|S00042\r")

func BenchmarkReader(b *testing.B) {
	stream := string(mllp.AppendFrame(nil, message))
	b.Run("ours", func(b *testing.B) {
		r := mllp.NewReader(newEndless(stream), 0)
		b.SetBytes(int64(len(stream)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.ReadFrame(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		r := bufio.NewReaderSize(newEndless(stream), 4096)
		b.SetBytes(int64(len(stream)))
		b.ReportAllocs()
		for b.Loop() {
			if err := bareRead(r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// bareRead passes over one frame.
func bareRead(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice(mllp.EndBlock)
		if err == nil {
			break
		}
		if err != bufio.ErrBufferFull {
			return err
		}
	}
	_, err := r.ReadByte()
	return err
}

// bareServe answers every frame with the same bytes.
func bareServe(nc net.Conn) {
	defer nc.Close()
	out := mllp.AppendFrame(nil, answer)
	r := bufio.NewReaderSize(nc, 4096)
	for bareRead(r) == nil {
		if _, err := nc.Write(out); err != nil {
			return
		}
	}
}

// bareServer accepts for bareServe.
func bareServer(b *testing.B, config *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { l.Close() })
	addr := l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go bareServe(nc)
		}
	}()
	return addr
}

// ourServer answers every message with the same.
func ourServer(b *testing.B, config *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	s := &mllp.Server{TLSConfig: config, Logger: slog.New(slog.DiscardHandler), Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
		w.WriteMessage(answer)
	})}
	go s.Serve(l)
	b.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// bareExchanges sends frames and waits for the answers, on as many connections
// as there are processors.
func bareExchanges(b *testing.B, addr string, config *tls.Config) {
	frame := mllp.AppendFrame(nil, message)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer nc.Close()
		if config != nil {
			nc = tls.Client(nc, config)
		}
		r := bufio.NewReaderSize(nc, 4096)
		for pb.Next() {
			if _, err := nc.Write(frame); err != nil {
				b.Error(err)
				return
			}
			if err := bareRead(r); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// tlsConfigs are those of the two ends of a mutual TLS connection.
func tlsConfigs(b *testing.B) (server, client *tls.Config) {
	dir, err := keys()
	require.NoError(b, err)
	server, err = mllp.Files{CA: dir + "/ca.pem", Cert: dir + "/dmn.pem", Key: dir + "/dmn-key.pem"}.ServerConfig()
	require.NoError(b, err)
	client, err = mllp.Files{CA: dir + "/ca.pem", Cert: dir + "/gam.pem", Key: dir + "/gam-key.pem", ServerName: "localhost"}.ClientConfig()
	require.NoError(b, err)
	return server, client
}

func BenchmarkServer(b *testing.B) {
	b.Run("plain/ours", func(b *testing.B) { bareExchanges(b, ourServer(b, nil), nil) })
	b.Run("plain/bare", func(b *testing.B) { bareExchanges(b, bareServer(b, nil), nil) })
	server, client := tlsConfigs(b)
	b.Run("tls/ours", func(b *testing.B) { bareExchanges(b, ourServer(b, server), client) })
	b.Run("tls/bare", func(b *testing.B) { bareExchanges(b, bareServer(b, server), client) })
}

func BenchmarkClient(b *testing.B) {
	server, config := tlsConfigs(b)
	for _, secure := range []bool{false, true} {
		name, srv, cli := "plain", (*tls.Config)(nil), (*tls.Config)(nil)
		if secure {
			name, srv, cli = "tls", server, config
		}
		addr := bareServer(b, srv)
		b.Run(name+"/ours", func(b *testing.B) {
			c := &mllp.Client{Addr: addr, TLSConfig: cli, Settle: -1}
			defer c.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Do(b.Context(), message); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/bare", func(b *testing.B) {
			nc, err := net.Dial("tcp", addr)
			require.NoError(b, err)
			defer nc.Close()
			if secure {
				nc = tls.Client(nc, cli)
			}
			frame := mllp.AppendFrame(nil, message)
			r := bufio.NewReaderSize(nc, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := nc.Write(frame); err != nil {
					b.Fatal(err)
				}
				if err := bareRead(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A message in, an answer out: the server allocates nothing for it.
func TestServerDoesNotAllocatePerExchange(t *testing.T) {
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) { w.WriteMessage(answer) })}
	conn := dial(t, serve(t, s))
	frame := mllp.AppendFrame(nil, message)
	in := make([]byte, len(answer)+3)
	exchange := func() {
		if _, err := conn.Write(frame); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(conn, in); err != nil {
			t.Error(err)
		}
	}
	exchange()
	require.Zero(t, testing.AllocsPerRun(500, exchange))
}
