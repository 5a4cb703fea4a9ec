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
not. The link leads to what was seen, and from there to the scenario, whose ` + "`flows`,\n`backchannels` and `revocations`" + ` say what was tried. Tests play them all again, and fail if a word here changes.

- **One way**: what one may tell the other, the other may not tell the one.
- **Taken away**: what an open channel does once the rule that allowed it is gone.
- **Back channels**: by which bits came back all the same, and those that SELinux stopped. Only
  what a scenario tried is here; [channels.map](../internal/flow/channels.map) has all that are known.
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
		cells := []string{"**" + r.Title + "**"}
		for _, c := range r.cells() {
			cells = append(cells, c.links(r.Name))
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	b.WriteString("\n## What was seen\n")
	for _, r := range g.Rows {
		b.WriteString(r.seen())
	}
	b.WriteString(g.manual())
	b.WriteString(g.speeds())
	return b.String()
}

// cell is a cell of the first table: facts, and what stands there without any.
type cell struct {
	title string
	facts []Fact
	none  string
}

// cells are those of a row, in the table's order.
func (r Row) cells() []cell {
	direction := r.Shown.Direction
	direction.Value = yesNo(direction.Value)
	return []cell{
		{"one way", []Fact{direction}, ""}, {"taken away", []Fact{r.Shown.Revocation}, ""},
		{"open", r.Shown.Open, "none seen"}, {"closed", r.Shown.Closed, "none tried"}, {"label", []Fact{r.Shown.Label}, ""},
	}
}

// links lead to the facts on this page.
func (c cell) links(name string) string {
	var all []string
	for i, f := range c.facts {
		all = append(all, fmt.Sprintf("[%s](#%s)", f.Value, c.anchor(name, i)))
	}
	if len(all) == 0 {
		return c.none
	}
	return strings.Join(all, ", ")
}

// anchor names the place of a fact on the page.
func (c cell) anchor(name string, i int) string {
	return strings.ReplaceAll(fmt.Sprintf("%s-%s-%d", name, c.title, i+1), " ", "-")
}

// seen tells all facts of a row, each with its scenario.
func (r Row) seen() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\nDemonstrated by the [scenario %s](%s).\n\n", r.Title, r.Scenario, path.Join("..", r.Shown.Direction.File))
	for _, c := range r.cells() {
		for i, f := range c.facts {
			fmt.Fprintf(&b, "- <a id=\"%s\"></a>%s, *%s*: %s ([scenario](%s)).\n", c.anchor(r.Name, i), c.title, f.Value, f.Text, path.Join("..", f.File))
		}
	}
	return b.String()
}

func yesNo(direction string) string {
	if direction == "one-way" {
		return "yes"
	}
	return "no"
}

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
