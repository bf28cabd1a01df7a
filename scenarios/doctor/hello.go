package doctor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

// crypto/tls has no suite with a key exchange by finite field Diffie-Hellman
// (DHE), which two of the four suites of IHE's "TLS 1.2 floor using BCP195" use.
// A server that takes nothing else answers its ClientHello with an alert that
// says no more than "handshake failure". This file asks such a server by a
// ClientHello of its own, and reads the answer as far as the name of the suite.

// dheSuites are the suites asked for.
var dheSuites = []struct {
	id   uint16
	name string
}{
	{0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
	{0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
	{0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
	{0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
	{0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
	{0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
}

const (
	recordHandshake = 0x16
	typeClientHello = 1
	typeServerHello = 2
	version12       = 0x0303
)

// onlyDHE returns the suite that the server chooses when DHE suites alone are
// offered, "" if it takes none of them.
func (e *exam) onlyDHE(ctx context.Context) string {
	nc, err := e.open(ctx)
	if err != nil {
		return ""
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	if nc.SetDeadline(time.Now().Add(e.opt.Handshake)) != nil {
		return ""
	}
	if _, err := nc.Write(dheHello(e.name)); err != nil {
		return ""
	}
	return chosenSuite(nc)
}

// dheHello makes a ClientHello of TLS 1.2 with DHE suites.
func dheHello(name string) []byte {
	body := binary.BigEndian.AppendUint16(nil, version12)
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	body = append(body, random...)
	body = append(body, 0) // no session
	body = binary.BigEndian.AppendUint16(body, uint16(2*len(dheSuites)))
	for _, s := range dheSuites {
		body = binary.BigEndian.AppendUint16(body, s.id)
	}
	body = append(body, 1, 0) // no compression
	var ext []byte
	if _, err := netip.ParseAddr(name); err != nil && name != "" { // no address in SNI (RFC 6066 §3)
		n := uint16(len(name))
		sni := binary.BigEndian.AppendUint16(nil, n+3)
		sni = binary.BigEndian.AppendUint16(append(sni, 0), n)
		ext = extension(ext, 0, append(sni, name...))
	}
	ext = extension(ext, 10, words(0x0100, 0x0101, 0x0102))                                 // groups: ffdhe2048 to 4096
	ext = extension(ext, 13, words(0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201)) // signatures: RSA
	ext = extension(ext, 0xFF01, []byte{0})                                                 // renegotiation info
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(ext))), ext...)

	message := append([]byte{typeClientHello, 0}, binary.BigEndian.AppendUint16(nil, uint16(len(body)))...)
	message = append(message, body...)
	record := binary.BigEndian.AppendUint16([]byte{recordHandshake, 3, 1}, uint16(len(message)))
	return append(record, message...)
}

func extension(to []byte, id uint16, data []byte) []byte {
	to = binary.BigEndian.AppendUint16(to, id)
	return append(binary.BigEndian.AppendUint16(to, uint16(len(data))), data...)
}

// words is a list of 16-bit numbers behind its length in bytes.
func words(list ...uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(2*len(list)))
	for _, w := range list {
		b = binary.BigEndian.AppendUint16(b, w)
	}
	return b
}

// chosenSuite reads a ServerHello as far as its suite: record header 5, message
// header 4, version 2, random 32, session 1 and its length, suite 2.
func chosenSuite(r io.Reader) string {
	head := make([]byte, 5+4+2+32+1)
	if _, err := io.ReadFull(r, head); err != nil || head[0] != recordHandshake || head[5] != typeServerHello {
		return ""
	}
	rest := make([]byte, int(head[len(head)-1])+2)
	if _, err := io.ReadFull(r, rest); err != nil {
		return ""
	}
	id := binary.BigEndian.Uint16(rest[len(rest)-2:])
	for _, s := range dheSuites {
		if s.id == id {
			return s.name
		}
	}
	return ""
}
