//go:build !race

package library_test

const (
	underRace = false
	patience  = 5  // seconds
	jobs      = 32 // plays side by side
)
