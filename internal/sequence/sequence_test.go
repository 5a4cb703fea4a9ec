package sequence

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// washed is a diagram with everything in it.
func washed() *Diagram {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	return &Diagram{
		Title: "Wash & rinse", Summary: "One message goes through <a queue> of one.",
		Participants: []Participant{
			{ID: "a", Name: "sender", Note: "pid 4711"},
			{ID: "s", Name: "segment", Note: "1 slot", Thing: true},
			{ID: "q", Name: "queue", Note: "holds 1", Thing: true},
			{ID: "b", Name: "receiver", Note: "pid 4712"},
		},
		Events: []Event{
			Block{At: 0, On: "b", Why: "the queue is empty"},
			Message{At: ms(1), From: "a", To: "s", Text: `writes "wash"`},
			Hold{At: ms(1), On: "s", Items: []string{`slot 0 "wash"`}},
			Message{At: ms(2), From: "a", To: "q", Text: "DATA_READY 0"},
			Hold{At: ms(2), On: "q", Items: []string{"DATA_READY 0"}},
			Block{At: ms(3), On: "a", Why: "the queue is full"},
			Resume{At: ms(4), On: "b"},
			Message{At: ms(4), From: "q", To: "b", Text: "DATA_READY 0"},
			Hold{At: ms(4), On: "q"},
			Message{At: ms(12), From: "s", To: "b", Text: "reads slot 0, five bytes long, which takes some words to say"},
			Note{At: ms(1500), On: "b", Text: "has read it"},
			Message{At: ms(120000), From: "b", To: "s", Text: "write", Refused: true},
			Message{At: ms(120000), From: "a", To: "a", Text: "thinks"},
		},
	}
}

func TestLines(t *testing.T) {
	d := washed()
	var b strings.Builder
	for _, e := range d.Events {
		b.WriteString(d.Line(e) + "\n")
	}
	want := `  0.000 ms  receiver is blocked: the queue is empty
  1.000 ms  sender → segment: writes "wash"
  1.000 ms  segment holds slot 0 "wash"
  2.000 ms  sender → queue: DATA_READY 0
  2.000 ms  queue holds DATA_READY 0
  3.000 ms  sender is blocked: the queue is full
  4.000 ms  receiver goes on
  4.000 ms  queue → receiver: DATA_READY 0
  4.000 ms  queue holds nothing
   12.0 ms  segment → receiver: reads slot 0, five bytes long, which takes some words to say
    1.50 s  receiver: has read it
     120 s  receiver ─✗ segment: write
     120 s  sender → sender: thinks
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

// screen is what a terminal shows after text was written to it: enough of one
// for what Terminal writes.
func screen(text string) []string {
	var lines []string
	for text != "" {
		if rest, up := strings.CutPrefix(text, "\x1b["); up {
			n := 0
			for rest[0] != 'A' {
				n, rest = n*10+int(rest[0]-'0'), rest[1:]
			}
			lines, text = lines[:len(lines)-n], strings.TrimPrefix(rest[1:], "\r\x1b[J")
			continue
		}
		line, rest, _ := strings.Cut(text, "\n")
		lines, text = append(lines, line), rest
	}
	return lines
}

func TestTerminal(t *testing.T) {
	d := washed()
	var b bytes.Buffer
	term := NewTerminal(&b, d, 82, false)
	for _, e := range d.Events[:6] {
		if err := term.Show(e, "any key: next"); err != nil {
			t.Fatal(err)
		}
	}
	if err := term.Finish(); err != nil {
		t.Fatal(err)
	}
	want := strings.Trim(`
Wash & rinse
One message goes through <a queue> of one.

                sender            segment            queue           receiver
               pid 4711           1 slot            holds 1          pid 4712
0.000 ms           │                 ┊       blocked: the queue is empty █
1.000 ms           ├─ writes "wash" ▶┊                 ┊                 █
2.000 ms           ├────────── DATA_READY 0 ──────────▶┊                 █
3.000 ms           █ blocked: the queue is full        ┊                 █
          ╭─ sender ──────╮ ╭─ segment ─────╮ ╭─ queue ───────╮ ╭─ receiver ────╮
          │ blocked: the  │ │ slot 0 "wash" │ │ DATA_READY 0  │ │ blocked: the  │
          │ queue is full │ │               │ │               │ │ queue is      │
          │               │ │               │ │               │ │ empty         │
          ╰───────────────╯ ╰───────────────╯ ╰───────────────╯ ╰───────────────╯
`, "\n")
	if got := strings.Join(screen(b.String()), "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestTerminalKeepsItsWidth(t *testing.T) {
	for _, columns := range []int{1, 40, 66, 80, 133, 400} {
		var b bytes.Buffer
		d := washed()
		term := NewTerminal(&b, d, columns, false)
		for _, e := range d.Events {
			if err := term.Show(e, strings.Repeat("x", 500)); err != nil {
				t.Fatal(err)
			}
		}
		most := max(columns, NarrowestTerminal(4))
		for _, line := range screen(b.String()) {
			if n := utf8.RuneCountInString(line); n > most {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line)
			}
		}
	}
}

func TestColours(t *testing.T) {
	show := func(colours bool) string {
		var b bytes.Buffer
		d := washed()
		term := NewTerminal(&b, d, 80, colours)
		for _, e := range d.Events {
			term.Show(e, "")
		}
		return b.String()
	}
	with, without := show(true), show(false)
	if !strings.Contains(with, "\x1b[33m") || strings.Contains(without, "\x1b[33m") {
		t.Error("colours are not where they should be")
	}
	for _, code := range []string{bold, faint, alarm, "0"} {
		with = strings.ReplaceAll(with, "\x1b["+code+"m", "")
	}
	if with != without {
		t.Error("colours change more than colours")
	}
}

func TestWriteErrorIsTold(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	d := washed()
	if err := NewTerminal(w, d, 80, false).Show(d.Events[0], ""); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	if err := d.SVG(w); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("SVG: got %v", err)
	}
}

func TestUnknownParticipant(t *testing.T) {
	d := washed()
	var unknown *UnknownError
	for _, e := range []Event{Message{From: "a", To: "x"}, Note{On: "x"}, Hold{On: "x"}, Block{On: "x"}, Resume{On: "x"}} {
		d.Events = []Event{e}
		if err := d.SVG(io.Discard); !errors.As(err, &unknown) || unknown.ID != "x" {
			t.Errorf("SVG of %T: %v", e, err)
		}
		if err := NewTerminal(io.Discard, d, 80, false).Show(e, ""); !errors.As(err, &unknown) {
			t.Errorf("Show of %T: %v", e, err)
		}
	}
}

func TestSVGIsWellFormedAndSaysItInWords(t *testing.T) {
	d := washed()
	d.Title = "a]]><script>\x1b[31m\x00"
	d.Events = append(d.Events, Note{On: "a", Text: "</text><b & \"c\" \u202e"})
	var b bytes.Buffer
	if err := d.SVG(&b); err != nil {
		t.Fatal(err)
	}
	desc, names := readSVG(t, b.Bytes())
	if names["script"] != 0 || names["title"] != 1 || names["desc"] != 1 {
		t.Errorf("elements: %v", names)
	}
	for _, e := range d.Events {
		if words := strings.TrimSpace(d.Line(e)); !strings.Contains(desc, words) {
			t.Errorf("the description does not say %q", words)
		}
	}
	if bytes.ContainsAny(b.Bytes(), "\x1b\x00\u202e") {
		t.Error("control characters are left")
	}
	if bytes.Contains(b.Bytes(), []byte("url(")) || bytes.Contains(b.Bytes(), []byte("href")) {
		t.Error("it needs something else")
	}
}

// readSVG gives the description, and how often each element occurs.
func readSVG(t *testing.T, data []byte) (desc string, names map[string]int) {
	t.Helper()
	names = map[string]int{}
	in := ""
	for dec := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			return desc, names
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
			names[in]++
		case xml.CharData:
			if in == "desc" {
				desc += string(token)
			}
		case xml.EndElement:
			in = ""
		}
	}
}

func TestNobody(t *testing.T) {
	d := &Diagram{}
	if err := d.SVG(io.Discard); err != nil {
		t.Error(err)
	}
	NewTerminal(io.Discard, d, 80, true).Finish()
}

func FuzzDiagram(f *testing.F) {
	f.Add("sender", "text\x1b[2J", 80, 3)
	f.Fuzz(func(t *testing.T, name, text string, columns, n int) {
		d := &Diagram{Title: text, Summary: text, Participants: []Participant{{ID: "a", Name: name, Note: text}, {ID: "b", Name: text, Thing: true}}}
		for range min(max(n, 0), 20) {
			d.Events = append(d.Events, Message{From: "a", To: "b", Text: text}, Hold{On: "b", Items: []string{text, name}}, Block{On: "a", Why: name}, Note{On: "b", Text: text})
		}
		var b bytes.Buffer
		if err := d.SVG(&b); err != nil {
			t.Fatal(err)
		}
		readSVG(t, b.Bytes())
		term := NewTerminal(io.Discard, d, columns, true)
		for _, e := range d.Events {
			if err := term.Show(e, text); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestSample writes a picture for people to look at, if they say where.
func TestSample(t *testing.T) {
	name := os.Getenv("SEQUENCE_SAMPLE")
	if name == "" {
		t.Skip("SEQUENCE_SAMPLE names no file")
	}
	var b bytes.Buffer
	if err := washed().SVG(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
