// Package schema is what HL7 itself says about ADT messages and their
// acknowledgements: which segments a message has and in which order, which
// fields a segment has, what may be in them. It holds messages against that and
// tells the difference as facts.
//
// # Facts, not rules
//
// A [Finding] says that PID-8 holds a code that table 0001 does not have, at
// byte 312. It does not say whether that is a fault, how grave it is, nor what to
// do about it: table 0001 is a suggestion, France has its own opinion, and a
// site may have agreed on something else. Judging is the business of the
// packages above, which pick from the findings by [Kind], word them and give
// them a source. That is why a finding carries definitions ([FieldDef],
// [ComponentDef], [Table], [Slot]) and no text.
//
// # Definitions
//
// A [Version] holds all definitions of one version of the standard: [V231],
// [V25], [V251], found for a message by [ForVersion]. They come from the files
// in data, one line for each fact, and are compiled into the program as static
// data by go generate: what the linker has laid out costs nothing at start, and
// pages of tables that nobody asks for are never read from disk. Only grammars
// are compiled at run time, each when it is first needed.
//
// A profile is a Version too. [Version.Draft] copies one, the profile changes
// usages, cardinalities, types and tables in the copy and adds what is its own;
// from then on nothing knows the difference. [Draft.Borrow] mixes versions, as
// those do who send the PID of v2.5.1 in messages of v2.3.1.
//
// # Structure
//
// The grammar of a message is a regular expression over segment names, and all
// those of HL7 are deterministic: the name of the next segment decides which
// slot it takes. [Compile] reads them in the notation in which IHE and France
// print theirs, and refuses the others. A message that conforms is matched in
// one step a segment, without allocating.
//
// The art is in the messages that do not conform. A matcher that goes left to
// right and complains where it gets stuck turns one segment in the wrong place
// into a dozen faults, because everything behind it is out of step. So the
// first fault hands the message over to another algorithm, which asks instead:
// which conforming message is this most probably a damaged form of? It aligns
// the segments with the slots at the least cost, the way texts are compared
// with each other, and then puts together what belongs together: missing here
// and too many there is one segment in the wrong place, missing here and an
// unknown name in the same place is a misspelt name. One fault is one finding.
// Property tests hold it to that for every structure of every version, against
// the regular expressions of the standard library: what a finding says has to be
// such that undoing it makes the message conform. The time is linear in the
// length of the message and memory is bounded, whatever somebody sends.
//
// # Fields
//
// A [Checker] walks over a segment once, from delimiter to delimiter, and looks
// at each value as it comes to its end: the format of its type, whether the date
// exists, the table, the length, the components its type has and requires. It
// works on the bytes of the message and allocates nothing but room for findings.
//
// # Where HL7 is not to be taken at its word
//
// Lengths of v2.3.1 were widely ignored and codes of user tables are
// suggestions; [TooLong] and [NotSuggested] are kinds of their own. ADT_A38 of
// v2.3.1 requires a DRG and ADT_A18 does not require the MRG that it is about:
// all sources agree, nobody means it, and a message should not fail for either
// alone. Table 0354 lacks some of the structures that its own version defines;
// they are accepted. Names beginning with Z are accepted in the tables of
// message types, events and structures.
package schema

//go:generate go run ./internal/gen
