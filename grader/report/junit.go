package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/draft"
)

// junitFile writes junit.xml, a test suite a submission, while the grades go
// by. Totals over all suites would have to stand before them, so there are
// none; readers add up the suites.
type junitFile struct {
	*draft.Draft
	encoder *xml.Encoder
	lab     gradebook.Lab
	root    xml.StartElement
}

type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Skipped   *junitOutcome `xml:"skipped"`
	Error     *junitOutcome `xml:"error"`
	Failure   *junitOutcome `xml:"failure"`
	SystemOut string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (j *job) newJUnit() (sink, error) {
	d, err := draft.New(j.path("junit.xml"), 0o644)
	if err != nil {
		return nil, err
	}
	f := &junitFile{Draft: d, encoder: xml.NewEncoder(d), lab: j.lab}
	f.encoder.Indent("", "  ")
	f.root = xml.StartElement{Name: xml.Name{Local: "testsuites"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "name"}, Value: "ipclab " + j.lab.Name}}}
	_, _ = f.WriteString(xml.Header) // the writer keeps the error
	return f, f.encoder.EncodeToken(f.root)
}

func (f *junitFile) add(e entry) error { return f.encoder.Encode(junitOf(e.clean, f.lab)) }

func (f *junitFile) finish() error {
	if err := f.encoder.EncodeToken(f.root.End()); err != nil {
		return err
	}
	if err := f.encoder.Close(); err != nil {
		return err
	}
	_ = f.WriteByte('\n')
	return f.Put(draft.Derived)
}

func (f *junitFile) drop() { f.Drop() }

func junitOf(g gradebook.Grade, lab gradebook.Lab) junitSuite {
	s := junitSuite{Name: g.ID, Time: seconds(g.Duration), Timestamp: g.Begun.UTC().Format("2006-01-02T15:04:05"),
		Properties: junitProperties(g)}
	class := lab.Name + "." + g.ID
	if g.Status != gradebook.Graded || g.Report == nil {
		s.Cases = []junitCase{junitWhole(g, class)}
	} else {
		for _, r := range g.Report.Results {
			s.Cases = append(s.Cases, junitCaseOf(r, class))
		}
	}
	for _, c := range s.Cases {
		s.count(c)
	}
	return s
}

func (s *junitSuite) count(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// junitProperties tell what JUnit has no place for. Points are there only if
// there is a score.
func junitProperties(g gradebook.Grade) []junitProperty {
	p := []junitProperty{
		{"student", line(g.Student.ID, mostTest)}, {"name", line(g.Student.Name, mostTest)},
		{"status", string(g.Status)}, {"late", fmt.Sprint(g.Late)}, {"max_points", fmt.Sprint(g.MaxScore)},
	}
	if g.Score == nil {
		return p
	}
	p = append(p, junitProperty{"points", fmt.Sprint(*g.Score)})
	if g.Report != nil {
		for _, r := range g.Report.Results {
			p = append(p, junitProperty{"points." + r.Check, fmt.Sprintf("%d/%d", r.Points, r.MaxPoints)})
		}
	}
	return p
}

// junitWhole stands for a submission that was not judged check by check.
func junitWhole(g gradebook.Grade, class string) junitCase {
	c := junitCase{Name: "the submission is judged", Classname: class, Time: seconds(g.Duration)}
	out := &junitOutcome{Message: line(g.Problem, mostTest), Type: cmp.Or(string(g.Fault), string(g.Status)),
		Text: strings.TrimSpace(g.Problem + "\n" + g.Hint)}
	switch g.Status {
	case gradebook.Refused:
		c.Failure = out
	case gradebook.Superseded:
		c.Skipped = &junitOutcome{Message: out.Message}
	default:
		c.Error = out
	}
	return c
}

func junitCaseOf(r grader.Result, class string) junitCase {
	c := junitCase{Name: r.Check + ": " + line(r.Title, mostTest), Classname: class, Time: seconds(r.Duration)}
	out := &junitOutcome{Message: line(r.Message, mostTest), Type: cmp.Or(string(r.Fault), "student"), Text: plainResult(r)}
	switch r.Verdict {
	case grader.Pass:
		c.SystemOut = evidenceLines(r)
	case grader.Fail:
		c.Failure = out
	case grader.Skipped:
		c.Skipped = &junitOutcome{Message: plainResult(r)}
	default:
		c.Error = out
	}
	return c
}

func evidenceLines(r grader.Result) string {
	var lines []string
	for _, e := range r.Evidence {
		lines = append(lines, evidenceText(e))
	}
	return strings.Join(lines, "\n")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
