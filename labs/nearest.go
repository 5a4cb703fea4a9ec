package labs

import (
	"fmt"

	near "ipclab/internal/nearest"
)

// didYouMean is a question that names the candidate nearest to a misspelt
// word, with a space before it, or nothing when none is near.
func didYouMean(word string, candidates []string) string {
	if meant := nearest(word, candidates); meant != "" {
		return fmt.Sprintf(" (did you mean %q?)", meant)
	}
	return ""
}

// nearest is the candidate that a misspelt word was probably meant to be;
// empty when none is near.
func nearest(word string, candidates []string) string {
	return near.Word(word, candidates, 1+max(1, (len(word)+1)/3))
}
