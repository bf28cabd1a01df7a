package hl7

import (
	"bytes"
	"strings"
)

// A Header is what the MSH segment says: the bytes as they are on the wire,
// neither unescaped nor decoded, because an acknowledgement has to give them
// back byte for byte.
type Header struct {
	Delimiters           Delimiters
	SendingApplication   string // MSH-3
	SendingFacility      string // MSH-4
	ReceivingApplication string // MSH-5
	ReceivingFacility    string // MSH-6
	Time                 string // MSH-7
	Type                 string // MSH-9.1, "ADT"
	Trigger              string // MSH-9.2, "A01"
	Structure            string // MSH-9.3, "ADT_A01"; often not there
	ControlID            string // MSH-10
	ProcessingID         string // MSH-11
	Version              string // MSH-12.1, "2.5"
	VersionRaw           string // MSH-12, "2.5^FRA^2.11"
	AcceptAck            string // MSH-15
	ApplicationAck       string // MSH-16
	CountryCode          string // MSH-17
	Charset              string // MSH-18
}

// lastHeaderField is the last field that a Header has.
const lastHeaderField = 18

// ParseHeader reads the MSH segment of a message and nothing else: what a
// server needs in order to acknowledge, even if the rest cannot be parsed. It
// allocates once. The error is an [*Error], the one that [Parse] gives for a
// message without usable MSH.
func ParseHeader(data []byte) (Header, error) {
	at, d, err := findMSH(data)
	if err != nil {
		return Header{}, err
	}
	return readHeader(data, at, d), nil
}

// readHeader reads the MSH segment at data[at].
func readHeader(data []byte, at int, d Delimiters) Header {
	r := lineReader{data: data, sep: d.Field, cr: -1}
	raw := data[at:r.lineEnd(at)]
	var bounds headerBounds
	start := 4 // of MSH-2; MSH-1 is the separator itself
	for n := 2; n <= lastHeaderField && start <= len(raw); n++ {
		end := len(raw)
		if i := bytes.IndexByte(raw[start:], d.Field); i >= 0 {
			end = start + i
		}
		bounds[n].start, bounds[n].end = start, end
		start = end + 1
	}
	return newHeader(raw, &bounds, d)
}

// headerBounds are where the fields of an MSH segment stand in it.
type headerBounds [lastHeaderField + 1]struct{ start, end int }

func newHeader(raw []byte, bounds *headerBounds, d Delimiters) Header {
	last := 0
	for n := range bounds {
		last = max(last, bounds[n].end)
	}
	// The one allocation: all fields are parts of this string.
	line := string(raw[:last])
	field := func(n int) string { return line[bounds[n].start:bounds[n].end] }
	h := Header{
		Delimiters:         d,
		SendingApplication: field(3), SendingFacility: field(4),
		ReceivingApplication: field(5), ReceivingFacility: field(6),
		Time: field(7), ControlID: field(10), ProcessingID: field(11), VersionRaw: field(12),
		AcceptAck: field(15), ApplicationAck: field(16), CountryCode: field(17), Charset: field(18),
	}
	messageType := field(9)
	h.Type, h.Trigger, h.Structure = part(messageType, d, 1), part(messageType, d, 2), part(messageType, d, 3)
	h.Version = part(h.VersionRaw, d, 1)
	return h
}

// part returns the first sub-component of component n of the first repetition
// of a field.
func part(field string, d Delimiters, n int) string {
	field, _ = cutAt(field, d.Repetition)
	for ; n > 1; n-- {
		_, field = cutAt(field, d.Component)
	}
	field, _ = cutAt(field, d.Component)
	field, _ = cutAt(field, d.Subcomponent)
	return field
}

// cutAt cuts s at the first delimiter; there may be none.
func cutAt(s string, delim byte) (before, after string) {
	if delim != 0 {
		if i := strings.IndexByte(s, delim); i >= 0 {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
