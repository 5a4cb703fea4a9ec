package choose

import (
	"fmt"
	"path"
	"strings"
)

const pageIntro = `# Which mechanism?

Written by ` + "`make test`" + ` and ` + "`make bench-ipc`" + `; ` + "`ipclab choose`" + ` ranks the same by what you need.

Every word in the first table is a fact that a scenario of the library demonstrated in a
machine: actors in their domains tried it, and the kernel let it happen or did
not. The link leads to the scenario, whose ` + "`flows`, `backchannels` and `revocations`" + ` say what was
tried. Tests play them all again, and fail if a word here changes.

- **One way**: what one may tell the other, the other may not tell the one.
- **Taken away**: what an open channel does once the rule that allowed it is gone.
- **Back channels**: by which bits came back all the same, and those that SELinux stopped.
- **Label**: whose type the rules are about: one of the object's own, or its maker's domain. With
  its maker's, two objects of one maker cannot be told apart; a maker of its own is the
  remedy (so SIPC has a helper).
`

// Page is docs/choose.md.
func (g *Guide) Page() string {
	var b strings.Builder
	b.WriteString(pageIntro)
	b.WriteString("\n| mechanism | one way | taken away | open back channels | closed back channels | label |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, r := range g.Rows {
		fmt.Fprintf(&b, "| **%s** | %s | %s | %s | %s | %s |\n", r.Title, link(r.Shown.Direction, yesNo(r.Shown.Direction.Value)), link(r.Shown.Revocation, r.Shown.Revocation.Value),
			links(r.Shown.Open, "none seen"), links(r.Shown.Closed, "none tried"), link(r.Shown.Label, r.Shown.Label.Value))
	}
	b.WriteString("\n## What was seen\n\n")
	for _, r := range g.Rows {
		fmt.Fprintf(&b, "- **%s** (%s): %s. %s. %s.%s\n", r.Title, link(r.Shown.Direction, "scenario "+r.Scenario), r.Shown.Direction.Text, upper(r.Shown.Revocation.Text), r.Shown.Label.Text, channelsText(r.Shown))
	}
	b.WriteString(g.manual())
	b.WriteString(g.speeds())
	return b.String()
}

// link leads from docs/ to the scenario that demonstrates a fact.
func link(f Fact, text string) string { return fmt.Sprintf("[%s](%s)", text, path.Join("..", f.File)) }

func links(facts []Fact, none string) string {
	var all []string
	for _, f := range facts {
		all = append(all, link(f, f.Value))
	}
	if len(all) == 0 {
		return none
	}
	return strings.Join(all, ", ")
}

func channelsText(s Shown) string {
	var b strings.Builder
	for _, f := range s.Open {
		fmt.Fprintf(&b, " Back channel `%s`: %s.", f.Value, f.Text)
	}
	for _, f := range s.Closed {
		fmt.Fprintf(&b, " Back channel `%s`: %s.", f.Value, f.Text)
	}
	return b.String()
}

func yesNo(direction string) string {
	if direction == "one-way" {
		return "yes"
	}
	return "no"
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// manual is what manuals say.
func (g *Guide) manual() string {
	var b strings.Builder
	b.WriteString("\n## What manuals say\n\n| mechanism | unrelated processes | both ways in one | what arrives | largest | standard | for |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range g.Rows {
		finding, twoWay, most := "find it by name", "no", "no bound"
		if r.Finding == "handed" {
			finding = "no: a descriptor is handed over"
		}
		if r.TwoWay {
			twoWay = "yes"
		}
		if r.Most > 0 {
			most = bytesText(r.Most)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.Title, finding, twoWay, r.Unit, most, r.Standard, r.For)
	}
	return b.String()
}

// speeds are the measured ones.
func (g *Guide) speeds() string {
	var b strings.Builder
	c := g.Computer
	fmt.Fprintf(&b, "\n## How fast\n\nMedians of %d rounds on %s: %s, %d processors, %s, %s, on the host without SELinux. Two processes, one way, each message copied out of\n"+
		"private memory and into it. Messages that are too large for a mechanism go in parts. Shared memory holds one message, and\n"+
		"its ends take turns: System V's by two semaphores, POSIX's by a futex. The rate of semaphores is that of System V's turns. *Under way*: 64 bytes to a receiver that sleeps.\n\n"+
		"| mechanism | %s a second | %s a second | MB/s with these | under way |\n| --- | ---: | ---: | ---: | ---: |\n",
		c.Rounds, c.Date, c.Processor, c.Processors, c.Kernel, c.Go, bytesText(g.Rows[0].Speed.Small.Size), bytesText(g.Rows[0].Speed.Large.Size))
	for _, r := range g.Rows {
		s := r.Speed
		large, volume := count(s.Large.PerSecond), fmt.Sprintf("%.0f", s.Large.PerSecond*float64(s.Large.Size)/1e6)
		if r.Unit == "numbers" {
			large, volume = "", ""
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.0f µs |\n", r.Title, count(s.Small.PerSecond), large, volume, s.Latency)
	}
	return b.String()
}
