// Package rules judges messages as PAM France does: it holds an ADT message, or
// an acknowledgement, against HL7, IHE PAM and the French extension, and says
// which demand is broken, where, who makes it, and what a good value looks like.
//
// # Rules are data
//
// The catalogue is a set of text files in the folder catalogue, one entry for
// each rule: id, level, the demand in French and English, the paragraph it
// comes from, what to do, a good and a bad example, and the condition itself,
// in a language of a dozen words:
//
//	rule fr.pv1-41.event
//	level must
//	when not event A03 and not ZBE-6 = A03
//	empty PV1-41
//	fr PV1-41 n'est envoyé qu'avec la sortie (A03) ou la correction Z99 d'une sortie
//	…
//	good A03 PV1-41 = D
//	bad A01 PV1-41 = D
//
// The tests build every example: the bad one must raise that rule and no other.
// catalogue/README.md describes the language.
// What no condition can word, the key of an INS for one, is a check written in
// Go that the entry calls by name.
//
// Grammars, fields, types and tables are data too, in package profile. What
// they say is checked by package schema, which finds facts; a rule claims those
// that are its business (`claim not-in-table ZBE-9`), and general rules take
// the rest. So each finding has a rule, a source and words, and a national
// version to come is a data file.
//
// # One fault, one finding
//
// A developer who sees three wrong findings stops reading. A fact that two
// rules could tell is told by the one that was written for the place. A segment
// whose fields all stand one place too early is told as just that. Where the
// sources contradict each other, the level is that of a setting with a
// documented default (see [KnownSettings]), never a guess.
//
// # Which rules
//
// The first word of an id says who demands: hl7 the base standard, iti IHE PAM,
// fr the French extension, ins the identity rules, seq the order across
// messages (package sequence), ack acknowledgements. A [Judge] picks the
// profile that a message announces, unless told otherwise, and can say why:
// [Report.Why].
//
// # Speed
//
// The catalogue is laid out as static data by go generate, and conditions are
// compiled when a message first needs them. Segments are numbered once for a
// message, so that a path is two array accesses; what many rules ask is asked
// once; rules limited to other events, to absent segments or to fields that are
// not filled are not even looked at. A message without findings allocates next to
// nothing, so that everything that passes can be judged as it passes.
//
// A Judge is safe for concurrent use. A [Report] belongs to one goroutine and
// is meant to be used again.
package rules
