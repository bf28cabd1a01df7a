// Package capture reads HL7 version 2 messages out of a stream of any shape: a
// file with one message, a log of a day's traffic in both directions, a pipe.
//
// # The idea
//
// What people keep of HL7 traffic is seldom one message in one file. It is
// messages one after the other, with blank lines between; a batch file with its
// FHS, BHS, BTS and FTS segments (HL7 v2.5 §2.10.3); the bytes of a connection,
// each message in its MLLP frame (0x0B … 0x1C 0x0D); or all of these pasted
// together, with a banner on top. A [Reader] takes the messages out, byte for
// byte and with the place where each stood, and says what belonged to none.
// Nobody has to announce the shape, and it may change within the stream.
//
// The memory it needs is that of the largest message allowed, whatever the
// length of the stream. It looks for the bytes that can end something and
// leaves the others alone, so that reading costs next to nothing beside parsing.
//
// # Where a message begins and ends
//
// A message begins with MSH and a field separator (a printable character that
// is neither letter nor digit), in one of two places:
//
//   - In a frame: after 0x0B, a byte order mark and a few blanks set aside. All
//     up to 0x1C belongs to it, whatever it looks like: text that begins a line
//     with MSH too. 0x1C ends a frame when CR, LF, another frame or nothing
//     follows it. Where 0x0B begins another frame first, or the stream ends, the
//     frame was cut: see [Message.Truncated].
//   - Without a frame: at the beginning of a line. It goes on to the next line
//     that begins a message or a batch segment, to the next frame, or to the end.
//     The blank lines after it do not belong to it. A byte order mark before it
//     does, with a few blanks between, and so do a few blanks at the beginning of
//     the stream: a receiver that wants MSH first stumbles over them.
//
// A line ends with CR, LF or CR LF. White space, blank lines, byte order marks,
// batch segments, empty frames and the commit blocks of MLLP Release 2 are
// passed over. A frame around a batch is read as the batch in it.
//
// The package does not look into the messages: parse each with the package hl7
// to know whether it is one. Acknowledgements are messages like the others.
//
// # What is no message
//
// Nothing is dropped in silence. Bytes that belong to no message, a frame without
// end, a message that is too large: each is an [Error] that [Reader.Next]
// returns in its turn, and the next call goes on behind it. Input that is
// something else altogether (UTF-16, XML, JSON, an archive, a capture of network
// packets) is recognised, and the error says what to do about it.
package capture
