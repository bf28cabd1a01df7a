package doctor_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
	"github.com/pamlab/pamlab/scenarios/doctor"
	"github.com/pamlab/pamlab/scenarios/reference"
)

// A house is a PKI made once for all tests.
type house struct{ dir string }

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{filepath.Join(t.TempDir(), "pki")}
	_, err := pki.Init(h.dir, pki.Options{})
	require.NoError(t, err)
	return h
}

// files are those of an identity.
func (h house) files(identity string) *mllp.Files {
	return &mllp.Files{
		CA:   filepath.Join(h.dir, "ca.pem"),
		Cert: filepath.Join(h.dir, identity+".pem"), Key: filepath.Join(h.dir, identity+"-key.pem"),
	}
}

// reference starts a reference DMN; without a house in plain.
func startDMN(t *testing.T, h *house, bugs ...string) string {
	t.Helper()
	opt := reference.ServerOptions{Options: reference.Options{Logger: slog.New(slog.DiscardHandler), Bugs: bugs}}
	if h != nil {
		opt.TLS = h.files("dmn")
	}
	dmn, err := reference.Start(context.Background(), opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = dmn.Stop(ctx)
	})
	return dmn.Addr()
}

// listen serves connections, each in a goroutine that the test waits for.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	var open []net.Conn
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, nc)
			mu.Unlock()
			all.Go(func() { defer nc.Close(); serve(nc) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, nc := range open {
			nc.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return l.Addr().String()
}

// tlsServer answers over TLS what answer makes of a message.
func tlsServer(t *testing.T, config *tls.Config, answer func([]byte) []byte) string {
	t.Helper()
	return listen(t, func(nc net.Conn) { answerAll(tls.Server(nc, config), answer) })
}

// answerAll answers messages until the peer goes away, or answer returns nil.
func answerAll(nc net.Conn, answer func([]byte) []byte) {
	defer nc.Close()
	rd := mllp.NewReader(nc, 1<<20)
	for {
		f, err := rd.ReadFrame()
		if err != nil {
			return
		}
		reply := answer(f.Payload)
		if reply == nil {
			return
		}
		if _, err := nc.Write(mllp.AppendFrame(nil, reply)); err != nil {
			return
		}
	}
}

// acknowledge refuses a message as it should be.
func acknowledge(message []byte) []byte { return acknowledgeAt(time.Now())(message) }

func acknowledgeAt(at time.Time) func([]byte) []byte {
	return func(message []byte) []byte {
		h, err := hl7.ParseHeader(message)
		if err != nil {
			return nil
		}
		return hl7.Ack{Code: hl7.AR, ControlID: "A1", Time: at}.Append(nil, h)
	}
}

// sink reads and says nothing.
func sink(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }

// An authority of a test, and what it signs.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string, parent *authority) *authority {
	t.Helper()
	c := template(name)
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	pair := sign(t, c, parent)
	return &authority{pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)}
}

var serial = big.NewInt(1000)

func template(name string) *x509.Certificate {
	serial = new(big.Int).Add(serial, big.NewInt(1))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
}

// server makes a certificate of a server for 127.0.0.1, bent.
func (a *authority) server(t *testing.T, bend func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	c := template("peer")
	c.KeyUsage = x509.KeyUsageDigitalSignature
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	if bend != nil {
		bend(c)
	}
	return sign(t, c, a)
}

func sign(t *testing.T, c *x509.Certificate, by *authority) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// examine looks at an address with limits that suit a test.
func examine(t *testing.T, opt doctor.Options) *doctor.Report {
	t.Helper()
	if opt.Answer == 0 {
		opt.Answer = 2 * time.Second
	}
	opt.Idle = 10 * time.Millisecond
	opt.Settle = cmp.Or(opt.Settle, 10*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := doctor.Run(ctx, opt)
	validate(t, r)
	require.Len(t, r.Checks, len(doctor.IDs()), "every check is told, made or not")
	for i, id := range doctor.IDs() {
		c := r.Checks[i]
		require.Equal(t, id, c.ID)
		require.NotEmpty(t, c.Found.FR, id)
		require.NotEmpty(t, c.Found.EN, id)
		for _, f := range c.Findings {
			for _, text := range []string{f.Text.FR, f.Text.EN} {
				require.NotEmpty(t, text, f.Code)
				require.NotContains(t, text, "%!", f.Code)
			}
			require.NotNil(t, f.Remedy, f.Code)
			require.NotContains(t, f.Remedy.FR+f.Remedy.EN, "%!", f.Code)
		}
	}
	return r
}

func printed(r *doctor.Report, lang string) string {
	var out bytes.Buffer
	doctor.Printer{Out: &out, Lang: lang}.Print(r)
	return out.String()
}
