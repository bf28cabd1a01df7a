package hl7

import (
	"time"
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

// The conditions of table 0357, for [AckError]. From 200 on they reject the
// message.
const (
	ConditionAccepted     = 0
	ConditionSequence     = 100 // segments missing or in the wrong order
	ConditionRequired     = 101 // a required field is missing
	ConditionDataType     = 102 // a value is not of its type
	ConditionTable        = 103 // a value is not in its table
	ConditionMessageType  = 200 // MSH-9.1 is not supported
	ConditionEvent        = 201 // MSH-9.2 is not supported
	ConditionProcessingID = 202 // MSH-11 is not supported
	ConditionVersion      = 203 // MSH-12 is not supported
	ConditionUnknownKey   = 204 // the patient, stay or movement is not known
	ConditionDuplicateKey = 205 // it is known already
	ConditionLocked       = 206 // the record is being used
	ConditionInternal     = 207 // the receiver itself failed

	// NoCondition is the code read from an ERR that has no number for one.
	NoCondition = -1
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
	Code       int      // ERR-3.1, a condition of table 0357
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
	w := ackWriter{d: h.Delimiters.complete(), version: parseVersion(h.Version)}
	w.chooseCharset(a, h)
	w.write(dst, a, h)
	if w.msh18 != "" && isASCII(w.b[len(dst):]) {
		w.msh18 = "" // what was not ASCII has no place in this version, or was simplified
		w.write(dst, a, h)
	}
	return w.b
}
