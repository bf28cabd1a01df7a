package hl7

import (
	"fmt"
	"strings"
)

// ErrorKind says what an [Error] is about, for programs; people read the
// sentence.
type ErrorKind string

// The kinds of errors of this package.
const (
	KindEmpty          ErrorKind = "empty"           // nothing, or nothing but blanks
	KindNotHL7         ErrorKind = "not-hl7"         // no MSH segment where one has to be
	KindUTF16          ErrorKind = "utf-16"          // a character set that MLLP cannot carry
	KindFramed         ErrorKind = "framed"          // the MLLP frame is still around the message
	KindBatch          ErrorKind = "batch"           // a file or batch header: Split reads those
	KindSeveral        ErrorKind = "several"         // a second MSH: Split reads those
	KindTooLarge       ErrorKind = "too-large"       // more than MaxSize bytes
	KindDelimiters     ErrorKind = "delimiters"      // MSH-1 and MSH-2 are unusable or may not be set
	KindUnknownCharset ErrorKind = "unknown-charset" // MSH-18 names a set this package does not read
	KindUndecodable    ErrorKind = "undecodable"     // a byte that the character set does not have
	KindUnencodable    ErrorKind = "unencodable"     // a character that the character set does not have
	KindTime           ErrorKind = "time"            // not a date or time of HL7, or one that does not exist
	KindNoSegment      ErrorKind = "no-segment"      // the segment to change is not there
	KindNoRepetition   ErrorKind = "no-repetition"   // no repetition answers the condition of the path
	KindBadPath        ErrorKind = "bad-path"        // a path that names several places, or none
	KindBadValue       ErrorKind = "bad-value"       // a delimiter or control character in a value to set
	KindNotAck         ErrorKind = "not-ack"         // a message without MSA where an acknowledgement was expected
)

// An Error tells what is wrong with a message, and where. It is the dynamic
// type of every error of this package except those of [CompilePath].
type Error struct {
	Kind     ErrorKind
	Location Location // the segment, field and component; zero when the fault has none
	Offset   int      // byte offset in the input, from 0; -1 when there is none

	say  phrase
	args []any
}

// phrase is a sentence in both languages, with fmt verbs, and what to do when
// it has been said. A hint has no verbs.
type phrase struct{ en, fr, hintEN, hintFR string }

func fail(kind ErrorKind, offset int, say phrase, args ...any) *Error {
	return &Error{Kind: kind, Offset: offset, say: say, args: args}
}

func (e *Error) at(l Location) *Error {
	e.Location = l
	return e
}

// Error returns the English sentence: the place, then the fault.
func (e *Error) Error() string { return e.In("en") }

// In returns the sentence in a language, "fr" or "en"; any other is read as
// English.
func (e *Error) In(lang string) string {
	var b strings.Builder
	french := lang == "fr"
	unit, colon, format := "byte", ": ", e.say.en
	if french {
		unit, colon, format = "octet", " : ", e.say.fr
	}
	if e.Location.Segment != "" {
		b.WriteString(e.Location.String())
	}
	if e.Offset >= 0 {
		if b.Len() > 0 {
			fmt.Fprintf(&b, " (%s %d)", unit, e.Offset)
		} else {
			fmt.Fprintf(&b, "%s %d", unit, e.Offset)
		}
	}
	if b.Len() > 0 {
		b.WriteString(colon)
	}
	fmt.Fprintf(&b, format, e.args...)
	return b.String()
}

// Hint says what can be done about the error, or "".
func (e *Error) Hint(lang string) string {
	if lang == "fr" {
		return e.say.hintFR
	}
	return e.say.hintEN
}

// excerpt quotes the beginning of some input for an error sentence, bounded
// so that a gigabyte of rubbish does not end up in a log.
func excerpt(b []byte) string {
	const most = 24
	if len(b) > most {
		return fmt.Sprintf("%q…", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
