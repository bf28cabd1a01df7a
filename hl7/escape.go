package hl7

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Escape writes text so that it can stand in a message with the delimiters d:
// delimiters become escape sequences (\F\ \S\ \T\ \R\ \E\, and \P\ for the
// truncation character), a line break becomes \.br\, and every other control
// character, which no MLLP frame may carry, its bytes in hexadecimal, \X09\.
//
// [Unescape] gives the text back, CR LF as LF. When d has no escape character
// nothing can be escaped and the text is returned as it is.
func Escape(text string, d Delimiters) string {
	if d.Escape == 0 || !needsEscape(text, d) {
		return text
	}
	b := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch code := d.code(c); {
		case code != 0:
			b = append(b, d.Escape, code, d.Escape)
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			// the line feed says it all
		case c == '\n':
			b = append(b, d.Escape)
			b = append(append(b, ".br"...), d.Escape)
		case c < ' ':
			const digits = "0123456789ABCDEF"
			b = append(b, d.Escape, 'X', digits[c>>4], digits[c&15], d.Escape)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func needsEscape(text string, d Delimiters) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || d.code(text[i]) != 0 {
			return true
		}
	}
	return false
}

// Unescape replaces the escape sequences of text that stand for characters:
// those of the delimiters, \.br\ for a line break, and \Xhh..\ where the bytes
// are UTF-8. Everything else that looks like a sequence (highlighting \H\ \N\,
// formatting, changes of character set, local \Z..\ ones) is no character and
// is kept as it stands.
func Unescape(text string, d Delimiters) string {
	if d.Escape == 0 || strings.IndexByte(text, d.Escape) < 0 {
		return text
	}
	return string(appendUnescaped(make([]byte, 0, len(text)), []byte(text), d, utf8.Valid))
}

// anyHex takes every \Xhh..\ as bytes of the message, for the caller to decode.
func anyHex([]byte) bool { return true }

// appendUnescaped appends raw to dst with its escape sequences replaced. A
// hexadecimal sequence is replaced if its bytes pass the test.
func appendUnescaped(dst, raw []byte, d Delimiters, test func([]byte) bool) []byte {
	for {
		i := bytes.IndexByte(raw, d.Escape)
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i:]
		n := bytes.IndexByte(raw[1:], d.Escape)
		if n < 0 { // an escape character by itself
			return append(dst, raw...)
		}
		dst = appendSequence(dst, raw[:n+2], d, test)
		raw = raw[n+2:]
	}
}

// appendSequence appends what one escape sequence, escape characters included,
// stands for.
func appendSequence(dst, sequence []byte, d Delimiters, test func([]byte) bool) []byte {
	body := sequence[1 : len(sequence)-1]
	switch {
	case len(body) == 1:
		if c := d.decode(body[0]); c != 0 {
			return append(dst, c)
		}
	case string(body) == ".br":
		return append(dst, '\n')
	case len(body) >= 3 && body[0] == 'X':
		value := make([]byte, hex.DecodedLen(len(body)-1))
		if _, err := hex.Decode(value, body[1:]); err == nil && test(value) {
			return append(dst, value...)
		}
	}
	return append(dst, sequence...)
}

// translate rewrites ER7 text from one set of delimiters to another. It fails
// when the text needs a delimiter that the other set does not have.
func translate(s string, from, to Delimiters) (string, bool) {
	if from == to {
		return s, true
	}
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		code := from.code(c)
		if code == 'E' {
			n := sequenceLength(s[i:], c)
			if n > 0 && to.Escape != 0 {
				b = append(b, to.Escape)
				b = append(b, s[i+1:i+n-1]...)
				b = append(b, to.Escape)
				i += n - 1
				continue
			}
			code = 0 // a lone escape character is a character
		}
		if code != 0 && code != 'P' {
			c = to.decode(code)
			if c == 0 {
				return "", false
			}
			b = append(b, c)
			continue
		}
		if code = to.code(c); code == 0 {
			b = append(b, c)
			continue
		}
		if to.Escape == 0 {
			return "", false
		}
		b = append(b, to.Escape, code, to.Escape)
	}
	return string(b), true
}

// sequenceLength returns the length of the escape sequence at the start of s,
// or 0 when it is none: sequences are made of letters, digits and . + -
func sequenceLength(s string, escape byte) int {
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == escape && i > 1:
			return i + 1
		case !isAlnum(c) && c != '.' && c != '+' && c != '-':
			return 0
		}
	}
	return 0
}
