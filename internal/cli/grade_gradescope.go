package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ipclab/grader/gradebook"
	"ipclab/internal/class"
	"ipclab/internal/draft"
	"ipclab/internal/intake"
)

// gradescopeRoot is where Gradescope puts everything in its containers.
const gradescopeRoot = "/autograder"

// gradescope grades the one submission of Gradescope's layout. There is a
// results file from the beginning, which says that there is no grade yet:
// whatever happens, the platform finds one. Without, it only says that the
// autograder failed.
func (a *app) gradescope(ctx context.Context, args []string, f gradeFlags) error {
	root := gradescopeRoot
	if len(args) > 1 {
		root = args[1]
	}
	results := resultsIn(root)
	if err := sorry(results); err != nil {
		return err
	}
	if len(args) < 1 || len(args) > 2 {
		return usagef("want the name of a lab: ipclab grade LAB --gradescope [ROOT]")
	}
	return a.gradescopeOne(ctx, args[0], root, results, f)
}

func resultsIn(root string) string { return filepath.Join(root, "results", "results.json") }

// sorryForFlags leaves results also where the command line is not understood.
func sorryForFlags(args []string) {
	if !slices.Contains(args, "--gradescope") {
		return
	}
	root := gradescopeRoot
	for _, arg := range args {
		if info, err := os.Stat(filepath.Join(arg, "submission")); err == nil && info.IsDir() {
			root = arg
		}
	}
	_ = sorry(resultsIn(root)) // the mistake in the command line is what is told
}

// gradescopeOne grades the submission and puts its results where they belong.
func (a *app) gradescopeOne(ctx context.Context, name, root, results string, f gradeFlags) error {
	work, err := os.MkdirTemp("", "ipclab-gradescope-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	f.out, f.formats = filepath.Join(work, "out"), []string{"gradescope"}
	r, err := a.gradeRun(name, f)
	if err != nil {
		return err
	}
	s := gradescopeSubmission(root)
	r.Submissions = []intake.Submission{s}
	show := newGradePrinter(a, r)
	r.Observe = show.event
	_, err = r.Grade(ctx)
	show.end()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(f.out, "gradescope", s.ID+".json"))
	if err != nil {
		return err
	}
	if err := putResults(results, data); err != nil {
		return err
	}
	return ungradedCode(show.summary)
}

// ungradedCode is the exit code when there is no score.
func ungradedCode(s class.Summary) error {
	switch {
	case s.LabFault > 0:
		return &exitError{codeLab}
	case s.Ungraded > 0:
		return &exitError{codeMachine}
	}
	return nil
}

func putResults(path string, data []byte) error {
	return draft.Write(path, data, 0o644, draft.Durable)
}

// sorry writes results that say that there are none.
func sorry(path string) error {
	data, err := json.MarshalIndent(map[string]any{
		"output":            "This submission could not be graded yet. That is not your fault, and it is not a zero. Your instructor sees why.",
		"output_format":     "text",
		"stdout_visibility": "hidden",
	}, "", "  ")
	if err != nil {
		return err
	}
	return putResults(path, data)
}

// gradescopeSubmission is the submission in Gradescope's layout. Whatever its
// metadata lacks is no reason not to grade it.
func gradescopeSubmission(root string) intake.Submission {
	s := intake.Submission{ID: "submission", Source: "submission", Path: filepath.Join(root, "submission")}
	s.Path = onlyArchive(s.Path)
	s.Student = gradescopeStudent(filepath.Join(root, "submission_metadata.json"))
	return s
}

// onlyArchive is the archive in a folder in which nothing else is: Gradescope
// unpacks zip files only.
func onlyArchive(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || !entries[0].Type().IsRegular() {
		return dir
	}
	name := entries[0].Name()
	for _, ending := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip"} {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return filepath.Join(dir, name)
		}
	}
	return dir
}

// maxMetadata bounds what is read of the metadata.
const maxMetadata = 1 << 20

// gradescopeStudent reads who handed in, as far as the metadata tells.
func gradescopeStudent(path string) gradebook.Student {
	unknown := gradebook.Student{ID: "unknown"}
	f, err := os.Open(path)
	if err != nil {
		return unknown
	}
	defer f.Close()
	var meta struct {
		Users []struct {
			ID    any    `json:"id"`
			Email string `json:"email"`
			Name  string `json:"name"`
			SID   any    `json:"sid"`
		} `json:"users"`
	}
	d := json.NewDecoder(io.LimitReader(f, maxMetadata))
	d.UseNumber()
	if d.Decode(&meta) != nil || len(meta.Users) == 0 {
		return unknown
	}
	u := meta.Users[0]
	return gradebook.Student{ID: cmp.Or(firstText(u.SID, u.Email, u.ID), unknown.ID), Name: short(u.Name), Email: short(u.Email)}
}

// firstText is the first value that has a text.
func firstText(values ...any) string {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			if v != "" {
				return short(v)
			}
		case json.Number:
			return short(v.String())
		}
	}
	return ""
}

// short bounds a text that anybody may have written.
func short(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
