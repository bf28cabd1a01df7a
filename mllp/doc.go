// Package mllp carries messages over TCP and TLS in MLLP blocks, as HL7 version
// 2 does, for programs that must tell exactly what happened on the wire.
//
// # The protocol
//
// MLLP (the HL7 Minimal Lower Layer Protocol, which IHE ITI TF-2 Appendix C.2
// prescribes) is three bytes of framing and one habit. A message travels as
//
//	0x0B  message  0x1C 0x0D
//
// and the side that opened the connection sends one, waits for the answer on
// the same connection, and only then sends the next. There is no length, no
// checksum, no number and no version: everything else is left to the two ends,
// and that is where they differ. Real senders put line feeds between blocks,
// forget the last byte, begin a block again after a crash, close the connection
// after each answer or never. This package knows those habits. It works with a
// partner that has them wherever no message can be lost or invented by it, and
// it reports each of them as an [Oddity] or an [Error], never in silence: it is
// made for a laboratory in which the partner is what is being tested.
//
// The package moves bytes. It does not look into messages, which is the work of
// package hl7, and what it logs never holds any part of one.
//
// # Three layers
//
// A [Reader] takes blocks off any byte stream, and [AppendFrame] makes them.
// The Reader is a state machine over bytes: the same stream gives the same
// frames and the same oddities however the network has cut it.
//
// A [Server] speaks the vocabulary of net/http: a [Handler] is called with a
// [Request] and a [ResponseWriter], there is a limit to every wait, and
// Shutdown lets what was begun be finished. One difference matters: messages of
// one connection are handled one after the other, because MLLP has no other way
// to tell which answer belongs to which message.
//
// A [Client] keeps one connection and exchanges messages on it. Its promise is
// that no message is sent twice: whether a connection is still open is found out
// before a message is written, and once a byte of it is on the way a failure is
// the caller's to judge, as an [Error] whose [ErrorKind] says how far things
// got. Who has to send what is no block, or several at once, takes the
// connection out of it: see [Client.Raw].
//
// # TLS
//
// Both ends take a crypto/tls configuration. [Files] makes one from PEM files as
// ATNA (IHE ITI TF-2 3.19) wants it: certificates on both sides, verified up to
// a configured authority, TLS 1.2 at least; and reads the files again when they
// change.
//
// TLS 1.3 has a property that every verdict on certificates has to know: the
// handshake of a client is over before the server has looked at the client's
// certificate. A refusal arrives as an alert with the first read. Client
// therefore reports an alert in the place of the first answer as
// [HandshakeRefused], and [Client.Probe] waits for one without sending anything.
// [Alert] names it, and [Explain] says what it means and what to do.
//
// Files asks whether a peer's certificate is revoked as well, if it is told to:
// revocation lists of any number of authorities for the whole chain, and the
// OCSP response that a peer attaches; see [RevocationMode]. crypto/tls has no
// way to send the alert that says so: the peer is told bad_certificate.
//
// # Hostile peers
//
// A Server takes for granted that a peer may be broken, or mean harm. Each
// connection has a limit to every wait and to the length of a message; all
// together have one to their number, to the number that one address has, to the
// memory of messages in flight and to the handshakes that compute at once; and
// so has the log. See [Server] and [Server.Stats]. What a good peer is owed does
// not depend on the others: a message of usual length needs no memory that
// somebody else could have taken.
//
// # Errors
//
// Errors that people see have, beside Error, the methods In and Hint: what
// happened, and what to do about it, in French ("fr") or English ("en").
package mllp
