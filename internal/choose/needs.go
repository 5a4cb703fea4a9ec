package choose

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/nearest"
)

// Needs are what somebody asks of a mechanism. The zero value asks nothing.
type Needs struct {
	Direction string  // "one-way", "two-way", or empty
	Size      int     // of a message, in bytes; 0: not said
	Rate      float64 // messages a second; 0: not said
	Unrelated bool    // neither process gets a descriptor from the other
	Revocable bool    // a right that is taken away ends an open channel
	// Accept names the back channels that are tolerated, and no other ones are. nil: all.
	Accept   []string
	Label    string // "own": each object has a type of its own; or empty
	Standard string // "posix": what POSIX has everywhere; "xsi": its options too; or empty
}

// NeedError is a need in words that nobody knows.
type NeedError struct {
	What, Text string
	Known      []string
}

// Error names it.
func (e *NeedError) Error() string {
	return fmt.Sprintf("%s cannot be %q", e.What, e.Text)
}

// Hint gives what it may be.
func (e *NeedError) Hint() string {
	if near := nearest.Word(e.Text, e.Known, 2); near != "" {
		return fmt.Sprintf("did you mean %q? It may be: %s", near, strings.Join(e.Known, ", "))
	}
	return "it may be: " + strings.Join(e.Known, ", ")
}

// check finds words that nobody knows. An error is a *NeedError.
func (n Needs) check(g *Guide) error {
	for _, word := range []struct {
		what, text string
		known      []string
	}{
		{"the direction", n.Direction, []string{"one-way", "two-way"}},
		{"the label", n.Label, []string{"own"}},
		{"the standard", n.Standard, []string{"posix", "xsi"}},
	} {
		if word.text != "" && !slices.Contains(word.known, word.text) {
			return &NeedError{word.what, word.text, word.known}
		}
	}
	known := g.channels()
	for _, name := range n.Accept {
		if !slices.Contains(known, name) {
			return &NeedError{"a tolerated back channel", name, known}
		}
	}
	if n.Size < 0 || n.Rate < 0 {
		return &NeedError{"a size or a rate", "less than 0", []string{"0 or more"}}
	}
	return nil
}

// channels are the names of all back channels that were demonstrated.
func (g *Guide) channels() []string {
	var names []string
	for _, r := range g.Rows {
		for _, f := range slices.Concat(r.Shown.Open, r.Shown.Closed) {
			names = append(names, f.Value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Reason is why a mechanism falls short of a need.
type Reason struct {
	Need string `json:"need"` // direction, size, rate, unrelated, revocable, accept, label, standard
	Text string `json:"text"`
	// Half says that there is a way around, which Text names.
	Half bool `json:"half,omitempty"`
}

// reasons are all that a mechanism falls short of.
func (n Needs) reasons(r Row) []Reason {
	var all []Reason
	add := func(short bool, need string, half bool, format string, args ...any) {
		if short {
			all = append(all, Reason{need, fmt.Sprintf(format, args...), half})
		}
	}
	add(n.Direction == "one-way" && r.Shown.Direction.Value != "one-way", "direction", false, "SELinux does not hold it one-way: %s", r.Shown.Direction.Text)
	add(n.Direction == "two-way" && !r.TwoWay, "direction", true, "it leads one way: it takes two of them")
	tooLarge := r.Most > 0 && n.Size > r.Most
	add(tooLarge && r.Unit == "messages", "size", true, "a message has at most %s, so this one goes in parts", bytesText(r.Most))
	add(tooLarge && r.Unit != "messages", "size", false, "it carries %s of %s", r.Unit, bytesText(r.Most))
	if perSecond := r.Speed.PerSecond(n.size()); n.Rate > 0 {
		add(perSecond < n.Rate, "rate", false, "about %s of %s went through in a second", count(perSecond), bytesText(n.size()))
	}
	add(n.Unrelated && r.Finding == "handed", "unrelated", false, "one process has to get its descriptor from the other")
	add(n.Revocable && r.Shown.Revocation.Value != "stops", "revocable", r.Shown.Revocation.Value == "partly", "%s", r.Shown.Revocation.Text)
	if n.Accept != nil {
		add(len(r.Shown.Open)+len(r.Shown.Closed) == 0, "accept", true, "no scenario tried a back channel of it")
		for _, f := range r.Shown.Open {
			add(!slices.Contains(n.Accept, f.Value), "accept", false, "back channel %q is open: %s", f.Value, f.Text)
		}
	}
	add(n.Label == "own" && r.Shown.Label.Value != "own", "label", true, "it has its maker's type: a program of another domain has to make it")
	add(n.Standard == "posix" && r.Standard != "posix" || n.Standard == "xsi" && r.Standard == "linux", "standard", false, "%s", standards(r.Standard))
	return all
}

// size is the size of a message, or that of a small one if nothing was said.
func (n Needs) size() int {
	if n.Size == 0 {
		return 64
	}
	return n.Size
}

func standards(name string) string {
	return map[string]string{
		"posix": "every POSIX system has it", "xsi": "only systems with POSIX's XSI option have it",
		"linux": "it is this project's, and for Linux",
	}[name]
}

// Choice is a mechanism with its rank.
type Choice struct {
	Rank    int      `json:"rank"`
	Suits   bool     `json:"suits"` // falls short of nothing
	Reasons []Reason `json:"reasons,omitempty"`
	// PerSecond is about how many messages of the size asked for (else 64 bytes) go
	// through in a second.
	PerSecond float64 `json:"per_second"`
	Row
}

// Choose ranks all mechanisms: those that fall short of less come first, then
// those with fewer open back channels, then faster ones. An error is a
// *NeedError.
func (g *Guide) Choose(n Needs) ([]Choice, error) {
	if err := n.check(g); err != nil {
		return nil, err
	}
	var all []Choice
	for _, r := range g.Rows {
		reasons := n.reasons(r)
		all = append(all, Choice{Suits: len(reasons) == 0, Reasons: reasons, PerSecond: r.Speed.PerSecond(n.size()), Row: r})
	}
	slices.SortStableFunc(all, before)
	for i := range all {
		all[i].Rank = i + 1
	}
	return all, nil
}

// before orders two choices.
func before(a, b Choice) int {
	switch x, y := shortage(a.Reasons), shortage(b.Reasons); {
	case x != y:
		return x - y
	case a.leaks() != b.leaks():
		return a.leaks() - b.leaks()
	case a.PerSecond > b.PerSecond:
		return -1
	case a.PerSecond < b.PerSecond:
		return 1
	}
	return 0
}

// leaks is how many back channels are open. Where none was tried, one is taken
// to be.
func (c Choice) leaks() int {
	if len(c.Shown.Open)+len(c.Shown.Closed) == 0 {
		return 1
	}
	return len(c.Shown.Open)
}

// shortage adds up what a mechanism falls short of: what has a way around counts
// half.
func shortage(reasons []Reason) int {
	sum := 0
	for _, r := range reasons {
		if r.Half {
			sum++
		} else {
			sum += 2
		}
	}
	return sum
}
