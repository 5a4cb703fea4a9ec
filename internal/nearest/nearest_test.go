package nearest

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	names := []string{"hints", "title", "points"}
	for _, test := range []struct {
		word  string
		limit int
		want  string
	}{
		{"hint", 3, "hints"},
		{"hints", 1, "hints"},
		{"point", 3, "points"},
		{"hint", 1, ""},
		{"zebra", 3, ""},
		{"", 3, ""},
		{strings.Repeat("x", 1000), 3, ""},
	} {
		if got := Word(test.word, names, test.limit); got != test.want {
			t.Errorf("Word(%.10q, %d) = %q, want %q", test.word, test.limit, got, test.want)
		}
	}
}
