package capture

import "bytes"

// magics are the first bytes of files in which nothing can be found by looking
// on: what they hold is packed, or cut into packets.
var magics = []struct {
	bytes string
	kind  Kind
}{
	{"\x1f\x8b", KindCompressed},           // gzip
	{"PK\x03\x04", KindCompressed},         // zip
	{"BZh", KindCompressed},                // bzip2
	{"\xfd7zXZ\x00", KindCompressed},       // xz
	{"\x28\xb5\x2f\xfd", KindCompressed},   // zstd
	{"7z\xbc\xaf\x27\x1c", KindCompressed}, // 7-Zip
	{"\xa1\xb2\xc3\xd4", KindPackets},      // pcap, big endian
	{"\xd4\xc3\xb2\xa1", KindPackets},      // pcap, little endian
	{"\xa1\xb2\x3c\x4d", KindPackets},      // pcap with nanoseconds
	{"\x4d\x3c\xb2\xa1", KindPackets},      // the same, little endian
}

// maxMagic is how many bytes tell all of them.
const maxMagic = 12

// foreign says whether a stream begins as one that holds no messages in the
// open; "" when it may.
func foreign(begin []byte) Kind {
	for _, m := range magics {
		if bytes.HasPrefix(begin, []byte(m.bytes)) {
			return m.kind
		}
	}
	if len(begin) >= 12 && string(begin[:4]) == "\n\r\r\n" && (string(begin[8:12]) == "\x1a\x2b\x3c\x4d" || string(begin[8:12]) == "\x4d\x3c\x2b\x1a") {
		return KindPackets // pcapng: its first bytes alone are blank lines
	}
	return ""
}

// recognise says of what kind garbage is.
func recognise(sample []byte) Kind {
	for _, wide := range []string{"\xff\xfe", "\xfe\xff", "M\x00S\x00", "\x00M\x00S"} {
		if bytes.HasPrefix(sample, []byte(wide)) {
			return KindUTF16
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(sample, []byte{startBlock}), " \t\r\n")
	if len(text) == 0 {
		return KindGarbage
	}
	switch c := text[0]; {
	case c != '<' && c != '{' && c != '[':
		return KindGarbage
	case bytes.Contains(text, []byte("http://hl7.org/fhir")), bytes.Contains(text, []byte(`"resourceType"`)):
		return KindFHIR
	case c == '<' && len(text) > 1 && startsTag(text[1]):
		return KindXML
	case c != '<' && startsJSON(text):
		return KindJSON
	}
	return KindGarbage
}

// startsTag says whether c may follow the < of markup.
func startsTag(c byte) bool {
	return c == '?' || c == '!' || c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// startsJSON says whether a bracket begins a list rather than a date or a level
// in a log.
func startsJSON(text []byte) bool {
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == '"' || rest[0] == '[')
}
