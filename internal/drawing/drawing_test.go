package drawing_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"ipclab/internal/drawing"
	"ipclab/internal/drawing/drawingtest"
)

// layouts is the layout program, which TestMain builds.
var layouts drawing.Program

func TestMain(m *testing.M) { os.Exit(withProgram(m)) }

func withProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ipclab-drawing-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if layouts, err = drawingtest.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func program() drawing.Program { return layouts }

// everything has every shape and every style.
func everything() *drawing.Graph {
	g := &drawing.Graph{Title: "Everything", Subtitle: "that can be drawn", Words: []string{"A tells B."}}
	for _, shape := range []drawing.Shape{drawing.Actor, drawing.Pipe, drawing.Document, drawing.Queue, drawing.Memory, drawing.Counter, drawing.Socket, drawing.Network, drawing.Handle, drawing.Signal, drawing.End} {
		g.Nodes = append(g.Nodes, drawing.Node{Name: string(shape), Details: []string{"one", "two"}, Shape: shape})
	}
	for i := range len(g.Nodes) - 1 {
		g.Arrows = append(g.Arrows, drawing.Arrow{From: i, To: i + 1, Style: drawing.Wanted, Label: []string{"write"}})
	}
	g.Arrows = append(g.Arrows,
		drawing.Arrow{From: 5, To: 0, Style: drawing.Forbidden, Crossed: true, Label: []string{"✗ SELinux", "file write"}, Title: "no"},
		drawing.Arrow{From: 4, To: 0, Style: drawing.Back, Loose: true, Label: []string{"full · 3 bit/s"}},
		drawing.Arrow{From: 3, To: 3, Style: drawing.Attempt},
		drawing.Arrow{From: 3, To: 2, Style: drawing.Forbidden, Number: 1})
	g.Notes = []drawing.Note{{1, "what must not be"}}
	return g
}

// hostile has text that would like to be more than text.
func hostile() *drawing.Graph {
	g := everything()
	texts := hostileTexts()
	g.Title, g.Subtitle, g.Words = texts[0], texts[1], texts
	for i := range g.Nodes {
		g.Nodes[i].Name, g.Nodes[i].Details = texts[i%len(texts)], texts
	}
	for i := range g.Arrows {
		g.Arrows[i].Label, g.Arrows[i].Title = texts[i%len(texts):], texts[i%len(texts)]
	}
	g.Notes = []drawing.Note{{1, texts[0]}, {2, texts[1]}}
	return g
}

func hostileTexts() []string {
	return []string{
		`"]; n99 [label="x`, `<script>alert(1)</script>`, "two\nlines\r\x00\x1b[31m", "\u202egnp.exe\u200f\u2066", `\N\G\l\`, "&lt;&#60;&amp;]]>",
		"\xff\xfe", strings.Repeat("w", 500), "", `</title></svg>`, "<<b>html</b>>", "名前", `" onload="x`,
	}
}

func draw(t testing.TB, g *drawing.Graph, layout drawing.Layout) string {
	t.Helper()
	var b strings.Builder
	if err := g.SVG(context.Background(), layout, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements gives the names of all elements and the text of all together; it fails where the
// picture is no XML.
func elements(t testing.TB, svg string) (names map[string]int, text string) {
	t.Helper()
	names = map[string]int{}
	var all strings.Builder
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, all.String()
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names[token.Name.Local]++
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("an attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			all.Write(token)
		}
	}
}

func TestEverythingIsDrawn(t *testing.T) {
	layout := program()
	g := everything()
	svg := draw(t, g, layout)
	names, text := elements(t, svg)
	if names["title"] != 1+len(g.Nodes)+len(g.Arrows)+4 || names["desc"] != 1 { // four arrows in the legend
		t.Errorf("%d titles and %d descriptions", names["title"], names["desc"])
	}
	for _, want := range []string{"Everything", "A tells B.", "counter", "✗ SELinux", "full · 3 bit/s", "what must not be", "must come through"} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if n := strings.Count(svg, `class="cross"`); n != 2 { // one in the legend
		t.Errorf("%d crosses", n)
	}
	if again := draw(t, g, layout); again != svg {
		t.Error("the same graph gives another picture")
	}
	if strings.Contains(svg, "http") && strings.Count(svg, "http") != 1 { // the namespace
		t.Error("the picture refers to something outside")
	}
}

func TestTextStaysText(t *testing.T) {
	svg := draw(t, hostile(), program())
	names, text := elements(t, svg)
	for name := range names {
		if !strings.Contains(" svg title desc style rect g path circle ellipse text ", " "+name+" ") {
			t.Errorf("an element %s", name)
		}
	}
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("a character %U", r)
		}
	}
	if plain, _ := elements(t, draw(t, everything(), program())); names["g"] != plain["g"] {
		t.Errorf("%d groups instead of %d: text made nodes or arrows", names["g"], plain["g"])
	}
	for _, want := range []string{"<script>alert(1)</script>", "<U+202E>gnp.exe", "&lt;&#60;", `\N\G\l\`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not shown as it is", want)
		}
	}
}

func TestEmptyAndLargeGraphs(t *testing.T) {
	layout := program()
	if _, text := elements(t, draw(t, &drawing.Graph{Title: "nothing"}, layout)); !strings.Contains(text, "nothing") {
		t.Error("an empty graph has no title")
	}
	large := &drawing.Graph{Title: "forty"}
	for i := range 40 {
		large.Nodes = append(large.Nodes, drawing.Node{Name: "s", Shape: drawing.Actor})
		large.Arrows = append(large.Arrows,
			drawing.Arrow{From: i, To: (i * 7) % 40, Style: drawing.Wanted}, drawing.Arrow{From: i, To: (i * 11) % 40, Style: drawing.Back, Loose: true, Label: []string{"full"}})
	}
	if names, _ := elements(t, draw(t, large, layout)); names["g"] != 1+40+80+2 {
		t.Errorf("%d groups", names["g"])
	}
}

// fixed is a layout that answers what it is told to.
type fixed struct {
	p   drawing.Placement
	err error
}

func (f fixed) Place(context.Context, string) (drawing.Placement, error) { return f.p, f.err }

func TestTroubleIsTold(t *testing.T) {
	ctx := context.Background()
	hangs := filepath.Join(t.TempDir(), "hangs")
	fails := filepath.Join(t.TempDir(), "fails")
	talks := filepath.Join(t.TempDir(), "talks")
	for path, script := range map[string]string{hangs: "exec sleep 100", fails: "echo no such shape >&2; exit 1", talks: "echo hello"} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct {
		g      *drawing.Graph
		ctx    context.Context
		layout drawing.Layout
		want   string
	}{
		"an arrow leads nowhere":   {&drawing.Graph{Arrows: []drawing.Arrow{{From: 0, To: 1}}}, ctx, fixed{}, "arrow 0 leads from node 0 to 1, and there are 0"},
		"the program is missing":   {everything(), ctx, drawing.Program{Path: filepath.Join(t.TempDir(), "none"), Cache: t.TempDir()}, "is not there"},
		"the program fails":        {everything(), ctx, drawing.Program{Path: fails, Cache: t.TempDir()}, "fails: no such shape"},
		"the program talks":        {everything(), ctx, drawing.Program{Path: talks, Cache: t.TempDir()}, "no placement"},
		"given up":                 {everything(), cancelled, drawing.Program{Path: hangs, Cache: t.TempDir()}, "canceled"},
		"it takes too long":        {everything(), ctx, fixed{err: context.DeadlineExceeded}, "no layout was found within 1m0s for 11 nodes and 14 arrows"},
		"not everything is placed": {everything(), ctx, fixed{}, "places 0 nodes and 0 arrows, and the graph has 11 and 14"},
	} {
		err := c.g.SVG(c.ctx, c.layout, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var hinted interface{ Hint() string }
	err := drawing.Program{Path: "/none", Cache: t.TempDir()}
	if _, trouble := err.Place(ctx, ""); !errors.As(trouble, &hinted) || !strings.Contains(hinted.Hint(), "make build") {
		t.Errorf("a missing program gives no hint: %v", trouble)
	}
}

// The cache holds what is run.
func TestTheCacheIsTheUsersAlone(t *testing.T) {
	layout := program()
	if _, err := layout.Place(context.Background(), "digraph { a [id=n0] }"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(layout.Cache)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache has mode %v (%v)", info.Mode(), err)
	}
	if found, _ := filepath.Glob(filepath.Join(layout.Cache, "go-graphviz", "*")); len(found) == 0 {
		t.Error("nothing is kept there")
	}
}

func TestLayoutRefusesWhatItCannotPlace(t *testing.T) {
	layout := program()
	for dot, want := range map[string]string{
		"digraph {":                       "cannot read the graph",
		"digraph { a }":                   `id "" where n and a number must stand`,
		"digraph { a [id=n99999999999] }": "where n and a number must stand",
	} {
		if _, err := layout.Place(context.Background(), dot); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dot, err)
		}
	}
}

// Whatever the text, picture and graph keep their form.
func FuzzText(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := &drawing.Graph{
			Title: text, Subtitle: text, Words: []string{text}, Notes: []drawing.Note{{1, text}},
			Nodes:  []drawing.Node{{Name: text, Details: []string{text}, Shape: drawing.Actor}, {Name: text, Shape: drawing.Pipe}},
			Arrows: []drawing.Arrow{{From: 0, To: 1, Style: drawing.Wanted, Label: []string{text}, Title: text, Number: 1}},
		}
		layout := fixed{p: drawing.Placement{Width: 100, Height: 50, Nodes: make([]drawing.Point, 2), Routes: []drawing.Route{{Curve: make([]drawing.Point, 4)}}}}
		if names, _ := elements(t, draw(t, g, layout)); names["g"] != 5 {
			t.Errorf("%d groups", names["g"])
		}
		dot, err := g.DOT()
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(dot, "\n"); n != 8 {
			t.Errorf("%d lines of DOT:\n%s", n, dot)
		}
	})
}
