package hl7

import "bytes"

// level is how deep in a message a value lies.
type level uint8

const (
	levelSegment level = iota
	levelField         // with all its repetitions
	levelRepetition
	levelComponent
	levelSubcomponent
)

// at returns the delimiter between the parts of a level.
func (d Delimiters) at(l level) byte {
	switch l {
	case levelField:
		return d.Field
	case levelRepetition:
		return d.Repetition
	case levelComponent:
		return d.Component
	case levelSubcomponent:
		return d.Subcomponent
	}
	return 0
}

// nth returns the bounds of part n of b. When b ends before it, both are the
// end of b and missing is the number of delimiters that are wanting. There
// always is a first part.
func nth(b []byte, delim byte, n int) (start, end, missing int) {
	if n < 1 {
		return len(b), len(b), 1
	}
	for ; ; n-- {
		i := indexDelimiter(b[start:], delim)
		switch {
		case n == 1 && i < 0:
			return start, len(b), 0
		case n == 1:
			return start, start + i, 0
		case i < 0:
			return len(b), len(b), n - 1
		}
		start += i + 1
	}
}

// indexDelimiter finds a delimiter, which may be 0, "none": NUL bytes in the
// data are no delimiters.
func indexDelimiter(b []byte, delim byte) int {
	if delim == 0 {
		return -1
	}
	return bytes.IndexByte(b, delim)
}

// hasLower says whether b contains delimiters of a level below l.
func hasLower(b []byte, l level, d Delimiters) bool {
	return l < levelSubcomponent && indexDelimiter(b, d.Subcomponent) >= 0 ||
		l < levelComponent && indexDelimiter(b, d.Component) >= 0 ||
		l < levelRepetition && indexDelimiter(b, d.Repetition) >= 0
}
