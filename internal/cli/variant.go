package cli

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ipclab/internal/class"
	"ipclab/labs"
)

// variantFlags are those of the command variant.
type variantFlags struct {
	newSecret, secret, students string
	csv                         bool
}

// variantLine is the variant of one student.
type variantLine struct {
	Student     string            `json:"student"`
	Token       string            `json:"token"`
	Fingerprint string            `json:"fingerprint"`
	Values      map[string]string `json:"values"`
}

func newVariant(a *app) *cobra.Command {
	var f variantFlags
	c := &cobra.Command{
		Use: "variant LAB --secret FILE STUDENT…", Short: "Give each student a variant of a lab",
		Long: "variant prints a token for each student. `ipclab start LAB --variant TOKEN` then hands out\n" +
			"the student's own variant, and `ipclab grade --secret FILE` expects it. The tokens follow from\n" +
			"the course's secret, the lab and the students' ids, as submissions name them; they can be\n" +
			"printed again at any time. --new-secret makes the secret, once for the whole course.",
		ValidArgsFunction: a.completeLabs,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.newSecret != "" {
				return a.newSecret(f.newSecret, args)
			}
			if len(args) == 0 || f.secret == "" {
				return usagef("want the name of a lab, --secret with the course's secret, and students")
			}
			return a.variants(args[0], args[1:], f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.newSecret, "new-secret", "", "make a course's secret in this `file`, and nothing else")
	flags.StringVar(&f.secret, "secret", "", "the `file` with the course's secret")
	flags.StringVar(&f.students, "students", "", "a `file` with a student's id in each line (- is standard input)")
	flags.BoolVar(&f.csv, "csv", false, "print the tokens as CSV")
	return a.withJSON(c)
}

func (a *app) newSecret(file string, args []string) error {
	if len(args) > 0 {
		return usagef("--new-secret goes alone: without a lab and students")
	}
	if err := labs.NewSecret(file); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s holds a new secret, which only you can read. Keep it: every variant of the course follows from it.\n", file)
	return nil
}

// variants prints the variants of students.
func (a *app) variants(name string, students []string, f variantFlags) error {
	lab, err := a.lab(name)
	if err != nil {
		return err
	}
	if !lab.HasVariants() {
		return &labs.NoVariantsError{Lab: name}
	}
	secret, err := labs.ReadSecret(f.secret)
	if err != nil {
		return err
	}
	more, err := a.studentsIn(f.students)
	if err != nil {
		return err
	}
	students = append(students, more...)
	if len(students) == 0 {
		return usagef("want students, as arguments or with --students")
	}
	lines := []variantLine{}
	for _, student := range students {
		seed := labs.NewSeed(secret, name, student)
		lines = append(lines, variantLine{student, seed.Token(name), seed.Fingerprint(), lab.Values(seed)})
	}
	return a.printVariants(lines, f.csv)
}

func (a *app) printVariants(lines []variantLine, asCSV bool) error {
	switch {
	case a.json:
		return printJSON(a.out, lines)
	case asCSV:
		w := csv.NewWriter(a.out)
		_ = w.Write([]string{"student", "token", "fingerprint"}) // Error tells
		for _, l := range lines {
			_ = w.Write([]string{l.Student, l.Token, l.Fingerprint})
		}
		w.Flush()
		return w.Error()
	}
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\n", l.Student, l.Token)
	}
	return w.Flush()
}

// studentsIn reads a list of students. Blank lines, and lines that begin with
// #, are left out.
func (a *app) studentsIn(file string) ([]string, error) {
	in := io.Reader(a.in)
	switch file {
	case "":
		return nil, nil
	case "-":
	default:
		f, err := os.Open(file)
		if err != nil {
			return nil, usagef("the list of students: %w", err)
		}
		defer f.Close()
		in = f
	}
	var students []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			students = append(students, line)
		}
	}
	return students, lines.Err()
}

// secretNeededError says that it is not said by which variants to judge.
type secretNeededError struct{ lab string }

func (e *secretNeededError) Error() string {
	return "the lab " + e.lab + " has a variant for each student, which follow from the course's secret"
}

func (e *secretNeededError) Hint() string {
	return "give --secret FILE; or --default-variant, if no student was given a token"
}

// variantsOf reads what variants a class is judged by.
func (a *app) variantsOf(r *class.Run, f gradeFlags) (err error) {
	if !r.Lab.HasVariants() || f.oneVariant {
		return nil
	}
	if f.secret == "" {
		return &secretNeededError{r.Lab.Name}
	}
	if r.Secret, err = labs.ReadSecret(f.secret); err != nil {
		return err
	}
	r.Students, err = a.studentsIn(f.students)
	return err
}

// fingerprint is that of the lab's variant; empty for a lab without variants.
func fingerprint(lab *labs.Lab) string {
	if !lab.HasVariants() {
		return ""
	}
	return lab.Seed().Fingerprint()
}

// variantNote says whose variant a student has.
func variantNote(lab *labs.Lab) string {
	if lab.Seed() == labs.DefaultSeed() {
		return "This is the variant that everybody sees. If your instructor gave you a token, begin with your own:\n" +
			"  ipclab reset " + lab.Name + " --variant TOKEN"
	}
	return "This is your own variant of the lab (" + fingerprint(lab) + ")."
}
