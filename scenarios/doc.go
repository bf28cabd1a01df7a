// Package scenarios is the scenario language of pamlab and its player.
//
// # The idea
//
// A scenario says what is done to a system under test, the candidate, and what
// must come of it:
//
//	steps:
//	  - id: transfer
//	    send: A02
//	    with: {stay.unit: {code: "6270", label: MEDECINE}, at: +1h}
//	    expect: {ack: AA, latency: {under: 2s, level: should}}
//
// It is written in words of the hospital. What an A02 looks like on the wire is
// the business of package pam and of the candidate's dialect; where the
// candidate listens, and which certificate it wants to see, stands in the
// candidate file. So one scenario is played in every dialect and at every site.
// Fields can be bent afterwards (set), and files or texts sent as they are,
// because a test must also be able to say what is wrong.
//
// There is one path language, that of package hl7, for what is set, expected and
// captured, and a handful of matchers. There is no programming: a loop is a
// table of cases, a condition is a step of always, and that is all. Whoever can
// read the file knows what it does.
//
// # Loading
//
// [Load] reads a file in four passes, each of which reports what it finds and
// goes on, so that an author sees every fault at once:
//
//   - yaml.go turns YAML into nodes. It is the only file that knows the YAML
//     library. Types are ignored on the way: 000003 is neither three nor octal,
//     N is not a boolean, 62E8 is not a number. A value is the text that stands
//     there, and it keeps its place.
//   - load_cases.go puts the cells of a row into their places, once per row. From
//     here on a row is a scenario like any other: it is decoded and checked on its
//     own, and an event that does not exist is found at the cell that names it.
//   - load*.go and matcher_load.go decode the nodes into the model of model.go.
//     Each mapping has a list of keys; paths, templates, regular expressions and
//     events are compiled here, never while a scenario is played.
//   - check.go looks whether names mean something where they stand: a reference to
//     a step that comes later, a capture that has no value yet.
//
// Silent green is the classic bug of test harnesses, so nothing that is
// misspelt is ignored: an unknown key, a column that no step reads, an empty
// matcher, a [*] without any or all, a second document are all errors. Each is a
// [Problem] with its line, a caret, what was expected and the nearest known
// word, in French and in English. A file is bounded in size, depth and in what
// its aliases and cases amount to.
//
// # The candidate
//
// [LoadCandidate] reads the other file, with the same care, and puts the values
// of --set into the tree before it is checked. [Applies] says whether a scenario
// can be played against a candidate, and if not, why.
//
// # Playing
//
// The [Player] plays scenarios side by side, each with its own patient, stay and
// connection. References of templates are looked up through [Env]; a matcher is
// asked about an [Actual] and answers whether it holds and what it wanted, in
// words. Everything that happens goes into one append-only [Journal], and every
// report is a view of it.
//
// The language is described for its users in docs/scenarios.md, the candidate
// file in docs/candidate.md, the journal in docs/journal.md.
package scenarios
