package mllp_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// Every alert that there is, as a peer would send it: a record on a real
// connection, in answer to the ClientHello.
func TestEveryAlertOfAPeer(t *testing.T) {
	numbers := make(chan byte, 1)
	addr := peer(t, func(n int, c *net.TCPConn) {
		readRecord(c)
		c.Write([]byte{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, <-numbers})
		io.Copy(io.Discard, c)
	})
	config := clientConfig(t, identity(t, "gam"))
	for n := range 256 {
		numbers <- byte(n)
		c := client(t, &mllp.Client{Addr: addr, TLSConfig: config})
		_, err := c.Connect(t.Context())
		e := failure(t, err, mllp.HandshakeRefused)
		if n == 0 { // the end of the connection, not a fault
			require.Empty(t, e.Alert)
			require.ErrorIs(t, err, io.EOF)
			continue
		}
		want, known := alertNames[uint8(n)]
		if !known {
			want = fmt.Sprintf("alert_%d", n)
		}
		require.Equal(t, want, e.Alert)
		require.True(t, e.Remote)
		require.Contains(t, e.In("fr"), want)
		require.Equal(t, known, e.Hint("fr") != "")
	}
}

// readRecord reads one TLS record.
func readRecord(r io.Reader) (kind byte, body []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	body = make([]byte, binary.BigEndian.Uint16(head[3:]))
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}

// The alerts that crypto/tls sends as a client, read off the wire.
func TestAlertsThatGoSendsAsAClient(t *testing.T) {
	cases := []struct {
		name   string
		answer string
		alert  string
	}{
		{"extension that was not offered", serverHello(0x0303, 0xc02b, 0, extension(16, "\x00\x02\x01x")), "unsupported_extension"},
		{"compression", serverHello(0x0303, 0xc02b, 1, ""), "illegal_parameter"},
		{"suite that was not offered", serverHello(0x0303, 0x002f, 0, ""), "handshake_failure"},
		{"TLS 1.0", serverHello(0x0301, 0xc02b, 0, ""), "protocol_version"},
		{"half a message", handshake(2, "\x03\x03"), "decode_error"},
		{"another message", handshake(14, ""), "unexpected_message"},
		{"a record that is too long", "\x16\x03\x03\xff\xff", "record_overflow"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sent := make(chan []byte, 1)
			addr := peer(t, func(n int, nc *net.TCPConn) {
				readRecord(nc)
				nc.Write([]byte(c.answer))
				_, body, _ := readRecord(nc)
				sent <- body
				io.Copy(io.Discard, nc)
			})
			client := client(t, &mllp.Client{Addr: addr, TLSConfig: clientConfig(t, identity(t, "gam"))})
			_, err := client.Connect(t.Context())
			failure(t, err, mllp.HandshakeRefused)
			body := <-sent
			require.Len(t, body, 2)
			require.Equal(t, c.alert, alertNames[body[1]])
		})
	}
}

// A server learns from its client that this one insists on ECH.
func TestAlertOfAClientThatRequiresECH(t *testing.T) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	content := "\x01\x00\x20" + with16(string(key.PublicKey().Bytes())) + with16("\x00\x01\x00\x01") + "\x20" + "\x08dmn.test" + with16("")
	server := serverConfig(t, identity(t, "dmn"))
	server.ClientAuth = tls.NoClientCert
	client := &tls.Config{ServerName: "secret.test", RootCAs: server.ClientCAs, MinVersion: tls.VersionTLS13,
		EncryptedClientHelloConfigList: []byte(with16("\xfe\x0d" + with16(content)))}
	there, here := refusal(t, server, client, nil, "")
	require.ErrorAs(t, there, new(*tls.ECHRejectionError), "%v", there)
	name, remote, ok := mllp.Alert(here)
	require.True(t, ok, "%v", here)
	require.True(t, remote)
	require.Equal(t, "ech_required", name)
}

// with16 and with8 put the length before a string.
func with16(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }
func with8(s string) string  { return string(rune(len(s))) + s }

func extension(id uint16, content string) string {
	return string(binary.BigEndian.AppendUint16(nil, id)) + with16(content)
}

// handshake makes a handshake message, in a record of its own.
func handshake(kind byte, body string) string {
	return "\x16\x03\x03" + with16(string(rune(kind))+"\x00"+with16(body))
}

// badPoints, among the suites of hello, stands for an extension that offers no
// usable form of points.
const badPoints = 0xffff

// hello is a ClientHello of TLS 1.2.
func hello(compression []byte, suites ...uint16) string {
	var list []byte
	points := "\x00"
	for _, s := range suites {
		if s == badPoints {
			points = "\x01"
			continue
		}
		list = binary.BigEndian.AppendUint16(list, s)
	}
	return handshake(1, "\x03\x03"+string(make([]byte, 32))+with8("")+with16(string(list))+with8(string(compression))+
		with16(extension(10, with16("\x00\x1d\x00\x17"))+extension(11, with8(points))+extension(13, with16("\x04\x03\x08\x04"))))
}

func serverHello(version, suite uint16, compression byte, extensions string) string {
	b := binary.BigEndian.AppendUint16(nil, version)
	b = append(b, make([]byte, 33)...) // random, and an empty session
	b = binary.BigEndian.AppendUint16(b, suite)
	return handshake(2, string(append(b, compression))+with16(extensions))
}

// strangeKey is an identity with a key that cannot sign, and what trusts it.
func strangeKey(t *testing.T) (s struct {
	roots *x509.CertPool
	pair  tls.Certificate
}) {
	t.Helper()
	root := newAuthority(t, "root", nil)
	key, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, root.cert, key, root.key)
	require.NoError(t, err)

	// The key becomes one for key exchange, and the certificate is signed again.
	var cert struct{ TBS, Algorithm, Signature asn1.RawValue }
	_, err = asn1.Unmarshal(der, &cert)
	require.NoError(t, err)
	cert.TBS.FullBytes = bytes.Replace(cert.TBS.FullBytes, []byte("\x06\x03\x2b\x65\x70"), []byte("\x06\x03\x2b\x65\x6e"), 1)
	digest := sha256.Sum256(cert.TBS.FullBytes)
	signature, err := ecdsa.SignASN1(rand.Reader, root.key, digest[:])
	require.NoError(t, err)
	cert.Signature = asn1.RawValue{Tag: asn1.TagBitString, Bytes: append([]byte{0}, signature...)}
	der, err = asn1.Marshal(cert)
	require.NoError(t, err)

	s.roots = x509.NewCertPool()
	s.roots.AddCert(root.cert)
	s.pair = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: root.key}
	return s
}
