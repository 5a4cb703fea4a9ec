package labs

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace/glob"
	"ipclab/internal/yamlfile"
	"ipclab/scenarios"
)

// manifest reads a lab.yaml. What one value must be is tested here; what the
// values must be to one another is tested in consistency.go.
type manifest struct {
	yamlfile.Decoder
	lab *Lab

	unreadable error // why values could not be placed in the files

	nameAt    yamlfile.Position
	given     []located // policy.given
	subjectsR []located // policy.review.subjects
	objectsR  []located // policy.review.objects
}

// located is a text with its place in the file.
type located struct {
	text string
	at   yamlfile.Position
}

func (m *manifest) read(n ast.Node) {
	l, minutes := m.lab, 0
	m.nameAt = yamlfile.At(n)
	if v := yamlfile.Value(n, "variant"); v != nil { // first: the other keys may have placeholders
		m.variant(v)
		m.Expand = expander(draw(l.parameters, l.seed))
		m.placeValues()
	}
	declare := yamlfile.Must
	if v := yamlfile.Value(n, "scenario"); v != nil { // before what adds to it
		m.named(n)
		m.scenario(v)
		declare = yamlfile.May
	}
	m.Mapping(n, "the lab",
		yamlfile.Must("name", func(n ast.Node) { m.nameAt = yamlfile.At(n); m.Text(&l.Name, "name", isLabName)(n) }),
		yamlfile.Must("title", m.Text(&l.Title, "title")),
		yamlfile.Must("order", m.Number(&l.Order, "order", 0)),
		yamlfile.Must("minutes", m.Number(&minutes, "minutes", 1)),
		yamlfile.Must("summary", m.Text(&l.Summary, "summary", isLine)),
		yamlfile.Must("objectives", m.Texts(&l.Objectives, "objectives")),
		yamlfile.May("scenario", func(ast.Node) {}),
		declare("subjects", m.subjects),
		yamlfile.May("objects", m.objects),
		yamlfile.May("directories", m.List("directories", m.directory)),
		yamlfile.Must("build", m.build),
		yamlfile.May("policy", m.policy),
		yamlfile.May("variant", func(ast.Node) {}),
		yamlfile.Must("steps", m.List("steps", m.step)),
	)
	l.Time = time.Duration(minutes) * time.Minute
}

// named notes the lab's name before the manifest is read, as far as it is one.
func (m *manifest) named(n ast.Node) {
	if name, ok := yamlfile.TextOf(yamlfile.Value(n, "name")); ok && isLabName(name) == nil {
		m.lab.Name = name
	}
}

func (m *manifest) subjects(n ast.Node) {
	m.Entries(n, "subjects", func(name string, v *ast.MappingValueNode) {
		what := fmt.Sprintf("subject %q", name)
		m.key(v, "subject", name)
		m.twice("subject", name, yamlfile.At(v))
		s := Subject{Name: name, Subject: api.Subject{Domain: DefaultDomain}}
		m.Mapping(v.Value, what,
			yamlfile.Must("user", m.Text(&s.User, "user of "+what, isUser)),
			yamlfile.May("domain", m.Text(&s.Domain, "domain of "+what, isType)),
		)
		m.lab.Subjects = append(m.lab.Subjects, s)
	})
	if len(m.lab.Subjects) == 0 {
		m.Add(yamlfile.At(n), "subjects must not be empty")
	}
}

func (m *manifest) objects(n ast.Node) {
	m.Entries(n, "objects", func(name string, v *ast.MappingValueNode) {
		what := fmt.Sprintf("object %q", name)
		m.key(v, "object", name)
		m.twice("object", name, yamlfile.At(v))
		o := Object{Name: name}
		where := yamlfile.Must("path", m.Text(&o.Path, "path of "+what, isGuestPath))
		if kind, _ := yamlfile.TextOf(yamlfile.Value(v.Value, "kind")); slices.Contains(api.SysVKinds(), kind) {
			where = yamlfile.Must("key", m.sysV(&o.Path, kind, what))
		}
		m.Mapping(v.Value, what,
			yamlfile.Must("kind", m.Text(&o.Kind, "kind of "+what, isKind)),
			where,
			yamlfile.Must("type", m.Text(&o.Type, "type of "+what, isType)),
		)
		m.lab.Objects = append(m.lab.Objects, o)
	})
}

// sysV reads what names a System V object.
func (m *manifest) sysV(to *string, kind, what string) yamlfile.Reader {
	return func(n ast.Node) {
		v := api.SysV{Kind: kind}
		m.Mapping(n, "key of "+what,
			yamlfile.Must("path", m.Text(&v.Path, "path of the key of "+what, isKeyPath)),
			yamlfile.Must("project", m.Text(&v.Project, "project of the key of "+what, isProject)),
		)
		*to = v.String()
	}
}

// key tests a name that stands as a key.
func (m *manifest) key(v *ast.MappingValueNode, what, name string) {
	if err := isName(name); err != nil {
		m.Add(yamlfile.At(v), "%s: %v", what, err)
	}
}

func (m *manifest) directory(n ast.Node) {
	d := api.Directory{}
	what := "directory" + quoted(n, "path")
	m.Mapping(n, what,
		yamlfile.Must("path", m.Text(&d.Path, "path of a directory", isGuestPath)),
		yamlfile.Must("owner", m.Text(&d.Owner, "owner of "+what, isOwner)),
		yamlfile.Must("group", m.Text(&d.Group, "group of "+what, isGroup)),
		yamlfile.Must("mode", m.Text(&d.Mode, "mode of "+what, isMode)),
		yamlfile.Must("type", m.Text(&d.Type, "type of "+what, isType)),
	)
	for _, other := range m.lab.Directories {
		if d.Path != "" && other.Path == d.Path {
			m.Add(yamlfile.At(n), "%s stands twice", what)
		}
	}
	m.lab.Directories = append(m.lab.Directories, d)
}

func (m *manifest) build(n ast.Node) {
	b := &m.lab.Build
	b.Timeout = DefaultBuildTimeout
	m.Mapping(n, "build",
		yamlfile.Must("command", m.Texts(&b.Command, "command")),
		yamlfile.Must("outputs", m.Texts(&b.Outputs, "outputs", isProgram)),
		yamlfile.May("timeout", m.Duration(&b.Timeout, "timeout of build")),
	)
}

func (m *manifest) policy(n ast.Node) {
	p := &m.lab.Policy
	m.Mapping(n, "policy",
		yamlfile.May("given", m.located(&p.Given, &m.given, "given", isModule)),
		yamlfile.May("student", m.Texts(&p.Student, "student", isModule)),
		yamlfile.May("review", m.review),
	)
}

func (m *manifest) review(n ast.Node) {
	r := &m.lab.Policy.Review
	m.Mapping(n, "review",
		yamlfile.May("subjects", m.located(&r.Subjects, &m.subjectsR, "subjects of review", isType)),
		yamlfile.May("objects", m.located(&r.Objects, &m.objectsR, "objects of review", isType)),
	)
}

// located reads a list of texts and remembers where each stands.
func (m *manifest) located(to *[]string, places *[]located, what string, tests ...func(string) error) yamlfile.Reader {
	return m.List(what, func(n ast.Node) {
		var s string
		m.Text(&s, "an element of "+what, tests...)(n)
		*to = append(*to, s)
		*places = append(*places, located{s, yamlfile.At(n)})
	})
}

func (m *manifest) step(n ast.Node) {
	s := Step{}
	what := "step" + quoted(n, "title")
	m.Mapping(n, what,
		yamlfile.Must("title", m.Text(&s.Title, "title of a step", isLine)),
		yamlfile.Must("about", m.Text(&s.About, "about of "+what)),
		yamlfile.Must("checks", m.List("checks of "+what, func(n ast.Node) { s.Checks = append(s.Checks, m.check(n)) })),
	)
	m.lab.Steps = append(m.lab.Steps, s)
}

func (m *manifest) check(n ast.Node) Check {
	c := Check{Timeout: DefaultCheckTimeout, at: yamlfile.At(n)}
	of := "check" + quoted(n, "id")
	seen := yamlfile.Must // by students
	if isSet(n, "hidden") {
		seen = yamlfile.May
	}
	var by string
	var needs []located
	m.Mapping(n, of,
		yamlfile.Must("id", func(n ast.Node) { c.at = yamlfile.At(n); m.Text(&c.ID, "id of a check", isName)(n) }),
		seen("title", m.Text(&c.Title, "title of "+of, isLine)),
		seen("expect", m.Text(&c.Expect, "expect of "+of)),
		yamlfile.Must("points", m.Number(&c.Points, "points of "+of, 1)),
		yamlfile.May("hidden", m.Truth(&c.Hidden, "hidden of "+of)),
		yamlfile.May("by", m.Text(&by, "by of "+of, isLayer)),
		yamlfile.May("needs", m.located(&c.Needs, &needs, "needs of "+of)),
		yamlfile.May("inputs", m.Texts(&c.Inputs, "inputs of "+of, glob.Valid)),
		yamlfile.May("timeout", m.Duration(&c.Timeout, "timeout of "+of)),
		seen("hints", m.Texts(&c.Hints, "hints of "+of)),
	)
	c.By = scenarios.Layer(by)
	for _, need := range needs {
		c.needsAt = append(c.needsAt, need.at)
	}
	if c.Hidden {
		m.disclose(&c)
	}
	return c
}

// disclose adds what only the instructor may read of a hidden check.
func (m *manifest) disclose(c *Check) {
	if m.lab.student {
		c.Title = cmp.Or(c.Title, "a hidden check")
		return
	}
	file := hiddenDir + "/" + c.ID + ".yaml"
	if data, err := fs.ReadFile(m.lab.dir, file); err == nil {
		d := yamlfile.Decoder{Mistakes: yamlfile.Mistakes{File: path.Join(m.lab.shown, file)}, Expand: m.Expand}
		d.Document(data, discloser(&d, c))
		m.All = append(m.All, d.All...)
	}
	for _, field := range [][2]string{{"title", c.Title}, {"expect", c.Expect}} {
		if field[1] == "" {
			m.Add(c.at, "check %q has no %q, neither here nor in %s", c.ID, field[0], file)
		}
	}
}

// discloser reads the instructor's file about a hidden check. What it says
// stands in place of what lab.yaml says.
func discloser(d *yamlfile.Decoder, c *Check) yamlfile.Reader {
	return func(n ast.Node) {
		by := string(c.By)
		d.Mapping(n, "the hidden check",
			yamlfile.May("title", d.Text(&c.Title, "title", isLine)),
			yamlfile.May("expect", d.Text(&c.Expect, "expect")),
			yamlfile.May("by", d.Text(&by, "by", isLayer)),
		)
		c.By = scenarios.Layer(by)
	}
}

// isSet tells whether a key of a mapping says true.
func isSet(n ast.Node, key string) bool {
	b, ok := yamlfile.Value(n, key).(*ast.BoolNode)
	return ok && b.Value
}

// quoted is the value of one key of a mapping, to name the mapping by before
// it was read; empty when it has none.
func quoted(n ast.Node, key string) string {
	if s, ok := yamlfile.TextOf(yamlfile.Value(n, key)); ok {
		return fmt.Sprintf(" %q", s)
	}
	return ""
}
