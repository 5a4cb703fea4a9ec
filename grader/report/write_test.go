package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"ipclab/grader/gradebook"
	"ipclab/grader/report"
)

// written is the whole class, written in every format. With IPCLAB_REPORTS the
// folder stays, to be looked at.
func written(t *testing.T, options ...report.Option) (string, []gradebook.Grade) {
	t.Helper()
	m := newMaker(t)
	dir := t.TempDir()
	if keep := os.Getenv("IPCLAB_REPORTS"); keep != "" {
		dir = filepath.Join(keep, t.Name())
	}
	all := m.class()
	for _, g := range all {
		must(t, gradebook.WriteGrade(dir, g))
	}
	must(t, report.Write(dir, m.book(), seq(all), report.Formats(), options...))
	return dir, all
}

func TestWrite(t *testing.T) {
	written(t)
}
