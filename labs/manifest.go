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
)

// manifest reads a lab.yaml. What one value must be is tested here; what the
// values must be to one another is tested in consistency.go.
type manifest struct {
	decoder
	lab *Lab

	nameAt    position
	given     []located // policy.given
	subjectsR []located // policy.review.subjects
	objectsR  []located // policy.review.objects
}

// located is a text with its place in the file.
type located struct {
	text string
	at   position
}

func (m *manifest) read(n ast.Node) {
	l, minutes := m.lab, 0
	m.nameAt = at(n)
	if v := value(n, "variant"); v != nil { // first: the other keys may have placeholders
		m.variant(v)
		m.expand = expander(draw(l.parameters, l.seed))
	}
	m.mapping(n, "the lab",
		must("name", func(n ast.Node) { m.nameAt = at(n); m.text(&l.Name, "name", isLabName)(n) }),
		must("title", m.text(&l.Title, "title")),
		must("order", m.number(&l.Order, "order", 0)),
		must("minutes", m.number(&minutes, "minutes", 1)),
		must("summary", m.text(&l.Summary, "summary", isLine)),
		must("objectives", m.texts(&l.Objectives, "objectives")),
		must("subjects", m.subjects),
		may("objects", m.objects),
		may("directories", m.list("directories", m.directory)),
		must("build", m.build),
		may("policy", m.policy),
		may("variant", func(ast.Node) {}),
		must("steps", m.list("steps", m.step)),
	)
	l.Time = time.Duration(minutes) * time.Minute
}

func (m *manifest) subjects(n ast.Node) {
	m.entries(n, "subjects", func(name string, v *ast.MappingValueNode) {
		what := fmt.Sprintf("subject %q", name)
		m.key(v, "subject", name)
		s := Subject{Name: name, Subject: api.Subject{Domain: DefaultDomain}}
		m.mapping(v.Value, what,
			must("user", m.text(&s.User, "user of "+what, isUser)),
			may("domain", m.text(&s.Domain, "domain of "+what, isType)),
		)
		m.lab.Subjects = append(m.lab.Subjects, s)
	})
	if len(m.lab.Subjects) == 0 {
		m.add(at(n), "subjects must not be empty")
	}
}

func (m *manifest) objects(n ast.Node) {
	m.entries(n, "objects", func(name string, v *ast.MappingValueNode) {
		what := fmt.Sprintf("object %q", name)
		m.key(v, "object", name)
		o := Object{Name: name}
		where := must("path", m.text(&o.Path, "path of "+what, isGuestPath))
		if kind, _ := textOf(value(v.Value, "kind")); slices.Contains(api.SysVKinds(), kind) {
			where = must("key", m.sysV(&o.Path, kind, what))
		}
		m.mapping(v.Value, what,
			must("kind", m.text(&o.Kind, "kind of "+what, isKind)),
			where,
			must("type", m.text(&o.Type, "type of "+what, isType)),
		)
		m.lab.Objects = append(m.lab.Objects, o)
	})
}

// sysV reads what names a System V object.
func (m *manifest) sysV(to *string, kind, what string) reader {
	return func(n ast.Node) {
		v := api.SysV{Kind: kind}
		m.mapping(n, "key of "+what,
			must("path", m.text(&v.Path, "path of the key of "+what, isKeyPath)),
			must("project", m.text(&v.Project, "project of the key of "+what, isProject)),
		)
		*to = v.String()
	}
}

// key tests a name that stands as a key.
func (m *manifest) key(v *ast.MappingValueNode, what, name string) {
	if err := isName(name); err != nil {
		m.add(at(v), "%s: %v", what, err)
	}
}

func (m *manifest) directory(n ast.Node) {
	d := api.Directory{}
	what := "directory" + quoted(n, "path")
	m.mapping(n, what,
		must("path", m.text(&d.Path, "path of a directory", isGuestPath)),
		must("owner", m.text(&d.Owner, "owner of "+what, isOwner)),
		must("group", m.text(&d.Group, "group of "+what, isGroup)),
		must("mode", m.text(&d.Mode, "mode of "+what, isMode)),
		must("type", m.text(&d.Type, "type of "+what, isType)),
	)
	for _, other := range m.lab.Directories {
		if d.Path != "" && other.Path == d.Path {
			m.add(at(n), "%s stands twice", what)
		}
	}
	m.lab.Directories = append(m.lab.Directories, d)
}

func (m *manifest) build(n ast.Node) {
	b := &m.lab.Build
	b.Timeout = DefaultBuildTimeout
	m.mapping(n, "build",
		must("command", m.texts(&b.Command, "command")),
		must("outputs", m.texts(&b.Outputs, "outputs", isProgram)),
		may("timeout", m.duration(&b.Timeout, "timeout of build")),
	)
}

func (m *manifest) policy(n ast.Node) {
	p := &m.lab.Policy
	m.mapping(n, "policy",
		may("given", m.located(&p.Given, &m.given, "given", isModule)),
		may("student", m.texts(&p.Student, "student", isModule)),
		may("review", m.review),
	)
}

func (m *manifest) review(n ast.Node) {
	r := &m.lab.Policy.Review
	m.mapping(n, "review",
		may("subjects", m.located(&r.Subjects, &m.subjectsR, "subjects of review", isType)),
		may("objects", m.located(&r.Objects, &m.objectsR, "objects of review", isType)),
	)
}

// located reads a list of texts and remembers where each stands.
func (m *manifest) located(to *[]string, places *[]located, what string, tests ...func(string) error) reader {
	return m.list(what, func(n ast.Node) {
		var s string
		m.text(&s, "an element of "+what, tests...)(n)
		*to = append(*to, s)
		*places = append(*places, located{s, at(n)})
	})
}

func (m *manifest) step(n ast.Node) {
	s := Step{}
	what := "step" + quoted(n, "title")
	m.mapping(n, what,
		must("title", m.text(&s.Title, "title of a step", isLine)),
		must("about", m.text(&s.About, "about of "+what)),
		must("checks", m.list("checks of "+what, func(n ast.Node) { s.Checks = append(s.Checks, m.check(n)) })),
	)
	m.lab.Steps = append(m.lab.Steps, s)
}

func (m *manifest) check(n ast.Node) Check {
	c := Check{Timeout: DefaultCheckTimeout, at: at(n)}
	of := "check" + quoted(n, "id")
	seen := must // by students
	if isSet(n, "hidden") {
		seen = may
	}
	var by string
	var needs []located
	m.mapping(n, of,
		must("id", func(n ast.Node) { c.at = at(n); m.text(&c.ID, "id of a check", isName)(n) }),
		seen("title", m.text(&c.Title, "title of "+of, isLine)),
		seen("expect", m.text(&c.Expect, "expect of "+of)),
		must("points", m.number(&c.Points, "points of "+of, 1)),
		may("hidden", m.truth(&c.Hidden, "hidden of "+of)),
		may("by", m.text(&by, "by of "+of, isLayer)),
		may("needs", m.located(&c.Needs, &needs, "needs of "+of)),
		may("inputs", m.texts(&c.Inputs, "inputs of "+of, glob.Valid)),
		may("timeout", m.duration(&c.Timeout, "timeout of "+of)),
		seen("hints", m.texts(&c.Hints, "hints of "+of)),
	)
	c.By = Layer(by)
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
		d := decoder{mistakes: mistakes{file: path.Join(m.lab.shown, file)}, expand: m.expand}
		d.document(data, discloser(&d, c))
		m.mistakes.list = append(m.mistakes.list, d.mistakes.list...)
	}
	for _, field := range [][2]string{{"title", c.Title}, {"expect", c.Expect}} {
		if field[1] == "" {
			m.add(c.at, "check %q has no %q, neither here nor in %s", c.ID, field[0], file)
		}
	}
}

// discloser reads the instructor's file about a hidden check. What it says
// stands in place of what lab.yaml says.
func discloser(d *decoder, c *Check) reader {
	return func(n ast.Node) {
		by := string(c.By)
		d.mapping(n, "the hidden check",
			may("title", d.text(&c.Title, "title", isLine)),
			may("expect", d.text(&c.Expect, "expect")),
			may("by", d.text(&by, "by", isLayer)),
		)
		c.By = Layer(by)
	}
}

// isSet tells whether a key of a mapping says true.
func isSet(n ast.Node, key string) bool {
	b, ok := value(n, key).(*ast.BoolNode)
	return ok && b.Value
}

// quoted is the value of one key of a mapping, to name the mapping by before
// it was read; empty when it has none.
func quoted(n ast.Node, key string) string {
	if s, ok := textOf(value(n, key)); ok {
		return fmt.Sprintf(" %q", s)
	}
	return ""
}
