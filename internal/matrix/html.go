package matrix

import (
	"embed"
	"html/template"
	"io"

	"ipclab/internal/drawing"
	"ipclab/scenarios"
)

//go:embed page.html page.css
var pages embed.FS

// view is what the page's template sees. All texts are made visible, and the
// template escapes them.
type view struct {
	Style, Picture template.HTML
	Name, Title    string
	About          string
	Summary        string
	Agrees         bool
	Columns        []string
	Rows           []rowView
	Items          []itemView // all, one by one
	Revocations    []itemView
	Findings       []findingView
	Gaps, Notes    []string
	Legend         string
}

type rowView struct {
	Name  string
	Cells [][]itemView
}

type itemView struct {
	Text, Label, Marks, Words string
	Intended                  string
	Why                       string
	Views                     []lineView
	Finding                   int
}

type lineView struct {
	Name, Text string
	Evidence   []string
}

type findingView struct {
	Number int
	Text   string
	LookAt []string
	Views  []lineView
	Why    string
}

// HTML writes the matrix as a page that needs nothing else: for light and dark
// screens, narrow ones and paper. The picture is SVG, as internal/drawing writes it;
// empty: none.
func (m *Matrix) HTML(w io.Writer, picture string) error {
	style, err := pages.ReadFile("page.css")
	if err != nil {
		return err
	}
	t, err := template.ParseFS(pages, "page.html")
	if err != nil {
		return err
	}
	v := m.view()
	v.Style, v.Picture = template.HTML("<style>"+string(style)+"</style>"), template.HTML(picture)
	return t.Execute(w, v)
}

func (m *Matrix) view() view {
	s := m.scenario
	v := view{
		Name: drawing.Visible(s.Name), Title: drawing.Visible(title(s)), About: drawing.Visible(s.About),
		Summary: m.subtitle(), Agrees: len(m.findings) == 0, Notes: visible(m.Notes()),
	}
	rows, columns := m.axes()
	v.Columns = visible(columns)
	for _, from := range rows {
		row := rowView{Name: drawing.Visible(from)}
		for _, to := range columns {
			row.Cells = append(row.Cells, itemViews(m.cell(from, to)))
		}
		v.Rows = append(v.Rows, row)
	}
	marks := ""
	for _, i := range m.items {
		marks += i.marks()
		if !i.inCell() {
			v.Revocations = append(v.Revocations, i.view())
		}
	}
	v.Items, v.Legend = itemViews(m.items), markWords(marks)
	for _, f := range m.findings {
		v.Findings = append(v.Findings, findingView{
			Number: f.Number, Text: drawing.Visible(f.Text), LookAt: visible(f.LookAt), Views: f.About.lines(), Why: drawing.Visible(f.About.Why),
		})
	}
	for _, g := range m.Gaps() {
		v.Gaps = append(v.Gaps, drawing.Visible(string(g.View)+": "+g.About.String()+": "+g.Text))
	}
	return v
}

func visible(texts []string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, drawing.Visible(t))
	}
	return all
}

func itemViews(items []*Item) []itemView {
	var all []itemView
	for _, i := range items {
		all = append(all, i.view())
	}
	return all
}

func (i *Item) view() itemView {
	return itemView{
		Text: drawing.Visible(i.String()), Label: i.label(), Marks: i.marks(), Words: i.aloud(), Intended: drawing.Visible(i.intended()),
		Why: drawing.Visible(i.Why), Views: i.lines(), Finding: i.Finding,
	}
}

// aloud are the marks for those who hear them.
func (i *Item) aloud() string {
	text := "intended: " + spoken(&scenarios.Seen{Outcome: i.Wants})
	return text + ", permitted: " + spoken(i.asked(Permitted)) + ", observed: " + spoken(i.asked(Observed))
}

func spoken(s *scenarios.Seen) string {
	switch {
	case s == nil:
		return "not looked at"
	case s.Outcome == scenarios.Unknown || s.Outcome == "":
		return "cannot tell"
	}
	return string(s.Outcome)
}

// intended says what must come of the item.
func (i *Item) intended() string {
	switch {
	case i.Topic == Revocation:
		return i.revocationWords()
	case i.Wants == scenarios.Stopped && i.Intention() != "":
		return "must be impossible, by " + i.Intention()
	case i.Wants == scenarios.Stopped:
		return "must be impossible"
	case i.Topic == BackChannel:
		return "accepted as a back channel; " + i.rateWords()
	}
	return "must come through"
}

func (i *Item) lines() []lineView {
	var all []lineView
	for _, l := range i.said() {
		all = append(all, lineView{string(l.From), drawing.Visible(l.words()), visible(l.Evidence)})
	}
	return all
}
