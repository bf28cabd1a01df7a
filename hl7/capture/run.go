package capture

import "bytes"

// maxSample is how many bytes of what is no message an [Error] quotes: enough
// to recognise what it is.
const maxSample = 256

// A run is a stretch of bytes that belong to no message. It may be long, so
// only its first bytes are held.
type run struct {
	start int64
	line  int
	end   int64 // behind the last byte that is not blank
	n     int
	first [maxSample]byte
}

// begin notes where the run begins, unless it did before.
func (r *run) begin(start int64, line int) {
	if r.n == 0 {
		r.start, r.end, r.line = start, start, line
	}
}

// add adds what stands at a place, behind what was added before.
func (r *run) add(at int64, b []byte) {
	if text := bytes.TrimRight(b, " \t\r\n"); len(text) > 0 {
		r.end = at + int64(len(text))
	}
	r.n += copy(r.first[r.n:], b)
}

// addBlanks adds blanks to a run that has begun. At its end they do not count.
func (r *run) addBlanks(b []byte) {
	if r.n > 0 {
		r.n += copy(r.first[r.n:], b)
	}
}

// size is the length of the run; 0 when there is none.
func (r *run) size() int64 {
	if r.n == 0 {
		return 0
	}
	return r.end - r.start
}

// take returns a copy of the first bytes and ends the run.
func (r *run) take() []byte {
	sample := bytes.Clone(r.first[:min(int64(r.n), r.size())])
	r.n = 0
	return sample
}
