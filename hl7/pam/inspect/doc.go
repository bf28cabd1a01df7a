// Package inspect judges whole files and streams of messages and writes down
// what was found: for people, for programs, for CI.
//
// # From streams to verdicts
//
// [Run] takes messages out of its sources in order (package capture: any shape
// of stream), has them judged on all processors (package rules), and hands the
// items over in order, to one goroutine, the caller's. Messages travel in
// batches, of which there is a fixed number: memory is bounded whatever the
// length of the stream and however slow whoever reads the items is.
//
// What needs the order is done in the order: the tracker of rules across
// messages, and the pairing of acknowledgements with the messages they answer,
// where a capture holds both directions.
//
// # From verdicts to files
//
// A [Writer] writes the items in one format: text for people, JSON and NDJSON
// for programs (the schema is docs/validate.schema.json), SARIF for code
// hosting platforms, JUnit for CI. All of them write as the items come and keep
// little: counters, the names of rules, a suite of JUnit.
package inspect
