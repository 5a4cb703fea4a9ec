package labs

import (
	"cmp"
	"errors"
	"path"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
	"ipclab/internal/yamlfile"
	"ipclab/scenarios"
)

// Scenario is the lab's scenario, with the lab's policy and without the student's;
// nil if the lab has none. It is not to be changed.
func (l *Lab) Scenario() *scenarios.Scenario { return l.scenario }

// ScenarioFile is the path of the scenario in the lab's folder; empty if there is none.
func (l *Lab) ScenarioFile() string { return l.scenarioFile }

// scenario reads the scenario that the manifest names. What it declares is the
// lab's.
func (m *manifest) scenario(n ast.Node) {
	m.Text(&m.lab.scenarioFile, "scenario", isFile)(n)
	file := m.lab.scenarioFile
	if file == "" || isFile(file) != nil {
		return
	}
	if !m.isFile(file) {
		m.Add(yamlfile.At(n), "%s is not a file of the lab%s", file, yamlfile.DidYouMean(file, m.siblings(file)))
		return
	}
	s, err := scenarios.Load(m.lab.dir, file, path.Join(m.lab.shown, file))
	if err != nil {
		m.adoptMistakes(err)
		return
	}
	if s.Name != m.lab.Name {
		m.Add(yamlfile.At(n), "the scenario's name is %q, and the lab's is %q: they must be the same", s.Name, m.lab.Name)
	}
	m.lab.scenario = s
	m.adopt(s, path.Dir(file))
}

// adoptMistakes notes the mistakes of the scenario's file beside our own.
func (m *manifest) adoptMistakes(err error) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, one := range all {
		var mistake *scenarios.Mistake
		if !errors.As(one, &mistake) {
			mistake = &scenarios.Mistake{File: m.lab.scenarioFile, Msg: one.Error()}
		}
		m.All = append(m.All, mistake)
	}
}

// adopt makes the lab's own what the scenario declares.
func (m *manifest) adopt(s *scenarios.Scenario, dir string) {
	l := m.lab
	for _, one := range s.Subjects {
		l.Subjects = append(l.Subjects, Subject{one.Name, api.Subject{User: one.User, Domain: domainOf(one)}})
	}
	for _, o := range s.Objects {
		if looked, ok := objectOf(s, o); ok {
			l.Objects = append(l.Objects, looked)
		}
	}
	l.Directories = append(l.Directories, s.Directories...)
	for _, name := range s.Policy {
		l.Policy.Given = append(l.Policy.Given, path.Join(dir, name))
	}
}

func domainOf(s scenarios.Subject) string { return cmp.Or(s.Domain, DefaultDomain) }

// objectOf is a scenario's object as checks look at it. What has no place where one
// could look, such as a pipe, is none.
func objectOf(s *scenarios.Scenario, o scenarios.Object) (Object, bool) {
	looked := Object{Name: o.Name, Kind: string(o.Kind), Path: o.Path, Type: o.Type}
	switch o.Kind {
	case mechanism.FIFO, mechanism.File:
		return looked, true
	case mechanism.UnixStream, mechanism.UnixDatagram, mechanism.UnixSeqpacket:
		looked.Kind = "socket"
		return looked, true
	case mechanism.Queue, mechanism.Segment, mechanism.Semaphores:
		maker, _ := s.Subject(o.Maker)
		looked.Path, looked.Type = o.Key.String(), domainOf(maker)
		return looked, true
	}
	return looked, false
}

// twice demands that the scenario has nothing of a name that the manifest gives.
func (m *manifest) twice(what, name string, at yamlfile.Position) {
	s := m.lab.scenario
	if s == nil {
		return
	}
	_, subject := s.Subject(name)
	_, object := s.Object(name)
	if what == "subject" && subject || what == "object" && object {
		m.Add(at, "the scenario has the %s %q already", what, name)
	}
}

// placeValues puts values in the place of placeholders in all files, for those that
// the manifest names to be read.
func (m *manifest) placeValues() {
	dir, err := expandFS(m.lab.raw, draw(m.lab.parameters, m.lab.seed))
	if m.unreadable = err; err == nil {
		m.lab.dir = dir
	}
}
