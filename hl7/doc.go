// Package hl7 reads, changes and writes HL7 version 2 messages in their
// traditional encoding, ER7: the one with the bars and the carets.
//
// # The idea
//
// A laboratory has to show what was on the wire, not what a library made of
// it. So a [Message] is the very bytes that came, beside a flat index of where
// its segments and fields begin. Nothing is copied, decoded or normalised when
// a message is parsed: [Message.Bytes] of an unchanged message returns the
// bytes given to [Parse], and after [Message.Set] only the field that was set
// differs. Repetitions, components and sub-components are found when somebody
// asks for them, and text is decoded and unescaped when somebody reads it.
// Parsing is therefore one pass over the bytes with three allocations, and a
// message of one megabyte costs what a thousand messages of one kilobyte cost.
//
// # Tolerant about form, strict about content
//
// [Parse] refuses only what cannot be read as one message: no MSH segment, an
// unusable set of delimiters, two messages in one. Everything else that
// deviates from the encoding rules is read and told by [Message.Oddities]:
// line feeds for carriage returns, a byte order mark, a missing last
// terminator. What is inside the fields is never guessed: bytes that the
// character set of MSH-18 does not have, and dates that no calendar has, are
// errors that say where ([Error] carries the location and the byte offset).
//
// # The three states of a value
//
// HL7 gives an empty field a meaning ("leave what you have stored"), and the
// two quotation marks "" another ("delete what you have stored"). [Value.State]
// tells [Absent], [Null] and [Present] apart.
//
// # Addresses
//
// A [Path] names a place as people write it, SEG[n]-F[r].C.S: PID-5.1,
// PV1-3.4.2, ERR[2]-3.1, PID-3[*].1, or the repetition where a component has a
// given value, PID-3[.5=PI].1. Compile a path once with [CompilePath] and use
// it on any number of messages, from any number of goroutines.
//
// # Delimiters in text
//
// Wherever ER7 text stands in Go source or in a file (the argument of
// [Message.Set], the result of [Value.Text] for a composite), it is written in
// the standard delimiters |^~\& and translated to those of the message.
//
// # Languages
//
// Errors and oddities speak English and French: Error returns the English
// sentence, In("fr") the French one, and Hint says what to do about it.
//
// The package knows neither networks nor IHE profiles: see the packages mllp
// and hl7/pam for those.
package hl7
