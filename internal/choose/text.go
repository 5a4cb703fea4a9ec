package choose

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Paint colours words of a text. Nothing is said by colour alone.
type Paint struct{ Good, Bad, Faint, Bold func(string) string }

// Plain paints nothing.
func Plain() Paint {
	same := func(text string) string { return text }
	return Paint{same, same, same, same}
}

// width is that of a terminal that everybody has.
const width = 80

// Text is the ranked table for a terminal of 80 columns, and below it what each
// mechanism that does not suit falls short of.
func Text(all []Choice, n Needs, p Paint) string {
	var b strings.Builder
	rate := bytesText(n.size()) + "/s"
	head := line("", "", "MECHANISM", "ONE WAY", "TAKEN AWAY", "BACK CHANNELS", "LABEL", rate, "µs")
	b.WriteString(p.Bold(head) + "\n")
	for _, c := range all {
		mark := "yes"
		if !c.Suits {
			mark = "no"
		}
		text := line(fmt.Sprint(c.Rank), mark, c.Name, oneWay(c), c.Shown.Revocation.Value, open(c), c.Shown.Label.Value, rateText(c, n), fmt.Sprintf("%.0f", c.Speed.Latency))
		if !c.Suits {
			text = p.Faint(text)
		}
		b.WriteString(text + "\n")
	}
	b.WriteString(shortages(all, p))
	return b.String() + "\n" + p.Faint(legend)
}

const legend = `ONE WAY: SELinux stops what flows back. TAKEN AWAY: what an open channel does
once the right is gone. BACK CHANNELS: open all the same. LABEL: a type of its
own, or its maker's. /s: messages a second, µs: to a sleeping receiver, both on
the computer where it was measured. Scenarios demonstrate what is said before
that: ipclab scenario show NAME. Links to every fact: docs/choose.md
`

// line is a row of the table.
func line(rank, suits, name, oneWay, revoked, back, label, rate, latency string) string {
	return strings.TrimRight(fmt.Sprintf("%2s %-4s%s%s%s%s%s%8s %5s", rank, suits, pad(name, 13), pad(oneWay, 9), pad(revoked, 12), pad(back, 16), pad(label, 7), rate, latency), " ")
}

// pad makes a text so many columns wide.
func pad(text string, columns int) string {
	runes := utf8.RuneCountInString(text)
	if runes >= columns {
		return string([]rune(text)[:columns-2]) + "… "
	}
	return text + strings.Repeat(" ", columns-runes)
}

// rateText is how many messages go through in a second, where that means something.
func rateText(c Choice, n Needs) string {
	if c.Unit == "numbers" && n.Size > c.Most {
		return "-"
	}
	return count(c.PerSecond)
}

func oneWay(c Choice) string {
	if c.Shown.Direction.Value == "one-way" {
		return "yes"
	}
	return "no"
}

// open names the open back channels.
func open(c Choice) string {
	var names []string
	for _, f := range c.Shown.Open {
		names = append(names, f.Value)
	}
	switch {
	case len(names) > 0:
		return strings.Join(names, ", ")
	case len(c.Shown.Closed) == 0:
		return "none tried"
	}
	return "none seen"
}

// shortages tells what does not suit, and why.
func shortages(all []Choice, p Paint) string {
	var b strings.Builder
	for _, c := range all {
		for i, r := range c.Reasons {
			name := ""
			if i == 0 {
				name = c.Name
			}
			word := p.Bad("no: ")
			if r.Half {
				word = "but: "
			}
			b.WriteString(pad(name, 13) + word + fold(r.Text, 18) + "\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nWhat falls short of what you asked:\n" + b.String()
}

// fold breaks a text into lines that fit behind so many columns.
func fold(text string, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		size := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+size > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += size
	}
	return b.String()
}

// count is a number with a unit, such as "1.2 M".
func count(n float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if n >= unit.of {
			return fmt.Sprintf("%.3g%s", n/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%.3g", n)
}

// bytesText is a size, such as "64 KiB".
func bytesText(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
