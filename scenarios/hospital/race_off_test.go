//go:build !race

package hospital_test

const underRace = false
