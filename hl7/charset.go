package hl7

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A Charset is a character set of HL7 table 0211, written as MSH-18 writes it.
// The zero Charset is ASCII, which is what an empty MSH-18 means.
type Charset string

// The character sets that are read and written: those that IHE PAM and its
// French extension know. Sets that would need bytes below 0x20 inside a
// message (UTF-16, UTF-32) cannot travel over MLLP at all.
const (
	ASCII  Charset = ""
	Latin1 Charset = "8859/1"
	Latin9 Charset = "8859/15"
	UTF8   Charset = "UNICODE UTF-8"
)

var (
	sayUnknownCharset = phrase{
		en: "the character set %s is not known", fr: "le jeu de caractères %s n'est pas connu",
		hintEN: "MSH-18 can be empty (ASCII), 8859/1, 8859/15 or UNICODE UTF-8", hintFR: "MSH-18 peut être vide (ASCII) ou valoir 8859/1, 8859/15 ou UNICODE UTF-8"}
	sayNotASCII = phrase{
		en: "the byte 0x%02X is no ASCII, and MSH-18 announces no other character set", fr: "l'octet 0x%02X n'est pas de l'ASCII, et MSH-18 n'annonce aucun autre jeu de caractères",
		hintEN: "the sender has to fill MSH-18, for example with UNICODE UTF-8 or 8859/15", hintFR: "l'émetteur doit remplir MSH-18, par exemple avec UNICODE UTF-8 ou 8859/15"}
	sayNotUTF8 = phrase{
		en: "the byte 0x%02X is not valid UTF-8, which MSH-18 announces", fr: "l'octet 0x%02X n'est pas de l'UTF-8 valide, qu'annonce MSH-18",
		hintEN: "most often the text is in 8859/1 or 8859/15: then MSH-18 has to say so", hintFR: "le plus souvent le texte est en 8859/1 ou 8859/15 : MSH-18 doit alors le dire"}
	sayNotLatin = phrase{
		en: "the byte 0x%02X is no character of %s", fr: "l'octet 0x%02X n'est pas un caractère de %s",
		hintEN: "most often the text is UTF-8 or Windows-1252: then MSH-18 has to announce UNICODE UTF-8, or the text has to be converted", hintFR: "le plus souvent le texte est en UTF-8 ou en Windows-1252 : MSH-18 doit alors annoncer UNICODE UTF-8, ou le texte doit être converti"}
	sayUnencodable = phrase{
		en: "the character %s cannot be written in %s", fr: "le caractère %s ne peut pas s'écrire en %s",
		hintEN: "use a character set that has it, UNICODE UTF-8 for instance, or another spelling", hintFR: "utilisez un jeu de caractères qui le possède, UNICODE UTF-8 par exemple, ou une autre graphie"}
)

// ParseCharset reads the name of a character set: as HL7 table 0211 has it,
// as senders also write it (UTF-8, UNICODE), or by its ISO name. Case does not
// count. The error is an [*Error] of [KindUnknownCharset].
func ParseCharset(s string) (Charset, error) {
	if c, ok := parseCharset(s); ok {
		return c, nil
	}
	return ASCII, fail(KindUnknownCharset, -1, sayUnknownCharset, excerpt([]byte(s)))
}

func parseCharset(s string) (Charset, bool) {
	switch s { // as they stand in nearly every message: no allocation
	case "", "ASCII":
		return ASCII, true
	case "8859/1":
		return Latin1, true
	case "8859/15":
		return Latin9, true
	case "UNICODE UTF-8":
		return UTF8, true
	}
	switch strings.ToUpper(strings.TrimSpace(s)) {
	case "", "ASCII", "US-ASCII", "ISO IR6":
		return ASCII, true
	case "8859/1", "ISO-8859-1", "ISO8859-1", "ISO 8859-1":
		return Latin1, true
	case "8859/15", "ISO-8859-15", "ISO8859-15", "ISO 8859-15":
		return Latin9, true
	case "UNICODE UTF-8", "UTF-8", "UTF8", "UNICODE": // no other form of Unicode fits into MLLP
		return UTF8, true
	}
	return ASCII, false
}

// String returns the name for people: "ASCII" for the zero Charset, and what
// MSH-18 says for the others.
func (c Charset) String() string {
	if c == ASCII {
		return "ASCII"
	}
	return string(c)
}

// Decode returns the text of b. The error is an [*Error] of [KindUndecodable]
// with the offset in b of the first byte that the set does not have. The codes
// 0x80 to 0x9F of the ISO 8859 sets count among those: they are control codes
// that no text contains, and nearly always UTF-8 or Windows-1252 in disguise.
func (c Charset) Decode(b []byte) (string, error) {
	n := c.invalid(b)
	if n >= 0 {
		say, args := c.complain(b[n])
		return "", fail(KindUndecodable, n, say, args...)
	}
	switch c {
	case Latin1, Latin9:
		return c.decodeLatin(b), nil
	}
	return string(b), nil
}

func (c Charset) complain(b byte) (phrase, []any) {
	switch c {
	case ASCII:
		return sayNotASCII, []any{b}
	case UTF8:
		return sayNotUTF8, []any{b}
	case Latin1, Latin9:
		return sayNotLatin, []any{b, string(c)}
	}
	return sayUnknownCharset, []any{excerpt([]byte(c))}
}

// invalid returns the offset of the first byte of b that does not decode, or -1.
func (c Charset) invalid(b []byte) int {
	for i := 0; i < len(b); i++ {
		if i += asciiLen(b[i:]); i == len(b) {
			break
		}
		switch c {
		case Latin1, Latin9:
			if b[i] < 0xa0 {
				return i
			}
		case UTF8:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				return i
			}
			i += size - 1
		default:
			return i
		}
	}
	return -1
}

// asciiLen returns how many bytes of ASCII b begins with, eight at a time: all but
// a few are, also in French.
func asciiLen(b []byte) int {
	const highs = 0x8080808080808080
	i := 0
	for ; i+32 <= len(b); i += 32 {
		four := b[i : i+32]
		if (binary.LittleEndian.Uint64(four)|binary.LittleEndian.Uint64(four[8:])|binary.LittleEndian.Uint64(four[16:])|binary.LittleEndian.Uint64(four[24:]))&highs != 0 {
			break
		}
	}
	for ; i+8 <= len(b); i += 8 {
		if found := binary.LittleEndian.Uint64(b[i:]) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

func (c Charset) decodeLatin(b []byte) string {
	if isASCII(b) {
		return string(b)
	}
	var s strings.Builder
	s.Grow(len(b) + 16)
	for _, x := range b {
		s.WriteRune(c.charmap().DecodeByte(x))
	}
	return s.String()
}

func (c Charset) charmap() *charmap.Charmap {
	if c == Latin9 {
		return charmap.ISO8859_15
	}
	return charmap.ISO8859_1
}

// Encode returns the bytes of s. The error is an [*Error] of [KindUnencodable]
// with the offset in s of the first character that the set does not have; it
// is never replaced by another.
func (c Charset) Encode(s string) ([]byte, error) {
	b, err := c.appendText(make([]byte, 0, len(s)), s)
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (c Charset) appendText(dst []byte, s string) ([]byte, *Error) {
	for i, r := range s {
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		var ok bool
		if dst, ok = c.appendRune(dst, r, s[i:]); !ok {
			_, size := utf8.DecodeRuneInString(s[i:])
			return dst, fail(KindUnencodable, i, sayUnencodable, excerpt([]byte(s[i:i+size])), c.String())
		}
	}
	return dst, nil
}

// appendRune appends the character r, which stands at the start of s.
func (c Charset) appendRune(dst []byte, r rune, s string) ([]byte, bool) {
	if r == utf8.RuneError {
		if _, size := utf8.DecodeRuneInString(s); size == 1 {
			return dst, false // a byte that is no character
		}
	}
	switch c {
	case UTF8:
		return utf8.AppendRune(dst, r), true
	case Latin1, Latin9:
		b, ok := c.charmap().EncodeRune(r)
		return append(dst, b), ok && b >= 0xa0
	}
	return dst, false
}

func isASCII[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// charset reads MSH-18.
func (t *text) charset() (Charset, *Error) {
	start, end, _ := t.field(0, 18)
	raw := t.data[start:end]
	if n := indexDelimiter(raw, t.delims.Repetition); n >= 0 {
		raw = raw[:n]
	}
	if c, ok := parseCharset(string(raw)); ok {
		return c, nil
	}
	return ASCII, fail(KindUnknownCharset, int(start), sayUnknownCharset, excerpt(raw)).
		at(Location{Segment: "MSH", Occurrence: 1, Field: 18})
}

// undecodable is the error of the byte at an offset in the message.
func (t *text) undecodable(c Charset, offset uint32) *Error {
	say, args := c.complain(t.data[offset])
	return fail(KindUndecodable, int(offset), say, args...).at(t.locate(int(offset)))
}
