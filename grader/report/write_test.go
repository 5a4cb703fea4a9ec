package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"ipclab/grader/gradebook"
	"ipclab/grader/report"
)

// The whole class, written once in every format and looked at from all sides.
// With IPCLAB_REPORTS the folder stays there, for looking at it in a browser.
func TestClass(t *testing.T) {
	m := newMaker(t)
	dir := t.TempDir()
	if keep := os.Getenv("IPCLAB_REPORTS"); keep != "" {
		dir = filepath.Join(keep, "class")
	}
	all := m.class()
	for _, g := range all {
		must(t, gradebook.WriteGrade(dir, g))
	}
	room := report.Classroom50{Classroom: "ipc", Commit: "https://example.org/c/1"}
	must(t, report.Write(dir, m.book(), seq(all), report.Formats(), report.InClassroom(room)))
	for name, look := range map[string]func(*testing.T, string, []gradebook.Grade){
		"schema": lookSchema, "the book comes back": lookBook, "nothing hidden for students": lookStudentsSeeNothingThatIsHidden,
		"pages": lookPagesHaveOnlyTheirOwnMarkup, "links": lookLinksLeadSomewhere,
		"JUnit": lookJUnit, "JUnit by its schema": lookJUnitFitsTheSchemaOfItsReaders, "Gradescope": lookGradescope,
		"Classroom 50": lookClassroom50, "Canvas": lookCanvasTakesTheFile, "Moodle": lookMoodle,
	} {
		t.Run(name, func(t *testing.T) { look(t, dir, all) })
	}
}
