package redteam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// row is a line of the table.
type row struct {
	attack        *Attack
	outcome, real string
}

// held says whether the grader did what it should, and the attack is none of
// straw.
func (r *row) held() bool { return r.outcome == r.attack.expectation() && r.real == "yes" }

// printTable prints attack, expectation and outcome for people.
func printTable(t *testing.T, attacks []*Attack, rows map[string]*row) {
	var b strings.Builder
	line := func(cells ...any) { fmt.Fprintf(&b, "%-38s %-42s %-42s %-9s %s\n", cells...) }
	line("attack", "expectation", "outcome", "real", "held")
	held := 0
	for _, a := range attacks {
		r, verdict := rows[a.Name], "NO"
		if r.held() {
			verdict, held = "yes", held+1
		}
		line(a.Name, a.expectation(), r.outcome, r.real, verdict)
	}
	fmt.Fprintf(&b, "%d of %d attacks held\n", held, len(attacks))
	if testing.Verbose() {
		fmt.Print(b.String())
	}
	if held < len(attacks) {
		t.Errorf("%d attacks did not hold", len(attacks)-held)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
