package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/class"
	"ipclab/internal/draft"
	"ipclab/internal/intake"
	"ipclab/internal/session"
	"ipclab/internal/workspace"
)

type submitFlags struct{ out, student, dir string }

// submitted is what submit did.
type submitted struct {
	File    string   `json:"file"`
	Lab     string   `json:"lab"`
	Student string   `json:"student,omitempty"`
	Variant string   `json:"variant,omitempty"`
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"`
	Missing []string `json:"missing,omitempty"` // files of the starter that are not in it
	Starter bool     `json:"starter,omitempty"` // nothing was changed yet
}

func newSubmit(a *app) *cobra.Command {
	var f submitFlags
	c := &cobra.Command{
		Use: "submit [LAB]", Short: "Pack your work into one file that you can hand in",
		Long: "submit packs your workspace, without what the build makes, into one file, and sees to it that\n" +
			"the file can be graded. It sends nothing anywhere: hand the file in as your course asks.",
		Args: atMostOne("the name of a lab"), ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.session(args, f.dir)
			if err != nil {
				return err
			}
			return a.submit(c.Context(), s, f)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "the `file` to write, or a folder for it (default LAB.tar.gz or LAB-STUDENT.tar.gz)")
	flags.StringVar(&f.student, "student", "", "your `id`, as your course knows you")
	flags.StringVar(&f.dir, "dir", "", "the `folder` to pack (default: your workspace)")
	return a.withJSON(c)
}

// isStudentID accepts what may stand in the name of a file everywhere.
func isStudentID(id string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9@._-]{1,64}$`).MatchString(id)
}

func (a *app) submit(ctx context.Context, s *session.Session, f submitFlags) error {
	if f.student != "" && !isStudentID(f.student) {
		return usagef("--student %q: use letters, digits, and . _ - @", f.student)
	}
	tree, err := s.Files()
	if err != nil {
		return err
	}
	m, err := intake.NewManifest(s.Lab, tree, f.student, time.Now())
	if err != nil {
		return err
	}
	path, err := submissionPath(s, f)
	if err != nil {
		return err
	}
	if err := mayReplace(ctx, path, m); err != nil {
		return err
	}
	done := submitted{File: path, Lab: m.Lab, Student: m.Student, Variant: m.Variant, Files: len(m.Files)}
	if done.SHA256, done.Bytes, err = writeSubmission(ctx, path, s, tree, m); err != nil {
		return err
	}
	if done.Missing, done.Starter, err = compareStarter(s, tree); err != nil {
		return err
	}
	return a.printSubmitted(done)
}

// submissionPath is where the file goes: never into the workspace, where the
// next one would pack it again.
func submissionPath(s *session.Session, f submitFlags) (string, error) {
	base := s.Lab.Name + ".tar.gz"
	if f.student != "" {
		base = s.Lab.Name + "-" + f.student + ".tar.gz"
	}
	path := f.out
	switch info, err := os.Stat(path); {
	case path == "" && inside(s.Dir, "."):
		return filepath.Join(filepath.Dir(s.Dir), base), nil
	case path == "":
		return base, nil
	case err == nil && info.IsDir():
		path = filepath.Join(path, base)
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return "", usagef("--out %s: there is no folder %s", f.out, filepath.Dir(path))
	}
	if inside(s.Dir, filepath.Dir(path)) {
		return "", usagef("--out %s: that is in the workspace, and would be packed the next time; name a place outside of it", f.out)
	}
	return path, nil
}

// inside tells whether a folder is another one or lies below it.
func inside(dir, folder string) bool {
	real := func(path string) string {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		if links, err := filepath.EvalSymlinks(path); err == nil {
			path = links
		}
		return path
	}
	rel, err := filepath.Rel(real(dir), real(folder))
	return err == nil && filepath.IsLocal(rel)
}

// takenError says that a file is there which is not an earlier submission of
// the same work.
type takenError struct{ path, why string }

func (e *takenError) Error() string { return e.path + " is there already, and " + e.why }

func (e *takenError) Hint() string { return "name another file with --out, or move that one away" }

// mayReplace lets a submission replace only an earlier one of the same lab and
// student.
func mayReplace(ctx context.Context, path string, m intake.Manifest) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	old, err := intake.ReadManifest(ctx, path)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &takenError{path, "is no submission"}
	case old.Lab != m.Lab:
		return &takenError{path, "is a submission for the lab " + old.Lab}
	case old.Student != m.Student:
		return &takenError{path, "is a submission of another student"}
	}
	return nil
}

// writeSubmission writes the file under another name, opens it as the grader
// will, and only then gives it its name.
func writeSubmission(ctx context.Context, path string, s *session.Session, tree *workspace.Tree, m intake.Manifest) (digest string, size int64, err error) {
	d, err := draft.New(path, 0o600)
	if err != nil {
		return "", 0, err
	}
	defer d.Drop()
	err = intake.Pack(d, tree, m)
	if err = errors.Join(err, d.Finish(draft.Durable)); err != nil {
		return "", 0, err
	}
	packed := intake.Submission{Path: d.Name(), Source: s.Dir}
	if _, err := intake.Open(ctx, packed, s.Lab); err != nil {
		return "", 0, err
	}
	info, err := os.Stat(d.Name())
	if err == nil {
		digest, err = class.DigestFile(d.Name())
	}
	if err != nil {
		return "", 0, err
	}
	return digest, info.Size(), d.Put(draft.Durable)
}

// compareStarter tells what a student may have forgotten.
func compareStarter(s *session.Session, tree *workspace.Tree) (missing []string, same bool, err error) {
	starter, err := workspace.FromFS(s.Lab.Starter())
	if err != nil {
		return nil, false, err
	}
	same = true
	for _, path := range starter.Paths() {
		if _, there := tree.File(path); !there {
			missing = append(missing, path)
		}
		same = same && starter.FileDigest(path) == tree.FileDigest(path)
	}
	return missing, same, nil
}

func (a *app) printSubmitted(d submitted) error {
	if a.json {
		return printJSON(a.out, d)
	}
	fmt.Fprintf(a.out, "%s is ready: %s of the lab %s", a.style.bold(grader.Escape(d.File)), fileCount(d.Files), d.Lab)
	if d.Student != "" {
		fmt.Fprintf(a.out, ", by %s", d.Student)
	}
	if d.Variant != "" {
		fmt.Fprintf(a.out, ", variant %s", d.Variant)
	}
	fmt.Fprintf(a.out, ".\n\n  sha256  %s\n\n", d.SHA256)
	if len(d.Missing) > 0 {
		fmt.Fprintf(a.out, "%s these files of the starter are not in it: %s\n", a.style.warn("note:"), grader.Escape(strings.Join(d.Missing, ", ")))
	}
	if d.Starter {
		fmt.Fprintf(a.out, "%s nothing is changed yet: these are the starter's files\n", a.style.warn("note:"))
	}
	fmt.Fprintln(a.out, "Nothing was sent. Hand this file in where your course asks for it, and do not repack it.")
	return nil
}

func fileCount(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
