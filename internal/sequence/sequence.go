// Package sequence draws sequence diagrams of what happened: who sent what to
// whom, who stood blocked meanwhile, what things held. Events come one by one,
// as they do from a trace, and are shown live in a terminal ([Terminal]), as a
// line of text each ([Diagram.Line]), or all together as an SVG ([Diagram.SVG]).
//
// It draws and decides nothing: it knows neither channels nor policies, and
// takes events in the order in which they are given to it.
package sequence

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Participant is a column of the diagram.
type Participant struct {
	ID   string // what events call it; one word
	Name string // what is shown
	Note string // shown below the name, such as a process number; may be empty
	// Thing is what does nothing by itself: a queue, a file. Others are actors.
	Thing bool
}

// Diagram is a whole sequence, or one that still grows.
type Diagram struct {
	Title        string
	Summary      string // a sentence or two: what is seen here
	Participants []Participant
	Events       []Event
}

// Event is one of [Message], [Note], [Hold], [Block] and [Resume].
type Event interface {
	when() time.Duration
	about() []string // the participants that it names
}

// Message is something that goes from one participant to another.
type Message struct {
	At       time.Duration // since the beginning
	From, To string
	Text     string
	// Refused is a message that did not arrive: a denied attempt, a full queue.
	Refused bool
}

// Note is a remark on one participant.
type Note struct {
	At   time.Duration
	On   string
	Text string
}

// Hold says what a participant holds from now on: the messages in a queue, the
// bytes in a segment. Nothing is shown as being empty.
type Hold struct {
	At    time.Duration
	On    string
	Items []string
}

// Block says that a participant waits from now on, and for what.
type Block struct {
	At  time.Duration
	On  string
	Why string
}

// Resume ends what Block began.
type Resume struct {
	At time.Duration
	On string
}

func (e Message) when() time.Duration { return e.At }
func (e Note) when() time.Duration    { return e.At }
func (e Hold) when() time.Duration    { return e.At }
func (e Block) when() time.Duration   { return e.At }
func (e Resume) when() time.Duration  { return e.At }

func (e Message) about() []string { return []string{e.From, e.To} }
func (e Note) about() []string    { return []string{e.On} }
func (e Hold) about() []string    { return []string{e.On} }
func (e Block) about() []string   { return []string{e.On} }
func (e Resume) about() []string  { return []string{e.On} }

// UnknownError is an event about somebody who is no participant.
type UnknownError struct{ ID string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("sequence: there is no participant %q", e.ID)
}

// check says whether all that an event names takes part.
func (d *Diagram) check(e Event) error {
	for _, id := range e.about() {
		if d.lane(id) < 0 {
			return &UnknownError{id}
		}
	}
	return nil
}

// lane is the number of a participant's column, -1 if there is none.
func (d *Diagram) lane(id string) int {
	for i, p := range d.Participants {
		if p.ID == id {
			return i
		}
	}
	return -1
}

// name is what a participant is called, without anything that a terminal or a
// page would take for more than text.
func (d *Diagram) name(id string) string {
	if i := d.lane(id); i >= 0 {
		return clean(d.Participants[i].Name)
	}
	return clean(id)
}

// Line is an event as one line of text, without its end: the time, and what happened.
func (d *Diagram) Line(e Event) string {
	return fmt.Sprintf("%10s  %s", clock(e.when()), d.words(e))
}

// words says what happened.
func (d *Diagram) words(e Event) string {
	switch e := e.(type) {
	case Message:
		if e.Refused {
			return fmt.Sprintf("%s ─✗ %s: %s", d.name(e.From), d.name(e.To), clean(e.Text))
		}
		return fmt.Sprintf("%s → %s: %s", d.name(e.From), d.name(e.To), clean(e.Text))
	case Note:
		return fmt.Sprintf("%s: %s", d.name(e.On), clean(e.Text))
	case Hold:
		return fmt.Sprintf("%s holds %s", d.name(e.On), list(e.Items))
	case Block:
		return fmt.Sprintf("%s is blocked: %s", d.name(e.On), clean(e.Why))
	case Resume:
		return fmt.Sprintf("%s goes on", d.name(e.On))
	}
	return ""
}

func list(items []string) string {
	if len(items) == 0 {
		return "nothing"
	}
	return clean(strings.Join(items, ", "))
}

// clock writes a time so that it fits into eight columns.
func clock(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.3f ms", d.Seconds()*1e3)
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	case d < 100*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// clean replaces what is no printable character: traces carry other people's text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// wrap breaks text into lines of at most width runes, at spaces where it can.
func wrap(s string, width int) []string {
	var lines []string
	line := []rune{}
	for _, word := range strings.Fields(clean(s)) {
		next := []rune(word)
		if len(line) > 0 && len(line)+1+len(next) > width {
			lines, line = append(lines, string(line)), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, next...)
		for len(line) > width {
			lines, line = append(lines, string(line[:width])), line[width:]
		}
	}
	return append(lines, string(line))
}

// shorten cuts text to at most width runes, and shows that it did.
func shorten(s string, width int) string {
	r := []rune(clean(s))
	if len(r) <= width {
		return string(r)
	}
	if width <= 1 {
		return strings.Repeat("…", max(width, 0))
	}
	return string(r[:width-1]) + "…"
}
