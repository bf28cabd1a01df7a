// Package doctor answers one question: why can I not connect?
//
// It goes the way that a connection goes, from our own files over the name, the
// port and TLS to the first message and its answer, and looks at each step by
// itself. A connection that fails shows its first fault only; most broken ones
// have several. So every check looks as far as it can without the one before: a
// certificate that is out of date is told, and the probe is sent all the same,
// because it says whether the rest would work. What cannot be looked at says so,
// and why; nothing is left out in silence.
//
// A [Check] is a line for people with its [Finding]s, each with a remedy in
// French and English. What was seen, typed, for programs, is in [Facts].
//
// What it sends is harmless. A probe is a message of a type that nobody knows,
// without a patient; a system that files it away is worth knowing about anyway.
// It speaks to the one address it was given and to the resolver of the machine,
// and to nothing else: no revocation list and no missing certificate is fetched.
package doctor
