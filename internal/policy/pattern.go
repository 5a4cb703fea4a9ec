package policy

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used: programs
// that start often have this package in them and read no text.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
