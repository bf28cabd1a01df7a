// Package report turns the journal of a run into what people and machines read:
// the console while the run goes on, a JUnit file for a CI server, a JSON
// document for everything else.
//
// # One journal, many views
//
// The journal (package scenarios, docs/journal.md) is the only input. The
// console sees its events as they are written, the files are made from the same
// events read back, and so every report can be made again, weeks later and
// elsewhere, from the journal alone. Nothing here judges: verdicts were given by
// the player, this package words them.
//
// All views share three things. A collector sorts the interleaved events of
// scenarios that ran side by side and hands over each scenario when it ends. A
// page knows the language, the width and the colours, and can tell one scenario
// as a block of text; the console prints that block, and JUnit carries it as the
// body of a failure. And whatever came from outside (bytes of the wire, texts of
// a scenario file, names from a candidate file) goes through [Visible] or its
// kin before it reaches a terminal or a file, because a report that a hostile
// answer can garble, or turn into invalid XML, is no evidence.
//
// # Whose fault
//
// JUnit knows failure and error, and the difference is kept: a failure is the
// candidate's (fail, unexpected-pass), an error is what could not be judged, for
// whatever reason (error, inconclusive). A run that stopped early, or judged
// nothing, says so in a case of its own: a viewer that only counts colours must
// not take it for a green one.
//
// # What is shown
//
// The content of messages may be someone's identity. It is shown in the block of
// a failure, where it is the evidence, cut to the segment concerned and the
// acknowledgement; never elsewhere. The journal holds the rest.
package report
