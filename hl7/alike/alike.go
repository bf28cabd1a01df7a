// Package alike compares names as people mistype them, so that an unknown name
// can be answered with the one that was probably meant.
package alike

// Longest is the length in letters of the longest name that is compared: what is
// longer is no typing mistake.
const Longest = 64

// Distance counts the letters to add, drop, change or swap with their neighbour
// to make b of a (optimal string alignment). It is Longest for names longer than
// that.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > Longest || len(y) > Longest {
		return Longest
	}
	before := make([]int, len(y)+1)
	above := make([]int, len(y)+1)
	row := make([]int, len(y)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(y)]
}
