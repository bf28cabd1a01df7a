package scenarios_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// These benchmarks hold our server and our client against bare ones, in one run
// on one machine: only the ratio means anything. The bare server finds the end
// of a block and copies MSH-10 into a constant answer, the least that a server
// must do; ours parses MSH and writes a real acknowledgement.

// connections are how many are open at once, each with one message outstanding.
var connections = []int{1, 32, 256, 1000}

func BenchmarkServer(b *testing.B) {
	message := mllp.AppendFrame(nil, benchMessage(b))
	client, server := benchTLS(b)
	for _, transport := range []struct {
		name           string
		client, server *tls.Config
	}{{"plain", nil, nil}, {"mutual-tls", client, server}} {
		for _, n := range connections {
			for _, kind := range []string{"bare", "pamlab"} {
				b.Run(fmt.Sprintf("%s/%d/%s", transport.name, n, kind), func(b *testing.B) {
					var addr string
					if kind == "bare" {
						addr = bareServer(b, transport.server)
					} else {
						addr = ackServer(b, transport.server)
					}
					exchange(b, addr, transport.client, n, message)
				})
			}
		}
	}
}

func BenchmarkClient(b *testing.B) {
	message := benchMessage(b)
	b.Run("bare", func(b *testing.B) {
		exchange(b, bareServer(b, nil), nil, 1, mllp.AppendFrame(nil, message))
	})
	b.Run("pamlab", func(b *testing.B) {
		client := &mllp.Client{Addr: bareServer(b, nil)}
		defer client.Close()
		id := messageID(b, message)
		for range 2 { // the first reuse of a connection waits for peers that close it
			_, err := client.Do(b.Context(), message)
			require.NoError(b, err)
		}
		b.ReportAllocs()
		for b.Loop() {
			response, err := client.Do(b.Context(), message)
			require.NoError(b, err)
			receipt, err := hl7.ReadAck(response.Payload)
			if err != nil || receipt.Code != hl7.AA || receipt.MessageID != id {
				b.Fatalf("%v %+v", err, receipt)
			}
		}
		perSecond(b)
	})
}

func benchMessage(b *testing.B) []byte {
	gen := pam.NewGenerator(1, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	patient, err := gen.Patient(pam.PatientSpec{})
	require.NoError(b, err)
	stay, err := gen.Stay(pam.StaySpec{})
	require.NoError(b, err)
	m, err := pam.NewJourney(gen, pam.Dialects()[0], hl7.UTF8, pam.Partners{}, patient, stay).Message("a", "A01", pam.Change{})
	require.NoError(b, err)
	return m.Bytes()
}

func messageID(b *testing.B, message []byte) string {
	h, err := hl7.ParseHeader(message)
	require.NoError(b, err)
	return h.ControlID
}

func benchTLS(b *testing.B) (client, server *tls.Config) {
	dir := b.TempDir()
	_, err := pki.Init(dir, pki.Options{})
	require.NoError(b, err)
	at := func(name string) string { return filepath.Join(dir, name) }
	client, err = mllp.Files{CA: at("ca.pem"), Cert: at("gam.pem"), Key: at("gam-key.pem"), ServerName: "dmn.test"}.ClientConfig()
	require.NoError(b, err)
	server, err = mllp.Files{CA: at("ca.pem"), Cert: at("dmn.pem"), Key: at("dmn-key.pem")}.ServerConfig()
	require.NoError(b, err)
	return client, server
}

// ackServer is ours, with an acknowledgement as a receiver owes it.
func ackServer(b *testing.B, config *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	var counter atomic.Uint64
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	server := &mllp.Server{
		TLSConfig: config,
		Logger:    slog.New(slog.DiscardHandler),
		Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			h, err := hl7.ParseHeader(r.Payload)
			if err != nil {
				w.CloseAfter()
				return
			}
			buf := buffers.Get().(*[]byte)
			ack := hl7.Ack{Code: hl7.AA, ControlID: fmt.Sprintf("A%d", counter.Add(1)), Time: r.Received}
			*buf = ack.Append((*buf)[:0], h)
			_ = w.WriteMessage(*buf)
			buffers.Put(buf)
		}),
	}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) })
	b.Cleanup(func() { _ = server.Close(); served.Wait() })
	return l.Addr().String()
}

func bareServer(b *testing.B, config *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { answerBare(c) })
		}
	})
	b.Cleanup(func() { _ = l.Close(); served.Wait() })
	return l.Addr().String()
}

const bareAnswer = "\x0bMSH|^~\\&|BARE|HERE|GAM|CHU-X|20260302090000||ACK|1|P|2.5\rMSA|AA|"

func answerBare(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 4096)
	var frame, out []byte
	for {
		frame = frame[:0]
		for {
			part, err := r.ReadSlice(mllp.EndBlock)
			frame = append(frame, part...)
			if err == nil {
				break
			}
			if err != bufio.ErrBufferFull {
				return
			}
		}
		if _, err := r.ReadByte(); err != nil {
			return
		}
		fields := bytes.SplitN(frame, []byte("|"), 11)
		if len(fields) < 11 {
			return
		}
		out = append(out[:0], bareAnswer...)
		out = append(append(out, fields[9]...), "\r\x1c\r"...)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// exchange spreads b.N messages over n connections.
func exchange(b *testing.B, addr string, config *tls.Config, n int, message []byte) {
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		require.NoError(b, err)
		if config != nil {
			t := tls.Client(c, config)
			require.NoError(b, t.Handshake())
			c = t
		}
		conns[i] = c
		defer c.Close()
	}
	var left atomic.Int64
	var failed atomic.Value
	var group sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	left.Store(int64(b.N))
	for _, c := range conns {
		group.Go(func() {
			r := bufio.NewReaderSize(c, 4096)
			for left.Add(-1) >= 0 {
				if err := once(c, r, message); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
	perSecond(b)
}

// once sends a message and reads the answer, which must say AA.
func once(c net.Conn, r *bufio.Reader, message []byte) error {
	if _, err := c.Write(message); err != nil {
		return err
	}
	answer, err := r.ReadSlice(mllp.EndBlock)
	if err != nil {
		return err
	}
	if !bytes.Contains(answer, []byte("\rMSA|AA|")) {
		return fmt.Errorf("answered %q", answer)
	}
	_, err = r.ReadByte()
	return err
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
