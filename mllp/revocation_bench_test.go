package mllp_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// entries is the length of the revocation list of the benchmarks: that of a
// large authority.
const entries = 10_000

// withList is an identity, and the same with a long revocation list to look
// into.
func withList(tb testing.TB) (off, on mllp.Files) {
	root := newAuthority(tb, "root", nil)
	off = root.issue().files
	off.ServerName = "localhost"
	on = off
	on.Revocation = mllp.RevocationRequired
	on.CRL = []string{root.file("root.crl", root.list(func(l *x509.RevocationList) {
		for i := range entries {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: big.NewInt(int64(1_000_000 + i)), RevocationTime: time.Now()})
		}
	}))}
	for _, path := range []string{on.CA, on.Cert, on.Key, on.CRL[0]} {
		// Files of this moment are read again, because they may change within a tick.
		require.NoError(tb, os.Chtimes(path, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)))
	}
	return off, on
}

// pair is a server and the configuration of its client.
type pair struct {
	addr   string
	client *tls.Config
}

func pairOf(b *testing.B, files mllp.Files) pair {
	server, err := files.ServerConfig()
	require.NoError(b, err)
	client, err := files.ClientConfig()
	require.NoError(b, err)
	return pair{ourServer(b, server), client}
}

// compare does one thing with each of two in turn, so that both see the same
// machine, and reports the medians of what they took, and their ratio.
func compare(b *testing.B, off, on func()) {
	var spent [2][]time.Duration
	todo := []func(){off, on}
	for k := 0; b.Loop(); k++ {
		for j := range todo {
			i := (j + k) % 2 // who comes second finds everything warm
			begin := time.Now()
			todo[i]()
			spent[i] = append(spent[i], time.Since(begin))
		}
	}
	var median [2]float64
	for i := range spent {
		slices.Sort(spent[i])
		median[i] = float64(spent[i][len(spent[i])/2])
	}
	b.ReportMetric(median[0], "ns/off")
	b.ReportMetric(median[1], "ns/on")
	b.ReportMetric(median[1]/median[0], "on/off")
}

// BenchmarkRevocation shows what a list of ten thousand entries costs, at both
// ends: in a handshake, and in an exchange on a connection that is open.
func BenchmarkRevocation(b *testing.B) {
	offFiles, onFiles := withList(b)
	off, on := pairOf(b, offFiles), pairOf(b, onFiles)
	handshake := func(p pair) func() {
		return func() {
			c, err := tls.Dial("tcp", p.addr, p.client)
			if err == nil {
				_, err = c.Write(mllp.AppendFrame(nil, message))
			}
			if err == nil {
				err = bareRead(bufio.NewReader(c))
			}
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	}
	b.Run("handshake", func(b *testing.B) { compare(b, handshake(off), handshake(on)) })

	exchange := func(p pair) func() {
		nc, err := net.Dial("tcp", p.addr)
		require.NoError(b, err)
		b.Cleanup(func() { nc.Close() })
		c := tls.Client(nc, p.client)
		r := bufio.NewReaderSize(c, 4096)
		frame := mllp.AppendFrame(nil, message)
		return func() {
			_, err := c.Write(frame)
			if err == nil {
				err = bareRead(r)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("exchange", func(b *testing.B) { compare(b, exchange(off), exchange(on)) })

	config, err := onFiles.ServerConfig()
	require.NoError(b, err)
	pair, err := tls.LoadX509KeyPair(onFiles.Cert, onFiles.Key)
	require.NoError(b, err)
	state := tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{pair.Leaf, rootOf(b, onFiles)}}}
	b.Run("question", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := config.VerifyConnection(state); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func rootOf(tb testing.TB, f mllp.Files) *x509.Certificate {
	data, err := os.ReadFile(f.CA)
	require.NoError(tb, err)
	block, _ := pem.Decode(data)
	root, err := x509.ParseCertificate(block.Bytes)
	require.NoError(tb, err)
	return root
}

// A certificate is looked up, not searched for: ten thousand entries cost what
// none cost. The bound is wide, because machines are not even.
func TestLookingUpARevocationTakesNoTime(t *testing.T) {
	_, files := withList(t)
	config := serverConfig(t, files)
	pair := load(t, files)[0]
	state := tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{pair.Leaf, rootOf(t, files)}}}
	require.NoError(t, config.VerifyConnection(state))
	begin := time.Now()
	for range 10_000 {
		require.NoError(t, config.VerifyConnection(state))
	}
	require.Less(t, time.Since(begin), 5*time.Second)
}
