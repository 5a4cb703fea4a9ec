// Package nearest finds the word that a misspelt one was probably meant to be.
package nearest

// Word gives the candidate that differs least from a word, by fewer than limit
// letters; empty when none does.
func Word(word string, candidates []string, limit int) string {
	best, least := "", limit
	for _, c := range candidates {
		if d := distance(word, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two words, in bytes. Words that are
// too long to be misspellings of one another are far apart without counting.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
