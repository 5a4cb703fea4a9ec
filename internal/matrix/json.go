package matrix

import (
	_ "embed"
	"encoding/json"

	"ipclab/scenarios"
)

//go:embed matrix.schema.json
var schema []byte

// Schema is the JSON Schema of a [Document].
func Schema() []byte { return append([]byte(nil), schema...) }

// Document is a matrix as JSON. Its fields are told in the schema.
type Document struct {
	Scenario string         `json:"scenario"`
	Title    string         `json:"title"`
	Looked   []Source       `json:"looked"`
	Agrees   bool           `json:"agrees"`
	Subjects []SubjectEntry `json:"subjects"`
	Objects  []ObjectEntry  `json:"objects"`
	Items    []ItemEntry    `json:"items"`
	Findings []FindingEntry `json:"findings"`
	Gaps     []GapEntry     `json:"gaps"`
	Pairs    []PairEntry    `json:"pairs"`
	Notes    []string       `json:"notes"`
}

// SubjectEntry is a subject in a Document.
type SubjectEntry struct {
	Name   string `json:"name"`
	User   string `json:"user,omitempty"`
	Domain string `json:"domain,omitempty"`
}

// ObjectEntry is an object in a Document.
type ObjectEntry struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// ItemEntry is an item in a Document.
type ItemEntry struct {
	Topic      Topic             `json:"topic"`
	From       string            `json:"from"`
	To         string            `json:"to"`
	Via        string            `json:"via,omitempty"`
	How        string            `json:"how,omitempty"`
	Look       string            `json:"look,omitempty"`
	Boolean    string            `json:"boolean,omitempty"`
	Wants      scenarios.Outcome `json:"wants"`
	By         scenarios.Layer   `json:"by,omitempty"`
	Class      string            `json:"class,omitempty"`
	Permission string            `json:"permission,omitempty"`
	Syscall    string            `json:"syscall,omitempty"`
	Errno      string            `json:"errno,omitempty"`
	Refused    scenarios.End     `json:"refused,omitempty"`
	Bound      float64           `json:"bound,omitempty"`
	Why        string            `json:"why,omitempty"`
	Line       int               `json:"line,omitempty"`
	Permitted  *scenarios.Seen   `json:"permitted"`
	Observed   *scenarios.Seen   `json:"observed"`
	Finding    int               `json:"finding,omitempty"`
}

// FindingEntry is a finding in a Document. Item is a place in its list of items.
type FindingEntry struct {
	Number int      `json:"number"`
	Kind   Kind     `json:"kind"`
	Item   int      `json:"item"`
	Views  []Source `json:"views"`
	Text   string   `json:"text"`
	LookAt []string `json:"look_at"`
}

// GapEntry is a gap in a Document.
type GapEntry struct {
	Item int    `json:"item"`
	View Source `json:"view"`
	Text string `json:"text"`
}

// PairEntry is what is permitted between two subjects, over whatever way.
type PairEntry = scenarios.Pair

// Document gives the matrix for programs.
func (m *Matrix) Document() Document {
	d := Document{
		Scenario: m.scenario.Name, Title: m.scenario.Title, Looked: m.looked(), Agrees: len(m.findings) == 0,
		Subjects: []SubjectEntry{}, Objects: []ObjectEntry{}, Items: []ItemEntry{}, Findings: []FindingEntry{}, Gaps: []GapEntry{},
		Pairs: []PairEntry{}, Notes: append([]string{}, m.Notes()...),
	}
	for _, s := range m.scenario.Subjects {
		d.Subjects = append(d.Subjects, SubjectEntry{s.Name, s.User, s.Domain})
	}
	for _, o := range m.scenario.Objects {
		d.Objects = append(d.Objects, ObjectEntry{o.Name, string(o.Kind)})
	}
	places := map[*Item]int{}
	for n, i := range m.items {
		places[i] = n
		d.Items = append(d.Items, i.entry())
	}
	for _, f := range m.findings {
		d.Findings = append(d.Findings, FindingEntry{f.Number, f.Kind, places[f.About], f.Views, f.Text, f.LookAt})
	}
	for _, g := range m.Gaps() {
		d.Gaps = append(d.Gaps, GapEntry{places[g.About], g.View, g.Text})
	}
	if m.permitted != nil {
		d.Pairs = append(d.Pairs, m.permitted.Pairs...)
	}
	return d
}

// looked are the views that there are.
func (m *Matrix) looked() []Source {
	looked := []Source{Intended}
	if m.permitted != nil {
		looked = append(looked, Permitted)
	}
	if m.observed != nil {
		looked = append(looked, Observed)
	}
	return looked
}

func (i *Item) entry() ItemEntry {
	return ItemEntry{
		Topic: i.Topic, From: i.From, To: i.To, Via: i.Via, How: i.How, Look: i.Look, Boolean: i.Boolean, Wants: i.Wants,
		By: i.By, Class: i.Class, Permission: i.Permission, Syscall: i.Syscall, Errno: i.Errno, Refused: i.Refused,
		Bound: i.Bound, Why: i.Why, Line: i.At.Line, Permitted: i.Permitted, Observed: i.Observed, Finding: i.Finding,
	}
}

// MarshalJSON writes the matrix as its Document.
func (m *Matrix) MarshalJSON() ([]byte, error) { return json.Marshal(m.Document()) }
