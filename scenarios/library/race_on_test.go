//go:build race

package library_test

const underRace = true
