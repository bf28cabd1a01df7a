//go:build race

package library_test

const (
	underRace = true
	patience  = 15 // seconds
	jobs      = 4  // plays side by side
)
