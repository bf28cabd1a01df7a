//go:build race

package pam_test

// underRace tells that the race detector makes everything ten times slower.
const underRace = true
