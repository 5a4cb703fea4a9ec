package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// class is what the class rows are measured with.
type class struct {
	*bench
	sizes  []int // of the classes of reference submissions
	flat   int   // size of the class that memory is watched over
	counts int   // of graded classes, to name their folders
}

// measure grades classes of different sizes and adds their rows.
func (c *class) measure(add adder) error {
	for _, size := range c.sizes {
		took, err := c.referenceClass(size)
		what := fmt.Sprintf("`ipclab grade fifo` of %s, submissions a minute", reference(size))
		if err := add(what, atLeastFor(size), "a minute", []float64{float64(size) * 60 / took}, err); err != nil {
			return err
		}
	}
	if err := c.overhead(add); err != nil {
		return err
	}
	return c.memory(add)
}

func reference(n int) string {
	if n == 1 {
		return "1 reference submission"
	}
	return fmt.Sprintf("%d reference submissions", n)
}

// atLeastFor is the bound for a class of that size. One submission alone leaves
// a processor idle.
func atLeastFor(size int) string {
	if size < 10 {
		return ""
	}
	return "at least 10"
}

// referenceClass grades so many reference submissions and says how long it
// took. A comment of its own makes each another submission, so that nothing but
// what all submissions have in common can be remembered from one to the next.
func (c *class) referenceClass(size int) (float64, error) {
	dir, err := c.handIn(size, c.lab.Solution())
	if err != nil {
		return 0, err
	}
	book, took, err := c.grade(dir, lab)
	if err != nil {
		return 0, err
	}
	for _, g := range book.Grades {
		if g.Status != gradebook.Graded || g.Score == nil || *g.Score != g.MaxScore {
			return 0, fmt.Errorf("the reference submission %s was not given all points: %s %s", g.ID, g.Status, g.Problem)
		}
	}
	return took, nil
}

// handIn makes a folder of submissions.
func (c *class) handIn(size int, work fs.FS) (string, error) {
	c.counts++
	dir := filepath.Join(c.home, fmt.Sprintf("class-%d", c.counts))
	for n := range size {
		student := filepath.Join(dir, fmt.Sprintf("student-%03d", n))
		if _, err := workspace.Create(student, work); err != nil {
			return "", err
		}
		if err := sign(student, n); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// sign adds a comment to the sources of a submission.
func sign(dir string, n int) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		form, known := map[string]string{".c": "/* student %d */\n", ".cil": "; student %d\n"}[filepath.Ext(path)]
		if err != nil || !known {
			return err
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f, form, n)
		return errors.Join(err, f.Close())
	})
}

// grade grades a folder, each submission with all reports, as a user does.
func (c *class) grade(dir, lab string, flags ...string) (*gradebook.Book, float64, error) {
	out := dir + "-graded"
	args := append([]string{"grade", lab, dir, "--out", out}, flags...)
	took, err := c.do(c.cache, args...)
	if err != nil {
		return nil, took, err
	}
	book, err := gradebook.Read(out)
	return book, took, err
}

// overhead measures what grading one submission costs beyond the machine's
// start, the checks in it, and its end. One submission at a time, so that none
// waits for another.
func (c *class) overhead(add adder) error {
	const size = 5
	startStop, err := times(size, func() (float64, error) { return c.startStop() })
	if err != nil {
		return err
	}
	dir, err := c.handIn(size, c.lab.Solution())
	if err != nil {
		return err
	}
	book, _, err := c.grade(dir, lab, "--jobs", "1")
	if err != nil {
		return err
	}
	machine := row{unit: "s", values: startStop}.mid()
	var checks, rest []float64
	for _, g := range book.Grades {
		report, err := c.report(dir, g)
		if err != nil {
			return err
		}
		checks = append(checks, report.Duration.Seconds())
		rest = append(rest, max(0, (g.Duration-report.Duration).Seconds()-machine))
	}
	if err := add("one reference submission graded alone: its checks in the machine", "", "s", checks, nil); err != nil {
		return err
	}
	if err := add("the same: start and end of its machine", "", "s", startStop, nil); err != nil {
		return err
	}
	return add("the same: what the grader adds to that", "0.5 s", "s", rest, nil)
}

// report gives what judging a submission came to: the book may leave it out.
func (c *class) report(dir string, g gradebook.Grade) (*grader.Report, error) {
	if g.Report == nil {
		kept, err := gradebook.ReadGrade(dir+"-graded", g.ID)
		if err != nil {
			return nil, err
		}
		g = kept
	}
	if g.Report == nil {
		return nil, fmt.Errorf("the submission %s was not judged: %s %s", g.ID, g.Status, g.Problem)
	}
	return g.Report, nil
}

// startStop starts a machine and stops it, without a program of its own.
func (c *class) startStop() (float64, error) {
	h := c.host()
	begun := time.Now()
	if _, err := h.Start(c.ctx, c.lab, "bench"); err != nil {
		return 0, err
	}
	err := h.Machines().Stop(c.ctx, "bench")
	return time.Since(begun).Seconds(), err
}

// memory watches the grader's memory over a class of submissions to a small lab
// that do not come far: what grows with every submission grows with these.
func (c *class) memory(add adder) error {
	folder := filepath.Join(c.home, "labs")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	if _, err := c.do(c.cache, "lab", "new", "quick", "--in", folder); err != nil {
		return err
	}
	quick, err := labs.Load(os.DirFS(folder), "quick")
	if err != nil {
		return err
	}
	dir, err := c.handIn(c.flat, quick.Starter())
	if err != nil {
		return err
	}
	early, late, err := c.watch(dir, folder)
	if err := add(fmt.Sprintf("memory of the grader in the second quarter of a class of %d", c.flat), "", "MB", early, err); err != nil {
		return err
	}
	return add("the same in the last quarter", "the same", "MB", late, nil)
}

// watch grades a class of the lab quick and looks at the grader's memory
// meanwhile.
func (c *class) watch(dir, folder string) (early, late []float64, err error) {
	out := dir + "-graded"
	cmd := c.command(c.cache, "grade", "quick", dir, "--labs", folder, "--out", out, "--json")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			if err == nil && (len(early) == 0 || len(late) == 0) {
				err = errors.New("grading was over too soon to look at its memory")
			}
			if err != nil {
				err = fmt.Errorf("ipclab grade quick: %w\n%s", err, &said)
			}
			return early, late, err
		case <-time.After(250 * time.Millisecond):
			c.look(cmd, out, &early, &late)
		}
	}
}

// look adds the grader's memory to the quarter of the class that it is in.
func (c *class) look(cmd *exec.Cmd, out string, early, late *[]float64) {
	graded, _ := filepath.Glob(filepath.Join(out, "submissions", "*", "result.json"))
	rss, _, err := memory(cmd.Process.Pid)
	if err != nil || rss == 0 {
		return // it has just ended
	}
	switch quarter := 4 * len(graded) / c.flat; quarter {
	case 1:
		*early = append(*early, rss)
	case 3:
		*late = append(*late, rss)
	}
}
