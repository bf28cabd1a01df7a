// Package mllptest holds what tests of MLLP software need: connections that
// misbehave, one table of named wire cases, and a network in memory.
//
// # Faults
//
// Software that speaks MLLP is tested on a laptop, where a message is one
// packet that arrives at once and whole. It is then used in a hospital, where a
// firewall forgets the connection during the night, a VPN makes one block of
// two packets and of two blocks one packet, an interface engine is restarted in
// the middle of a message, and the peer's queue is full. What it does then is
// seldom what its authors meant, because they never saw it.
//
// A [Fault] makes one such thing happen to a connection:
//
//	[Latency]    every byte comes late
//	[Drip]       bytes come one by one
//	[Stall]      at one point nothing more comes
//	[Cut]        at one point the connection is closed
//	[Reset]      at one point it is reset
//	[HalfClose]  at one point the sending side ends; the other goes on
//	[Flood]      at one point far too much comes
//	[Corrupt]    a byte is another one
//	[Duplicate]  a block comes twice
//	[Reorder]    blocks change places
//
// Each is a small struct; Wrap returns the connection with the fault. Faults
// are put on top of each other by wrapping again, or with [Faults]. A [Dialer]
// or a [Listener] gives one to each of its connections, or to some that a
// [Pick] names.
//
// What is said about bytes counts those that the caller has written through the
// connection since it was wrapped, whatever they are and in however many calls
// of Write; what the fault itself adds does not count, and neither does what
// was written before. Where a field says so, it is the bytes read instead.
// Everything is deterministic: a fault strikes at the same byte on every run,
// and where there is chance it comes from a seed.
//
// A fault waits only inside Read and Write, so it leaves no goroutine behind.
// Its wait ends when it is over, when the deadline of that direction passes
// (with os.ErrDeadlineExceeded; a deadline may be moved meanwhile), or when the
// wrapped connection is closed (with net.ErrClosed). Both have to be done to what
// Wrap returned: a fault cannot know a deadline that was set before, or below it. To end it with a context,
// close the connection: context.AfterFunc(ctx, func() { c.Close() }). Waits are
// timers and channels, so in a bubble of testing/synctest they take no time.
//
// A fault that ended a connection makes Write return an error that matches
// [ErrFault], unless all that was to be written had gone out before.
//
// # Which connection to wrap
//
// Any net.Conn can be wrapped: TCP, net.Pipe, those of [Network]. With TLS
// there are two, and they make two different tests. A fault around the
// *tls.Conn acts on the bytes of the protocol above: half a message is sent,
// well encrypted. It finds the socket below with NetConn where it needs it, to
// reset it or to let it vanish. A fault around the connection that TLS is
// spoken on acts on records: it tests the TLS library, the handling of a
// handshake that never ends, or of an alert. A Dialer given to a client that
// speaks TLS itself is of the second kind.
//
// What cannot be had is not pretended: net.Pipe has no half-close, so there
// HalfClose makes Write fail with errors.ErrUnsupported; and closing is all
// that Reset can do to it. [Pipe] makes pipes that know both.
//
// # Cases
//
// [Cases] are byte streams that partners really send: each comes from a failure
// that was seen in a public MLLP implementation, or from a rule of the MLLP
// block format that leaves something open. A case says what a tolerant reader
// makes of the bytes, so that every implementation and every layer can be held
// against the same list.
package mllptest
