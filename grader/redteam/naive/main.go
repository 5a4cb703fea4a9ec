package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

//go:embed tests
var tests embed.FS

func main() {
	lab := flag.String("lab", os.Getenv("LAB"), "the lab")
	out := flag.String("out", "results.json", "where the results go")
	only := flag.String("run", "", "run these tests only: NAME,NAME")
	limit := flag.Duration("deadline", time.Minute, "how long one test may take")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	g := &grading{lab: *lab, out: *out, only: *only, limit: *limit, submission: flag.Arg(0)}
	if err := g.all(); err != nil {
		fmt.Fprintln(os.Stderr, "naive:", err)
		os.Exit(1)
	}
}

// grading is one submission on its way to a score.
type grading struct {
	lab, out, only, submission string
	work                       string // the submission's files and the tests
	limit                      time.Duration
}

func (g *grading) all() error {
	if err := g.stage(); err != nil {
		return err
	}
	log, err := g.build()
	if err == nil {
		log = append(log, g.run()...)
	}
	score, err := g.score(string(log))
	if err != nil {
		return err
	}
	fmt.Printf("%s\nscore %d/100\n", log, score)
	if err := g.report(string(log), score); err != nil {
		return err
	}
	return g.collect()
}

// stage puts the submission into a folder, and the tests that it lacks beside
// it, as where they are handed out with the starter.
func (g *grading) stage() (err error) {
	if g.work, err = os.MkdirTemp("", "naive-"); err != nil {
		return err
	}
	if err := unpack(g.submission, g.work); err != nil {
		return err
	}
	own, err := fs.Sub(tests, path.Join("tests", g.lab))
	if err != nil {
		return err
	}
	return fs.WalkDir(own, ".", func(name string, d fs.DirEntry, err error) error {
		to := filepath.Join(g.work, "tests", name)
		if err != nil || d.IsDir() || isThere(to) {
			return err
		}
		data, err := fs.ReadFile(own, name)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// build runs make. The log is what it printed.
func (g *grading) build() ([]byte, error) {
	cmd := exec.Command("make", "-s")
	cmd.Dir = g.work
	log, err := cmd.CombinedOutput()
	if err != nil {
		log = fmt.Appendf(log, "make: %v\n", err)
	}
	return log, err
}

// names are the names of the tests that are asked for, in order.
func (g *grading) names() []string {
	var names []string
	files, _ := filepath.Glob(filepath.Join(g.work, "tests", "*.txtar"))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if g.only == "" || slices.Contains(strings.Split(g.only, ","), name) {
			names = append(names, name)
		}
	}
	return names
}
