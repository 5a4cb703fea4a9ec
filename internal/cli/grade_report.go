package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/grader/gradebook"
	"ipclab/grader/report"
)

type gradeReportFlags struct {
	formats        []string
	audience       string
	roster, column string
}

func newGradeReport(a *app) *cobra.Command {
	var f gradeReportFlags
	c := &cobra.Command{
		Use:   "report FOLDER",
		Short: "Write reports of what was graded, without grading again",
		Long: "report writes reports into a folder that `ipclab grade --out` wrote. With --roster it fills the\n" +
			"scores into a list that the course platform exported: the gradebook of Canvas or Moodle, or\n" +
			"the grading worksheet of an assignment in Moodle. The rows and ids are then the platform's own,\n" +
			"which its import needs. The result is canvas.csv or moodle.csv in the folder.",
		Args: exactly(1, "a folder with grades"),
		RunE: func(_ *cobra.Command, args []string) error { return a.gradeReport(args[0], f) },
	}
	flags := c.Flags()
	flags.StringSliceVarP(&f.formats, "format", "f", report.Formats(), "reports to write, of these")
	flags.StringVar(&f.audience, "for", "", "student: write only what may be given to students")
	flags.StringVar(&f.roster, "roster", "", "a `file` that Canvas or Moodle exported, to fill the scores into")
	flags.StringVar(&f.column, "column", "", "the `title` of the column in it that takes the scores (default: the lab's)")
	return c
}

func (a *app) gradeReport(dir string, f gradeReportFlags) error {
	if err := report.CheckFormats(f.formats); err != nil {
		return err
	}
	if f.audience != "" && f.audience != "student" {
		return usagef("--for %s: use student", f.audience)
	}
	book, err := gradebook.Read(dir)
	if err != nil {
		return err
	}
	options, formats, err := a.reportOptions(book, f)
	if err != nil {
		return err
	}
	var ids []string
	for _, g := range book.Grades {
		ids = append(ids, g.ID)
	}
	if err := report.Write(dir, book, gradebook.ReadGrades(dir, ids), formats, options...); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "wrote %s into %s\n", strings.Join(formats, ", "), dir)
	return nil
}

func (a *app) reportOptions(book *gradebook.Book, f gradeReportFlags) ([]report.Option, []string, error) {
	options := []report.Option{report.InClassroom(report.ClassroomFrom(os.Getenv))}
	if f.audience == "student" {
		options = append(options, report.ForStudents())
	}
	if f.roster == "" {
		return options, f.formats, nil
	}
	file, err := os.Open(f.roster)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	roster, err := report.ReadRoster(file, book.Lab, f.column)
	if err != nil {
		return nil, nil, err
	}
	formats := f.formats
	if !slices.Contains(formats, roster.Platform) {
		formats = append(slices.Clone(formats), roster.Platform)
	}
	filled := func(what report.Filling) { a.printFilling(roster, what, book.Lab.Points) }
	return append(options, report.WithRoster(roster, filled)), formats, nil
}

// printFilling tells what came of filling in a roster, and what somebody has to
// see to.
func (a *app) printFilling(r *report.Roster, f report.Filling, points int) {
	fmt.Fprintf(a.out, "%s.csv: %s in the column %q\n", r.Platform, students(f.Filled), oneLine(r.Column, 80))
	if f.Possible != "" && !sameNumber(f.Possible, points) {
		fmt.Fprintf(a.err, "warning: that column is worth %s points and the lab %d; the scores are written as they are\n",
			oneLine(f.Possible, 20), points)
	}
	if len(f.Missed) == 0 {
		return
	}
	fmt.Fprintf(a.err, "warning: %s not on the list, or not for certain; to be entered by hand:\n", students(len(f.Missed)))
	for _, s := range f.Missed {
		fmt.Fprintf(a.err, "  %s\n", studentName(s))
	}
}

// students counts them.
func students(n int) string {
	if n == 1 {
		return "1 student"
	}
	return fmt.Sprintf("%d students", n)
}

// sameNumber compares a number of a spreadsheet, such as 100.00.
func sameNumber(text string, n int) bool {
	var x float64
	_, err := fmt.Sscan(strings.Replace(text, ",", ".", 1), &x)
	return err == nil && x == float64(n)
}

// reportUsage tells errors about what was named on the command line of report
// and diff.
func reportUsage(err error) bool {
	var (
		form   *gradebook.FormError
		format *report.FormatError
		roster *report.RosterError
	)
	return errors.As(err, &form) || errors.As(err, &format) || errors.As(err, &roster)
}
