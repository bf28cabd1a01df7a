package library_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// TestMain lets more tests run side by side than there are processors: most of
// their time they wait for an answer that does not come.
func TestMain(m *testing.M) {
	flag.Parse()
	if underRace {
		os.Exit(m.Run()) // there the processors are what they wait for
	}
	if side := flag.Lookup("test.parallel"); side.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	}
	os.Exit(m.Run())
}
