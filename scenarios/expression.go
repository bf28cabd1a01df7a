package scenarios

import (
	"regexp"
	"sync"
)

// expression is a regular expression that is compiled when it is first used:
// commands that play no scenario do not pay for any.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
