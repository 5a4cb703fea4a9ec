package yamlfile

import (
	"fmt"

	near "ipclab/internal/nearest"
)

// DidYouMean is a question that names the candidate nearest to a misspelt
// word, with a space before it, or nothing when none is near.
func DidYouMean(word string, candidates []string) string {
	if meant := Nearest(word, candidates); meant != "" {
		return fmt.Sprintf(" (did you mean %q?)", meant)
	}
	return ""
}

// Nearest is the candidate that a misspelt word was probably meant to be;
// empty when none is near.
func Nearest(word string, candidates []string) string {
	return near.Word(word, candidates, 1+max(1, (len(word)+1)/3))
}
