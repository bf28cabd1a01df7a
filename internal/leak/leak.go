// Package leak finds goroutines that tests leave behind.
package leak

import (
	"os"
	"runtime"
	"strings"
	"time"
)

// patience is how long goroutines that were told to end may take to do so.
const patience = 5 * time.Second

// Check is the exit code of the tests of a package, from that of m.Run: it tells
// goroutines that are still in one of the packages after a while, and fails then.
// A package is named by a part of how stacks name it: "pamlab/mllp.".
func Check(code int, packages ...string) int {
	if code != 0 {
		return code
	}
	left := Left(patience, packages...)
	if len(left) == 0 {
		return 0
	}
	os.Stderr.WriteString("goroutines left behind:\n\n" + strings.Join(left, "\n\n") + "\n")
	return 1
}

// Left returns the stacks of the goroutines that are still in one of the packages
// after so long, but for the one that asks.
func Left(patience time.Duration, packages ...string) []string {
	left := leftIn(packages)
	for deadline := time.Now().Add(patience); len(left) > 0 && time.Now().Before(deadline); left = leftIn(packages) {
		runtime.Gosched()
	}
	return left
}

func leftIn(packages []string) (left []string) {
	buf := make([]byte, 1<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "internal/leak.") {
			continue
		}
		for _, p := range packages {
			if strings.Contains(g, p) {
				left = append(left, g)
				break
			}
		}
	}
	return left
}
