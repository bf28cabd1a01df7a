package explain

import (
	"regexp"
	"sync"
)

// expression compiles a regular expression when it is first needed: the program
// that judges a message explains nothing, and should not wait for it.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
