package reference

import (
	"bytes"
	"context"
	"net"
	"unicode/utf16"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/mllp"
)

const (
	swallowed = 128 << 20 // the limit of the bug that has none, for our own sake
	starving  = 100       // connections
)

// service takes the messages of a DMN off its connections: an mllp.Server, or
// what does it badly.
type service interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
	Close() error
}

// service puts those bugs into a server that it can have, or another server in
// its place.
func (d *DMN) service(s *mllp.Server, serve func(context.Context, mllp.ResponseWriter, *mllp.Request)) service {
	if d.faults.on(swallowsEverything) {
		s.MaxMessage = swallowed
	}
	if d.faults.on(starves) {
		s.MaxConns = starving
	}
	if d.faults.on(badReading...) {
		return newWireServer(d, s, serve)
	}
	return s
}

// receive changes what was received before it is read.
func (f faults) receive(payload []byte) []byte {
	if f.on(readsUTF16) {
		payload = narrow(payload)
	}
	if f.on(ignoresCharset) {
		payload = relabel(payload)
	}
	return payload
}

// narrow turns UTF-16 into the set that the message announces, or into UTF-8
// where that cannot hold it. What is no UTF-16 stays as it is.
func narrow(payload []byte) []byte {
	high := 1 // which byte of two is the high one: 1 is little-endian
	rest, marked := payload, true
	switch {
	case bytes.HasPrefix(payload, []byte("\xff\xfe")):
		rest = payload[2:]
	case bytes.HasPrefix(payload, []byte("\xfe\xff")):
		rest, high = payload[2:], 0
	default:
		marked = false
	}
	if !marked && bytes.HasPrefix(payload, []byte("\x00M\x00S\x00H")) {
		high = 0
	} else if !marked && !bytes.HasPrefix(payload, []byte("M\x00S\x00H\x00")) {
		return payload
	}
	units := make([]uint16, 0, len(rest)/2)
	for ; len(rest) >= 2; rest = rest[2:] {
		units = append(units, uint16(rest[high])<<8|uint16(rest[1-high]))
	}
	text := string(utf16.Decode(units))
	if h, err := hl7.ParseHeader([]byte(text)); err == nil {
		if set, err := hl7.ParseCharset(h.Charset); err == nil {
			if encoded, err := set.Encode(text); err == nil {
				return encoded
			}
		}
	}
	return []byte(text)
}

// relabel lets a message announce Latin-1 whose bytes are none of the set that it
// announces.
func relabel(payload []byte) []byte {
	m, err := hl7.Parse(payload)
	if err != nil {
		return payload
	}
	set, err := m.Charset()
	if err != nil {
		return payload
	}
	if _, err := set.Decode(payload); err == nil {
		return payload
	}
	return overwrite(payload, "MSH-18", []byte(hl7.Latin1))
}
