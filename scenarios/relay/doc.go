// Package relay stands between two systems that exchange messages, and watches.
// A [Relay] accepts connections as the one side's partner, opens one to the
// other side for each, and carries what either says to the other.
//
// # What must not change
//
// Whoever looks for a fault between two systems must not become one. So bytes
// pass as they are, in the pieces in which they came and as soon as they came: a
// block without end, two blocks in one packet, an end of the sending side alone
// and a reset arrive as what they were. The relay answers nothing in anybody's
// stead. If the far side cannot be reached, the near side's connection is
// closed, as it would have been, and the log says why.
//
// TLS is the one thing that is not carried through: who wants to read has to be
// the partner of both. Each side has a configuration, with an identity, of its
// own; close_notify, its absence and the end of the socket are carried over.
//
// # What may be lost
//
// Each piece is copied before it goes on, and the copy goes its own way: blocks
// are found in it, a message is paired with its acknowledgement, both are judged,
// told and stored. That way is slow, and may be blocked by a disk. The traffic
// never waits for it: copies have a bound on their memory, and when that is used
// up they are dropped, counted ([Stats]) and told, and the traffic goes on. What
// was dropped was not seen; it was delivered all the same.
//
// # A draft of what passed
//
// Package draft makes a scenario of the messages that passed, about people who
// do not exist.
package relay
