package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipclab/vagrant"
)

// The student's edition of the program must have nothing in it that gives a
// lab's solution away: this builds both editions and looks at their bytes.
func TestStudentEditionHasNoSolutions(t *testing.T) {
	dir := t.TempDir()
	whole, student := build(t, dir, "whole"), build(t, dir, "student", "-tags", "student")
	private, public := labLines(t)
	if len(private) < 100 || len(public) < 100 {
		t.Fatalf("%d and %d lines to look for", len(private), len(public))
	}
	for _, line := range public {
		if !bytes.Contains(student, []byte(line)) {
			t.Errorf("students need this, and do not get it: %s", line)
		}
	}
	for _, line := range private {
		if bytes.Contains(student, []byte(line)) {
			t.Errorf("students get this: %s", line)
		}
		if !bytes.Contains(whole, []byte(line)) {
			t.Errorf("the test would not find this: %s", line)
		}
	}
}

func TestStudentEditionProvesNothing(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, "student", "-tags", "student")
	run := func(args ...string) (string, int) {
		cmd := exec.Command(filepath.Join(dir, "student"), args...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := run("list"); code != 0 || !strings.Contains(out, "fifo") {
		t.Errorf("list: %d, %s", code, out)
	}
	if out, code := run("lab", "check", "fifo"); code != 2 || !strings.Contains(out, "the lab fifo is a student's edition") {
		t.Errorf("lab check: %d, %s", code, out)
	}
	if out, code := run("lab", "new", "--in", dir, "mine"); code != 0 {
		t.Errorf("lab new: %d, %s", code, out)
	}
}

// build gives the bytes of the program.
func build(t *testing.T, dir, name string, flags ...string) []byte {
	t.Helper()
	file := filepath.Join(dir, name)
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-o", file}, flags...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// recipe is all text of the machines' recipe.
func recipe(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	err := fs.WalkDir(vagrant.Recipe(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(vagrant.Recipe(), name)
		text.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// labLines are the lines of the labs that only instructors may have, and those
// that students have. Short ones say nothing, and what students may read
// elsewhere (the hints are nearly the answer) is no secret; nor is what any C
// program may say, such as the probe, whose source is part of the program.
func labLines(t *testing.T) (private, public []string) {
	t.Helper()
	all := map[bool][]string{}
	labs := os.DirFS("../../labs")
	err := fs.WalkDir(labs, ".", func(name string, d fs.DirEntry, err error) error {
		part := strings.Split(name, "/")
		if err != nil || d.IsDir() || len(part) < 2 || part[0] == "template" || part[0] == "testdata" {
			return err
		}
		data, err := fs.ReadFile(labs, name)
		secret := slices.Contains([]string{"solution", "mutants", "hidden"}, part[1])
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(strings.TrimLeft(line, "+- \t")); len(line) >= 20 {
				all[secret] = append(all[secret], line)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	open := strings.Join(all[false], "\n") + recipe(t)
	hidden := slices.DeleteFunc(all[true], func(line string) bool { return strings.Contains(open, line) })
	return hidden, all[false]
}
