package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"ipclab/grader/gradebook"
	"ipclab/internal/draft"
)

//go:embed pages
var pageFiles embed.FS

// page is what every page begins with. It is complete in itself: nothing is
// fetched, and the policy in it lets no other script or style in than its own.
type page struct {
	Title         string
	Policy        string // Content-Security-Policy
	Style, Script template.HTML
}

func newPage(title string) page {
	style, script := asset("style.css"), asset("script.js")
	return page{
		Title: title,
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'",
			hash(style), hash(script)),
		// These two are files of this program, not anybody's text.
		Style:  template.HTML("<style>" + style + "</style>"),
		Script: template.HTML("<script>" + script + "</script>"),
	}
}

func asset(name string) string {
	data, err := pageFiles.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(data)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// pages writes the page of each submission, and at the end that of the class.
type pages struct {
	job       *job
	templates *template.Template
	class     *class
}

func (j *job) newPages() (sink, error) {
	t, err := parsePages()
	return &pages{job: j, templates: t, class: newClass(j.book, j.lab)}, err
}

func parsePages() (*template.Template, error) {
	return template.New("pages").Funcs(template.FuncMap{"anchor": anchor, "prose": prose}).ParseFS(pageFiles, "pages/*.html")
}

func (p *pages) add(e entry) error {
	p.class.add(e.clean)
	view := p.job.submissionPage(e.clean, p.job.lab, false)
	return putPage(p.templates, p.job.path("submissions", e.ID, "report.html"), "submission.html", view)
}

func (p *pages) finish() error {
	return putPage(p.templates, p.job.path("index.html"), "class.html", p.class.page())
}

func (p *pages) drop() {}

func putPage(t *template.Template, path, name string, view any) error {
	return draft.Replace(path, 0o644, draft.Derived, func(w io.Writer) error { return t.ExecuteTemplate(w, name, view) })
}

// students writes what may be given out.
type students struct {
	job       *job
	lab       gradebook.Lab // as students know it
	templates *template.Template
}

func (j *job) newStudents() (sink, error) {
	t, err := parsePages()
	s := &students{job: j, lab: j.lab.ForStudent(), templates: t}
	return each(s.add), err
}

func (s *students) add(e entry) error {
	if err := gradebook.WriteForStudent(s.job.dir, e.Grade, s.job.book.Lab); err != nil || !s.job.wants("html") {
		return err
	}
	view := s.job.submissionPage(e.student, s.lab, true)
	return putPage(s.templates, s.job.path("student", e.ID, "report.html"), "submission.html", view)
}
