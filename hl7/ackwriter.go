package hl7

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

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

// write writes the acknowledgement after dst.
func (w *ackWriter) write(dst []byte, a Ack, h Header) {
	w.b = dst
	w.header(a, h)
	w.verdict(a, h)
	w.errors(a)
}

// chooseCharset decides how texts are written and what MSH-18 says if that
// makes more than ASCII.
func (w *ackWriter) chooseCharset(a Ack, h Header) {
	announced, known := parseCharset(h.Charset)
	w.echo, w.charset = announced, announced
	if a.Charset != nil {
		w.charset = *a.Charset
	}
	echoed := h.givesBackMoreThanASCII()
	if !echoed && !a.hasText() {
		return
	}
	switch {
	case a.Charset == nil && !known && echoed:
		w.msh18 = h.Charset // bytes of a set that we do not know, given back as they came
		return
	case a.Charset == nil && w.charset == ASCII && !echoed:
		w.charset = UTF8
	}
	w.msh18 = string(w.charset)
}

// givesBackMoreThanASCII says whether what an acknowledgement gives back of
// the header is more than ASCII.
func (h Header) givesBackMoreThanASCII() bool {
	return !isASCII(h.SendingApplication) || !isASCII(h.SendingFacility) ||
		!isASCII(h.ReceivingApplication) || !isASCII(h.ReceivingFacility) ||
		!isASCII(h.Trigger) || !isASCII(h.ControlID) || !isASCII(h.ProcessingID) ||
		!isASCII(h.VersionRaw) || !isASCII(h.CountryCode)
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
	w.field()
	w.verbatim(h.ControlID) // in no other character set either: it is compared as bytes
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
		w.b = append(w.b, 'W')
	default:
		w.b = append(w.b, 'E')
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
// What has no segment name is nowhere that an ERL could say.
func (w *ackWriter) location(l Location) {
	if !isName(l.Segment) {
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
	w.b = append(w.b, "HL70357"...)
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

// raw writes a field of the header as it came, but in the character set of the
// acknowledgement.
func (w *ackWriter) raw(s string) {
	w.field()
	w.bytes(s)
}

// part is raw for a further component.
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
	w.verbatim(s)
}

// verbatim writes bytes of the header without the control bytes among them,
// which could end the frame.
func (w *ackWriter) verbatim(s string) {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' {
			w.b = append(w.b, s[start:i]...)
			start = i + 1
		}
	}
	w.b = append(w.b, s[start:]...)
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
