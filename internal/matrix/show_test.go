package matrix

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ipclab/scenarios"
)

// differing is a matrix with a finding.
func differing() *Matrix {
	observed := good()
	open(observed)
	return New(fifo(), good(), observed)
}

// crowd is a scenario in which each of n subjects tells each other one something,
// and half of it is forbidden; the view lets everything through.
func crowd(n int) *Matrix {
	s, v := &scenarios.Scenario{Name: "crowd", Title: "Everybody"}, &scenarios.View{}
	for i := range n {
		s.Subjects = append(s.Subjects, scenarios.Subject{Name: fmt.Sprintf("subject%d", i)})
		for j := range n {
			if i == j {
				continue
			}
			f := scenarios.Flow{From: fmt.Sprintf("subject%d", i), To: fmt.Sprintf("subject%d", j), Via: "connection", Want: scenarios.Allow}
			if (i+j)%2 == 0 {
				f.Want = scenarios.Deny
			}
			s.Flows, v.Flows = append(s.Flows, f), append(v.Flows, scenarios.Seen{Outcome: scenarios.Flows})
		}
	}
	return New(s, v, v)
}

// hostile is a scenario whose every text would like to be more than text.
func hostile() *Matrix {
	text := "<script>alert('x')</script>\"&quot;\n\x1b[31m\u202e" + strings.Repeat("w", 200)
	s := fifo()
	s.Name, s.Title, s.About = text, text, text
	s.Subjects[0].Name, s.Objects[0].Name, s.Objects[0].Path = "writer"+text, "fifo"+text, text
	for i := range s.Flows {
		f := &s.Flows[i]
		f.From, f.To = strings.Replace(f.From, "writer", "writer"+text, 1), strings.Replace(f.To, "writer", "writer"+text, 1)
		f.Via, f.How, f.Why = "fifo"+text, text, text
	}
	s.BackChannels[0].How, s.Revocations[0].Boolean = text, text
	v := good()
	for i := range v.Flows {
		v.Flows[i] = scenarios.Seen{Outcome: scenarios.Flows, Text: text, Evidence: []string{text}, When: []string{text}}
	}
	v.Revocations[0] = scenarios.Seen{Outcome: scenarios.Unknown, Text: text}
	v.Notes = []string{text}
	return New(s, v, v)
}

func text(t *testing.T, m *Matrix, look Look) string {
	t.Helper()
	var b strings.Builder
	if err := m.Text(&b, look); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	got := text(t, differing(), Look{Width: 80})
	for _, want := range []string{
		"from ↓ to → │ writer ", "writer      │                                │ →→→ fifo\n",
		"reader      │ ××→!1 fifo", "            │ ~~~ fifo full", "→ comes through, ~ a few bits come, × is stopped\n",
		"reader → writer via fifo (full): 320 bit/s measured, up to 1.0 kbit/s\n", "writer → reader via fifo, with ipclab_open switched off: what is open\n        must stop",
		"1 finding\n\n!1 reader → writer via fifo: must be impossible, and is observed\n   permitted  no rule\n   observed   a rule allows it\n                (allow …)\n   look at    why",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := text(t, New(fifo(), good(), good()), Look{Width: 80}); !strings.Contains(got, "What is intended, permitted and observed agrees.") {
		t.Errorf("it does not say that all agree:\n%s", got)
	}
	if got := text(t, New(fifo(), nil, nil), Look{Width: 80}); !strings.Contains(got, "→·· fifo") || !strings.Contains(got, "only what is intended") {
		t.Errorf("it does not say that nothing was looked at:\n%s", got)
	}
}

func TestTextFitsItsWidth(t *testing.T) {
	for name, c := range map[string]struct {
		m     *Matrix
		width int
	}{"five": {crowd(5), 80}, "forty": {crowd(40), 80}, "narrow": {differing(), 40}, "hostile": {hostile(), 80}} {
		got := text(t, c.m, Look{Width: c.width})
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			if n := width(line); n > c.width && name != "hostile" { // a word of 200 characters
				t.Errorf("%s: %d characters: %s", name, n, line)
			}
			for _, r := range line {
				if !unicode.IsPrint(r) {
					t.Errorf("%s: a character %U in %q", name, r, line)
				}
			}
		}
	}
	if got := text(t, crowd(5), Look{Width: 80}); !strings.Contains(got, "│") {
		t.Errorf("five subjects are no table:\n%s", got)
	}
	if got := text(t, crowd(40), Look{Width: 80}); strings.Contains(got, "│") || !strings.Contains(got, "subject39 → subject0\n  →→→ connection\n") {
		t.Error("forty subjects are no list")
	}
}

// What differs is marked by more than colour, and colour changes no character.
func TestColourIsNotTheOnlySign(t *testing.T) {
	painted := text(t, differing(), Look{Width: 80, Paint: func(tone Tone, s string) string { return fmt.Sprintf("\x1b[%dm%s\x1b[0m", tone, s) }})
	for tone := Quiet; tone <= Loud; tone++ {
		painted = strings.ReplaceAll(painted, fmt.Sprintf("\x1b[%dm", tone), "")
	}
	painted = strings.ReplaceAll(painted, "\x1b[0m", "")
	var trimmed []string
	for line := range strings.SplitSeq(painted, "\n") {
		trimmed = append(trimmed, strings.TrimRight(line, " "))
	}
	if plain := text(t, differing(), Look{Width: 80}); strings.Join(trimmed, "\n") != plain {
		t.Errorf("with colours it says something else:\n%s", painted)
	}
}

func TestGapsAndNotes(t *testing.T) {
	permitted, observed := good(), good()
	permitted.Flows[0] = scenarios.Seen{Outcome: scenarios.Unknown, Text: "a type is missing"}
	permitted.Flows[1].When = []string{"flows if httpd_x is on"}
	permitted.Notes = []string{"levels are left out"}
	observed.Flows[0] = scenarios.Seen{Outcome: scenarios.Unknown, Text: "the actor died"}
	got := text(t, New(fifo(), permitted, observed), Look{Width: 80})
	for _, want := range []string{
		"Not known\n  permitted: writer → reader via fifo: a type is missing\n  observed: writer → reader via fifo: the actor died",
		"reader → writer via fifo: stopped now; it flows if httpd_x is on", "levels are left out",
		"nothing came through fifo when it was tried, so that the denials there have",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	anyWay := fifo()
	anyWay.Flows[1].Via = ""
	observed = good()
	observed.Flows[1] = scenarios.Seen{Outcome: scenarios.Unknown, Text: "nobody tries any way"}
	if gaps := New(anyWay, nil, observed).Gaps(); len(gaps) != 0 {
		t.Errorf("what is only computed is a gap of what is observed: %v", gaps)
	}
}

func TestJSONIsAsTheSchemaSays(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("matrix.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("matrix.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	permitted := good()
	permitted.Pairs = []scenarios.Pair{{From: "reader", To: "writer", Seen: scenarios.Seen{Outcome: scenarios.Stopped, Text: "no path"}}}
	for name, m := range map[string]*Matrix{
		"differing": differing(), "nothing": New(&scenarios.Scenario{Name: "nothing"}, nil, nil), "hostile": hostile(), "crowd": crowd(5),
		"pairs": New(fifo(), permitted, &scenarios.View{}),
	} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := differing().Document()
	if len(d.Findings) != 1 || d.Items[d.Findings[0].Item].Finding != 1 || d.Items[d.Findings[0].Item].From != "reader" {
		t.Errorf("the finding does not lead to its item: %+v", d.Findings)
	}
}

// parse reads a page as XML, which it is too, and gives its elements and text.
func parse(t *testing.T, page string) (names map[string]int, text string) {
	t.Helper()
	names = map[string]int{}
	var all strings.Builder
	for d := xml.NewDecoder(strings.NewReader(page)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, all.String()
		} else if err != nil {
			t.Fatalf("the page is no XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names[token.Name.Local]++
			for _, a := range token.Attr {
				if a.Name.Local == "src" || strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") {
					t.Errorf("an attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			all.Write(token)
		}
	}
}

func TestHTML(t *testing.T) {
	for name, m := range map[string]*Matrix{"differing": differing(), "hostile": hostile(), "nothing": New(&scenarios.Scenario{}, nil, nil)} {
		var b strings.Builder
		if err := m.HTML(&b, `<svg class="picture-here"/>`); err != nil {
			t.Fatal(err)
		}
		names, text := parse(t, b.String())
		if names["script"]+names["link"]+names["img"]+names["iframe"] > 0 || strings.Contains(b.String(), "url(") || strings.Contains(b.String(), "@import") {
			t.Errorf("%s: the page needs something else: %v", name, names)
		}
		if names["svg"] != 1 || names["h1"] != 1 {
			t.Errorf("%s: %v", name, names)
		}
		for _, r := range text {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%s: a character %U", name, r)
			}
		}
		if name == "differing" {
			for _, want := range []string{"must be impossible, and is observed", "(allow …)", "What is intended, permitted and observed differs: one finding."} {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
			if !strings.Contains(b.String(), `aria-label="intended: stopped, permitted: stopped, observed: flows"`) {
				t.Error("the marks cannot be heard")
			}
		}
		if name == "hostile" && !strings.Contains(text, "<script>alert('x')</script>") {
			t.Error("hostile text is not shown as it is")
		}
	}
}

func TestGraph(t *testing.T) {
	g := differing().Graph()
	var arrows []string
	for _, a := range g.Arrows {
		arrows = append(arrows, fmt.Sprintf("%s→%s %s %v %d %s", g.Nodes[a.From].Name, g.Nodes[a.To].Name, a.Style, a.Crossed, a.Number, strings.Join(a.Label, "|")))
	}
	want := []string{
		"writer→fifo wanted false 0 ", "fifo→reader wanted false 0 ",
		"reader→fifo forbidden false 1 ", "fifo→writer forbidden false 1 ",
		"reader→writer back false 0 fifo full · 320 bit/s",
		"reader→writer back true 0 fifo lock|✗ SELinux|fifo_file lock",
	}
	if strings.Join(arrows, "\n") != strings.Join(want, "\n") {
		t.Errorf("arrows:\n%s", strings.Join(arrows, "\n"))
	}
	if len(g.Notes) != 1 || g.Notes[0].Number != 1 {
		t.Errorf("notes %v", g.Notes)
	}
	calm := New(fifo(), nil, nil).Graph()
	if a := calm.Arrows[2]; !a.Crossed || strings.Join(a.Label, "|") != "✗ SELinux|fifo_file write" || len(calm.Arrows) != 5 {
		t.Errorf("the forbidden flow is drawn as %+v", a)
	}
}

// What is refused at the second step is drawn with the first one.
func TestRefusedAtItsEnd(t *testing.T) {
	s := fifo()
	s.Flows = []scenarios.Flow{{From: "writer", To: "reader", Via: "fifo", Want: scenarios.Deny, By: scenarios.ByDAC, Errno: "EACCES", Refused: scenarios.ToEnd}}
	s.BackChannels = nil
	g := New(s, nil, nil).Graph()
	if len(g.Arrows) != 2 || g.Arrows[0].Style != "forbidden" || g.Nodes[g.Arrows[0].From].Name != "fifo" || g.Arrows[1].Style != "attempt" {
		t.Errorf("arrows %+v", g.Arrows)
	}
}

func TestMemory(t *testing.T) {
	for bytes, want := range map[int64]string{1: "1 bytes", 4096: "4 KiB", 65536 << 10: "64 MiB", 1 << 30: "1 GiB", 3 << 40: "3072 GiB"} {
		if got := memory(bytes); got != want {
			t.Errorf("%d bytes are written %q, want %q", bytes, got, want)
		}
	}
}
