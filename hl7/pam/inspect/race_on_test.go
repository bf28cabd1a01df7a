//go:build race

package inspect_test

// underRace tells that the race detector makes everything ten times slower.
const underRace = true
