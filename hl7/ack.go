package hl7

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AckCode is MSA-1, table 0008: the verdict of an acknowledgement.
type AckCode string

// The codes of the original mode and of the application acknowledgement of
// the enhanced mode, then those of its commit acknowledgement.
const (
	AA AckCode = "AA" // accepted
	AE AckCode = "AE" // error: not to be sent again uncorrected
	AR AckCode = "AR" // rejected
	CA AckCode = "CA" // stored safely
	CE AckCode = "CE"
	CR AckCode = "CR"
)

// Valid says whether the code is one of table 0008.
func (c AckCode) Valid() bool {
	switch c {
	case AA, AE, AR, CA, CE, CR:
		return true
	}
	return false
}

// Positive says whether the code accepts the message.
func (c AckCode) Positive() bool { return c == AA || c == CA }

// The conditions of table 0357, for [AckError].
const (
	ConditionAccepted       = 0
	ConditionSequence       = 100 // segments in the wrong order, or missing
	ConditionRequired       = 101 // a required field is missing
	ConditionDataType       = 102
	ConditionTable          = 103 // a value that is not in its table
	ConditionMessageType    = 200 // this and the following: rejection
	ConditionEvent          = 201
	ConditionProcessingID   = 202
	ConditionVersion        = 203
	ConditionUnknownKey     = 204
	ConditionDuplicateKey   = 205
	ConditionLocked         = 206
	ConditionInternal       = 207
	conditionUnknown        = -1
	severityError           = "E"
	severityWarning         = "W"
	errorConditionTableName = "HL70357"
)

// conditionText is the text of a condition, as IHE writes it (ITI TF-2 C.2.3).
func conditionText(code int) string {
	switch code {
	case ConditionAccepted:
		return "Message accepted"
	case ConditionSequence:
		return "Segment sequence error"
	case ConditionRequired:
		return "Required field missing"
	case ConditionDataType:
		return "Data type error"
	case ConditionTable:
		return "Table value not found"
	case ConditionMessageType:
		return "Unsupported message type"
	case ConditionEvent:
		return "Unsupported trigger event"
	case ConditionProcessingID:
		return "Unsupported processing id"
	case ConditionVersion:
		return "Unsupported version id"
	case ConditionUnknownKey:
		return "Unknown key identifier"
	case ConditionDuplicateKey:
		return "Duplicate key identifier"
	case ConditionLocked:
		return "Application record locked"
	case ConditionInternal:
		return "Application internal error"
	}
	return ""
}

// An AckError is one error that an acknowledgement reports: an ERR segment, or,
// before v2.5, one repetition of ERR-1.
type AckError struct {
	Location   Location // ERR-2; zero when the error lies in no field
	Code       int      // ERR-3.1, table 0357; -1 read where there is no such number
	Text       string   // ERR-3.2; when empty, that of the table is written
	Severity   string   // ERR-4: E, W or I; when empty, E is written to refuse and W to accept
	Diagnostic string   // ERR-7, for developers; v2.5 on
	User       string   // ERR-8, for users; v2.5 on
}

// An Ack is an acknowledgement to be written, in answer to a message of which
// only the [Header] has to be known.
type Ack struct {
	Code      AckCode
	ControlID string    // MSH-10 of the acknowledgement itself, at most 20 characters
	Time      time.Time // MSH-7, written in its own location, to the second; zero: left empty
	Errors    []AckError
	Text      string   // MSA-3, which only versions before 2.5 have; when empty, the first error's text
	Charset   *Charset // of the acknowledgement; nil: that of the message
}

// Append appends the acknowledgement of the message with the header h to dst
// and returns the extended slice: ER7 without MLLP frame, the last segment
// ended by CR.
//
// It has the delimiters and the version of the message, its partners
// exchanged, and MSH-10, MSH-11, MSH-12 and MSH-17 given back byte for byte,
// save for control bytes, which would break the frame. The form of MSH-9 and
// ERR follows the version (ITI TF-2 C.2.3). MSH-18 is filled only when the
// acknowledgement is not pure ASCII.
//
// Texts that the character set cannot carry are never cut or replaced by
// question marks: to a sender that announces none they go out as UTF-8, with
// MSH-18 saying so; otherwise typographic characters are simplified and others
// written in hexadecimal, \Xhh..\.
func (a Ack) Append(dst []byte, h Header) []byte {
	w := ackWriter{b: dst, d: h.Delimiters.complete(), version: parseVersion(h.Version)}
	w.chooseCharset(a, h)
	w.header(a, h)
	w.verdict(a, h)
	w.errors(a)
	return w.b
}

// version is MSH-12.1 as a number to compare: 2.3.1 is 231.
type version int

const (
	v24 version = 240
	v25 version = 250
)

// parseVersion reads MSH-12.1. What cannot be read counts as the newest: a
// sender without version gets the modern form.
func parseVersion(s string) version {
	const newest = 999
	v, weight := 0, 100
	s = strings.TrimSpace(s)
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 9 || weight == 0 {
			return newest
		}
		v += n * weight
		weight /= 10
	}
	return version(v)
}

// ackWriter writes one acknowledgement.
type ackWriter struct {
	b       []byte
	d       Delimiters
	version version
	charset Charset // of the texts
	echo    Charset // of the header given back; differs when Ack.Charset says so
	msh18   string
}

// chooseCharset decides how texts are written and what MSH-18 says.
func (w *ackWriter) chooseCharset(a Ack, h Header) {
	announced, known := parseCharset(h.Charset)
	w.echo, w.charset = announced, announced
	if a.Charset != nil {
		w.charset = *a.Charset
	}
	if !known {
		w.echo = w.charset
	}
	echoed := !isASCII(h.SendingApplication) || !isASCII(h.SendingFacility) || !isASCII(h.ReceivingApplication) ||
		!isASCII(h.ReceivingFacility) || !isASCII(h.ControlID) || !isASCII(h.ProcessingID) || !isASCII(h.VersionRaw)
	texts := a.hasText()
	if !echoed && !texts {
		return
	}
	if w.charset == ASCII && !echoed {
		w.charset = UTF8
	}
	w.msh18 = string(w.charset)
	if !known && a.Charset == nil && !texts {
		w.msh18 = h.Charset // bytes of a set that we do not know, given back as they came
	}
}

// hasText says whether a text of the acknowledgement is not ASCII.
func (a Ack) hasText() bool {
	if !isASCII(a.Text) || !isASCII(a.ControlID) {
		return true
	}
	for i := range a.Errors {
		e := &a.Errors[i]
		if !isASCII(e.Text) || !isASCII(e.Diagnostic) || !isASCII(e.User) {
			return true
		}
	}
	return false
}

func (w *ackWriter) header(a Ack, h Header) {
	w.b = append(w.b, "MSH"...)
	w.b = append(w.b, w.d.Field)
	for _, c := range w.d.encoding() {
		if c != 0 {
			w.b = append(w.b, c)
		}
	}
	w.raw(h.ReceivingApplication)
	w.raw(h.ReceivingFacility)
	w.raw(h.SendingApplication)
	w.raw(h.SendingFacility)
	w.field()
	if !a.Time.IsZero() {
		w.b = a.Time.AppendFormat(w.b, PrecisionSecond.layout())
	}
	w.field() // MSH-8
	w.field()
	w.b = append(w.b, "ACK"...)
	if h.Trigger != "" {
		w.part(h.Trigger)
		if w.version >= v24 {
			w.part("ACK")
		}
	}
	w.field()
	w.text(a.ControlID)
	w.raw(h.ProcessingID)
	w.raw(h.VersionRaw)
	if h.CountryCode != "" || w.msh18 != "" {
		w.b = append(w.b, w.d.Field, w.d.Field, w.d.Field, w.d.Field) // MSH-13 to 16
		w.raw(h.CountryCode)
	}
	if w.msh18 != "" {
		w.raw(w.msh18)
	}
	w.end()
}

func (w *ackWriter) verdict(a Ack, h Header) {
	w.b = append(w.b, "MSA"...)
	w.field()
	w.b = append(w.b, a.Code...)
	w.raw(h.ControlID)
	if w.version < v25 {
		text := a.Text
		if text == "" && len(a.Errors) > 0 {
			text = a.Errors[0].describe()
		}
		if text != "" {
			w.field()
			w.text(text)
		}
	}
	w.end()
}

// describe is the best text of an error where there is room for one only.
func (e AckError) describe() string {
	switch {
	case e.User != "":
		return e.User
	case e.Text != "":
		return e.Text
	}
	return conditionText(e.Code)
}

func (w *ackWriter) errors(a Ack) {
	if len(a.Errors) == 0 {
		return
	}
	if w.version < v25 {
		w.oldErrors(a)
		return
	}
	for _, e := range a.Errors {
		w.newError(a, e)
	}
}

// oldErrors writes the one ERR segment of v2.3.1 and v2.4: ERR-1 repeats
// segment^occurrence^field^code&text&table.
func (w *ackWriter) oldErrors(a Ack) {
	w.b = append(w.b, "ERR"...)
	for i, e := range a.Errors {
		if i == 0 {
			w.field()
		} else {
			w.b = append(w.b, w.d.Repetition)
		}
		l := e.Location
		w.text(l.Segment)
		w.b = append(w.b, w.d.Component)
		if l.Segment != "" {
			w.number(max(l.Occurrence, 1))
		}
		w.b = append(w.b, w.d.Component)
		w.number(l.Field)
		w.b = append(w.b, w.d.Component)
		w.condition(e, w.d.Subcomponent)
	}
	w.end()
}

// newError writes one ERR segment of v2.5 and later.
func (w *ackWriter) newError(a Ack, e AckError) {
	w.b = append(w.b, "ERR"...)
	w.field() // ERR-1 is for older versions
	w.field()
	w.location(e.Location)
	w.field()
	w.condition(e, w.d.Component)
	w.field()
	switch {
	case e.Severity != "":
		w.text(e.Severity)
	case a.Code.Positive():
		w.b = append(w.b, severityWarning...)
	default:
		w.b = append(w.b, severityError...)
	}
	if e.Diagnostic != "" || e.User != "" {
		w.b = append(w.b, w.d.Field, w.d.Field) // ERR-5 and 6
		w.field()
		w.text(e.Diagnostic)
	}
	if e.User != "" {
		w.field()
		w.text(e.User)
	}
	w.end()
}

// location writes an ERL: segment^occurrence^field^repetition^component^sub-component.
func (w *ackWriter) location(l Location) {
	if l.Segment == "" {
		return
	}
	w.text(l.Segment)
	parts := [...]int{max(l.Occurrence, 1), l.Field, l.Repetition, l.Component, l.Subcomponent}
	if l.Component > 0 {
		parts[2] = max(l.Repetition, 1)
	}
	last := len(parts)
	for last > 1 && parts[last-1] == 0 {
		last--
	}
	for _, n := range parts[:last] {
		w.b = append(w.b, w.d.Component)
		w.number(n)
	}
}

// condition writes code, text and table, in components or sub-components.
func (w *ackWriter) condition(e AckError, separator byte) {
	text := e.Text
	if text == "" {
		text = conditionText(e.Code)
	}
	if e.Code >= 0 {
		w.b = strconv.AppendInt(w.b, int64(e.Code), 10)
	}
	w.b = append(w.b, separator)
	w.text(text)
	w.b = append(w.b, separator)
	w.b = append(w.b, errorConditionTableName...)
}

func (w *ackWriter) field() { w.b = append(w.b, w.d.Field) }

// end ends a segment, without the empty fields at its end.
func (w *ackWriter) end() {
	for w.b[len(w.b)-1] == w.d.Field {
		w.b = w.b[:len(w.b)-1]
	}
	w.b = append(w.b, '\r')
}

// number writes n, but nothing for 0.
func (w *ackWriter) number(n int) {
	if n > 0 {
		w.b = strconv.AppendInt(w.b, int64(n), 10)
	}
}

// raw writes a field of the header as it came.
func (w *ackWriter) raw(s string) {
	w.field()
	w.bytes(s)
}

// part writes a further component of the header as it came.
func (w *ackWriter) part(s string) {
	w.b = append(w.b, w.d.Component)
	w.bytes(s)
}

func (w *ackWriter) bytes(s string) {
	if w.echo != w.charset && !isASCII(s) {
		if t, err := w.echo.Decode([]byte(s)); err == nil {
			if b, err := w.charset.Encode(t); err == nil {
				s = string(b)
			}
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= ' ' {
			w.b = append(w.b, s[i])
		}
	}
}

// text writes a text of ours, escaped, in the character set.
func (w *ackWriter) text(s string) {
	s = Escape(s, w.d)
	for i, r := range s {
		if r < utf8.RuneSelf {
			w.b = append(w.b, byte(r))
			continue
		}
		var ok bool
		before := len(w.b)
		if w.b, ok = w.charset.appendRune(w.b, r, s[i:]); ok {
			continue
		}
		w.b = w.b[:before]
		_, size := utf8.DecodeRuneInString(s[i:])
		w.simplify(r, s[i:i+size])
	}
}

// simplify writes a character that the character set does not have.
func (w *ackWriter) simplify(r rune, s string) {
	switch r {
	case '’', '‘':
		w.b = append(w.b, '\'')
	case '–', '—', '‑':
		w.b = append(w.b, '-')
	case '“', '”', '«', '»':
		w.b = append(w.b, '"')
	case '…':
		w.b = append(w.b, "..."...)
	case '\u00a0', '\u202f':
		w.b = append(w.b, ' ')
	case 'œ':
		w.b = append(w.b, "oe"...)
	case 'Œ':
		w.b = append(w.b, "OE"...)
	default:
		const digits = "0123456789ABCDEF"
		w.b = append(w.b, w.d.Escape, 'X')
		for i := range len(s) {
			w.b = append(w.b, digits[s[i]>>4], digits[s[i]&15])
		}
		w.b = append(w.b, w.d.Escape)
	}
}
