package hl7

import "bytes"

// A Raw is one message of an input that was split: a part of the input, not a
// copy.
type Raw struct {
	Data   []byte // from MSH on, with its last terminator if it has one
	Offset int    // of Data in the input
	Batch  int    // the number of the batch (BHS) it came in, from 1; 0 outside any
	Framed bool   // it was inside an MLLP frame
}

// The bytes that frame a message on the wire: 0x0B message 0x1C 0x0D.
const (
	startBlock = 0x0b
	endBlock   = 0x1c
)

var (
	sayStray = phrase{
		en: "%s belongs to no message", fr: "%s n'appartient à aucun message",
		hintEN: `every message begins with an MSH segment, MSH|^~\&|`, hintFR: `chaque message commence par un segment MSH, MSH|^~\&|`}
	sayNoMessages = phrase{
		en: "the input contains no message", fr: "l'entrée ne contient aucun message",
		hintEN: "a batch without a message between BHS and BTS has nothing to send", hintFR: "un lot sans message entre BHS et BTS n'a rien à envoyer"}
)

// Split finds the messages in an input that may hold several: one after the
// other, in a batch file (FHS, BHS, BTS, FTS; HL7 v2.5 §2.10.3), or each in its
// MLLP frame, as captures have them. It takes off frames, commit blocks of MLLP
// Release 2, batch segments, a byte order mark and blanks around messages, and
// does not look into the messages: [Parse] each to know whether it is one.
//
// The error is an [*Error]: the input is empty or UTF-16, contains no message,
// or something before or between the messages that is none. The messages found
// before it are returned all the same.
func Split(data []byte) ([]Raw, error) {
	if isUTF16(data) {
		return nil, fail(KindUTF16, 0, sayUTF16)
	}
	s := splitter{data: data, open: -1}
	at := skipLeading(data)
	if at == len(data) {
		return nil, fail(KindEmpty, -1, sayEmpty)
	}
	for at < len(data) {
		end := len(data)
		if n := bytes.IndexAny(data[at:], "\r\n\x0b\x1c"); n >= 0 {
			end = at + n
		}
		if err := s.line(at, end); err != nil {
			return s.found, err
		}
		s.control(end)
		at = end + 1
	}
	s.close(len(data))
	if len(s.found) == 0 {
		return nil, fail(KindEmpty, -1, sayNoMessages)
	}
	return s.found, nil
}

// splitter reads an input line by line.
type splitter struct {
	data   []byte
	found  []Raw
	open   int // where the message being read begins; -1 when there is none
	batch  int // the batches begun so far
	inside bool
	framed bool
}

// line looks at one line, without what ends it.
func (s *splitter) line(start, end int) *Error {
	line := s.data[start:end]
	name := line[:min(3, len(line))]
	switch {
	case len(line) > 3 && isAlnum(line[3]):
		name = nil // MSHX is no segment
	case string(name) == "MSH":
		s.close(start)
		s.open = start
		return nil
	case isBatchName(name):
		s.close(start)
		s.inside = string(name) == "BHS"
		if s.inside {
			s.batch++
		}
		return nil
	}
	if s.open >= 0 || blankLine(line) || s.framed && isCommit(line) {
		return nil
	}
	if len(s.found) == 0 {
		return fail(KindNotHL7, start, sayNotHL7, excerpt(line))
	}
	return fail(KindNotHL7, start, sayStray, excerpt(line))
}

// isCommit recognises what MLLP Release 2 answers to each block, ACK or NAK: a
// capture of both directions has them between the messages.
func isCommit(block []byte) bool {
	return len(block) == 1 && (block[0] == 0x06 || block[0] == 0x15)
}

// control looks at the byte that ends a line. Those of the MLLP frame end the
// message too.
func (s *splitter) control(at int) {
	if at >= len(s.data) {
		return
	}
	switch s.data[at] {
	case startBlock:
		s.close(at)
		s.framed = true
	case endBlock:
		s.close(at)
		s.framed = false
	}
}

// close ends the message being read, if there is one, before an offset.
func (s *splitter) close(end int) {
	if s.open < 0 {
		return
	}
	r := Raw{Data: s.data[s.open:end:end], Offset: s.open, Framed: s.framed}
	if s.inside {
		r.Batch = s.batch
	}
	s.found = append(s.found, r)
	s.open = -1
}

// isBatchName says whether a segment name is one of those around batches.
func isBatchName(name []byte) bool {
	switch string(name) {
	case "FHS", "BHS", "BTS", "FTS":
		return true
	}
	return false
}
