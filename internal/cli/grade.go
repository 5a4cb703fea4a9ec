package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/grader/gradebook"
	"ipclab/grader/report"
	"ipclab/internal/class"
	"ipclab/internal/host"
	"ipclab/internal/intake"
)

type gradeFlags struct {
	out        string
	jobs       int
	resume     bool
	regrade    string
	formats    []string
	audience   string
	secret     string
	students   string
	oneVariant bool
	intake     intake.Options
	gradescope bool
}

func newGrade(a *app) *cobra.Command {
	var f gradeFlags
	c := &cobra.Command{
		Use:   "grade LAB SUBMISSION… --out FOLDER",
		Short: "Grade one submission or a class, each in a machine of its own",
		Long: "grade judges submissions: folders, tar (also gz, zst) and zip files, folders of these, or\n" +
			"what a course platform has for download. Each is unpacked safely, built and judged in a\n" +
			"fresh machine. Grades are kept as they come; --resume goes on where grading stopped.\n\n" +
			"It ends with 0 when everything could be graded, whatever the scores, 3 when the machine kept\n" +
			"something from being graded, and 4 when a fault in the lab did.",
		ValidArgsFunction: a.completeLabsThenFiles,
		RunE: func(c *cobra.Command, args []string) error {
			if f.gradescope {
				return a.gradescope(c.Context(), args, f)
			}
			return a.grade(c.Context(), args, f)
		},
	}
	f.register(c)
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		sorryForFlags(os.Args[1:])
		return &usageError{err}
	})
	c.AddCommand(newGradeReport(a), newGradeDiff(a), newGradeExport(a))
	return a.withJSON(c)
}

func (f *gradeFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "the `folder` for grades and reports")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "how many machines at a time (default: by processors and memory)")
	flags.BoolVar(&f.resume, "resume", false, "go on in a folder with grades; judge only what is missing or has changed")
	flags.StringVar(&f.regrade, "regrade", "", "judge again in a folder with grades: `what` is changed, failed or all")
	flags.StringSliceVarP(&f.formats, "format", "f", report.Formats(), "reports to write, of these")
	flags.StringVar(&f.audience, "for", "", "student: write only what may be given to students")
	flags.StringVar(&f.intake.Pattern, "pattern", "", "a regular `expression` for file names, with the groups student, name, email, attempt, late, date")
	flags.StringVar(&f.intake.Platform, "platform", "", "the course `platform` that file names are from")
	flags.StringVar(&f.secret, "secret", "", "the `file` with the course's secret, for labs with a variant for each student")
	flags.StringVar(&f.students, "students", "", "a `file` with all students' ids, a line each: whose variants may turn up, beside those who handed in")
	flags.BoolVar(&f.oneVariant, "default-variant", false, "judge everybody by the variant that needs no token")
	flags.BoolVar(&f.gradescope, "gradescope", false, "grade LAB [ROOT]: read ROOT/submission, write ROOT/results/results.json (default /autograder)")
}

// completeLabsThenFiles completes the lab's name, then files.
func (a *app) completeLabsThenFiles(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return a.completeLabs(c, args, word)
}

// check tells what is wrong with the flags.
func (f *gradeFlags) check() error {
	if f.out == "" {
		return usagef("where do the grades go? name a folder: --out FOLDER")
	}
	for _, format := range f.formats {
		if !slices.Contains(report.Formats(), format) {
			return usagef("--format %s: use %s", format, strings.Join(report.Formats(), ", "))
		}
	}
	if f.audience != "" && f.audience != "student" {
		return usagef("--for %s: use student", f.audience)
	}
	if f.jobs < 0 {
		return usagef("--jobs %d: at least one machine is needed", f.jobs)
	}
	return nil
}

// again says what is judged again.
func (f *gradeFlags) again() (class.Again, error) {
	switch again := class.Again(f.regrade); again {
	case class.AgainNone:
		if f.resume {
			return class.AgainChanged, nil
		}
		return again, nil
	case class.AgainChanged, class.AgainFailed, class.AgainAll:
		return again, nil
	}
	return "", usagef("--regrade %s: use changed, failed or all", f.regrade)
}

func (a *app) grade(ctx context.Context, args []string, f gradeFlags) error {
	if len(args) < 2 {
		return usagef("want the name of a lab, and what to grade: ipclab grade LAB SUBMISSION… --out FOLDER")
	}
	r, err := a.gradeRun(args[0], f)
	if err != nil {
		return err
	}
	f.intake.Lab = r.Lab
	if r.Submissions, err = intake.Find(ctx, args[1:], f.intake); err != nil {
		return err
	}
	show := newGradePrinter(a, r)
	r.Observe = show.event
	_, err = r.Grade(ctx)
	show.end()
	if err != nil {
		show.broken()
		return err
	}
	return show.sum()
}

// gradeRun prepares a run, but for what is graded.
func (a *app) gradeRun(name string, f gradeFlags) (*class.Run, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	again, err := f.again()
	if err != nil {
		return nil, err
	}
	lab, err := a.lab(name)
	if err == nil {
		err = lab.Whole()
	}
	if err != nil {
		return nil, err
	}
	h, err := a.host()
	if err != nil {
		return nil, err
	}
	r := &class.Run{Lab: lab, Out: f.out, Jobs: f.jobs, Again: again, Formats: f.formats, Computer: class.OnHost{Host: h}}
	if r.Jobs == 0 {
		r.Jobs = class.DefaultJobs()
	}
	if f.audience == "student" {
		r.Options = append(r.Options, report.ForStudents())
	}
	if err := a.variantsOf(r, f); err != nil {
		return nil, err
	}
	return r, a.staff(r, h)
}

// staff names the program that judges.
func (a *app) staff(r *class.Run, h *host.Host) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r.Worker = append([]string{self, workerName}, a.workerFlags(h)...)
	r.Grader, err = class.DigestFile(self)
	return err
}

// scoreOf is a grade's score in words.
func scoreOf(g gradebook.Grade) string {
	if g.Score == nil {
		return string(g.Status)
	}
	return points(*g.Score, g.MaxScore)
}

// gradeUsage tells whether an error is about what grading was asked to do.
func gradeUsage(err error) bool {
	var (
		argument *intake.ArgumentError
		taken    *class.NotEmptyError
		foreign  *class.ForeignError
		locked   *class.LockedError
	)
	return errors.As(err, &argument) || errors.As(err, &taken) || errors.As(err, &foreign) || errors.As(err, &locked)
}
