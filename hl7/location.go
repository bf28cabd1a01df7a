package hl7

import "strconv"

// A Location is a place in a message, in the numbers of HL7, all from 1. A
// number that is 0 is not part of the location: Location{"PID", 1, 3, 0, 0, 0}
// is the whole field PID-3, with all its repetitions.
type Location struct {
	Segment      string // three letters or digits
	Occurrence   int    // among the segments of that name
	Field        int
	Repetition   int
	Component    int
	Subcomponent int
}

// String writes the location as a path, SEG[n]-F[r].C.S, without the indices
// that are 1. It is "" for the zero Location.
func (l Location) String() string {
	if l.Segment == "" {
		return ""
	}
	b := append(make([]byte, 0, 24), l.Segment...)
	if l.Occurrence > 1 {
		b = appendIndex(b, l.Occurrence)
	}
	if l.Field == 0 {
		return string(b)
	}
	b = strconv.AppendInt(append(b, '-'), int64(l.Field), 10)
	if l.Repetition > 1 {
		b = appendIndex(b, l.Repetition)
	}
	if l.Component > 0 {
		b = strconv.AppendInt(append(b, '.'), int64(l.Component), 10)
	}
	if l.Component > 0 && l.Subcomponent > 0 {
		b = strconv.AppendInt(append(b, '.'), int64(l.Subcomponent), 10)
	}
	return string(b)
}

func appendIndex(b []byte, n int) []byte {
	return append(strconv.AppendInt(append(b, '['), int64(n), 10), ']')
}
