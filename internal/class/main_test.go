package class

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/intake"
	"ipclab/labs"
)

// fakeWorker as the first argument makes a worker of the test's own binary.
const fakeWorker = "fake-worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == fakeWorker {
		playWorker(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// playWorker answers as the submission's file says: a word, and what belongs to
// it. It is told what the answer is when all passes: reading the labs takes longer
// than all the rest, and there are hundreds of workers.
func playWorker(allPass string) {
	var job Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		panic(err)
	}
	pass := &Answer{Status: gradebook.Graded}
	if err := json.Unmarshal([]byte(allPass), &pass.Report); err != nil {
		panic(err)
	}
	text, err := os.ReadFile(job.Submission.Path)
	if err != nil {
		panic(err)
	}
	voice := os.NewFile(3, "voice")
	defer voice.Close()
	out := json.NewEncoder(voice)
	out.Encode(message{Check: "builds", Of: 13})
	words := strings.Fields(string(text))
	p := player{job: job, pass: pass, first: first(job.Submission.Path), voice: voice}
	if a := p.play(words[0], words[1:]); a != nil {
		out.Encode(message{Answer: a})
	}
}

// first tells whether a submission is judged for the first time.
func first(path string) bool {
	f, err := os.OpenFile(path+".judged", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		f.Close()
	}
	return err == nil
}

type player struct {
	job   Job
	pass  *Answer // of who passes everything
	first bool
	voice *os.File
}

func (p player) play(how string, words []string) *Answer {
	pass := p.pass
	switch how {
	case "pass":
	case "fail":
		p.change(pass, words[0], func(r *grader.Result) { r.Verdict, r.Fault, r.Points = grader.Fail, grader.Student, 0 })
	case "slow": // passes with twice the time, if it is said to
		if len(words) < 2 || p.job.Slack < 2 {
			p.change(pass, words[0], func(r *grader.Result) { r.Verdict, r.Fault, r.Points, r.Slow = grader.Fail, grader.Student, 0, true })
		}
	case "broken": // by the lab or by the machine, once or always
		if p.first || len(words) < 3 {
			p.change(pass, words[0], func(r *grader.Result) { r.Verdict, r.Fault, r.Points = grader.Broken, grader.Fault(words[1]), 0 })
		}
	case "refused":
		return &Answer{Status: gradebook.Refused, Fault: grader.Student, Problem: "it is empty"}
	case "full":
		return &Answer{Status: gradebook.Ungraded, Fault: grader.Machine, Problem: "no room", Full: "/somewhere"}
	case "crash":
		if p.first || len(words) == 0 {
			fmt.Fprintln(os.Stderr, "what it says at its end")
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	case "silent":
		if p.first {
			exec.Command("sleep", "1000").Run()
		}
	case "garbage":
		p.voice.WriteString("{{{")
		return nil
	case "flood":
		word := strings.Repeat("x", 1<<20)
		for {
			if _, err := fmt.Fprintf(p.voice, "{\"check\":%q}\n", word); err != nil {
				return nil
			}
		}
	case "chatter":
		for {
			if _, err := p.voice.WriteString("{}\n"); err != nil {
				return nil
			}
		}
	case "liar":
		pass.Report.Points = 1000
		p.change(pass, "builds", func(r *grader.Result) { r.Points = 1000 })
	case "braggart":
		pass.Report.Points = 1000
	case "big":
		p.change(pass, "builds", func(r *grader.Result) {
			r.Evidence = []grader.Evidence{{Kind: grader.KindOutput, Text: strings.Repeat("evidence ", 20_000)}}
		})
	case "environment":
		p.change(pass, "builds", func(r *grader.Result) {
			r.Verdict, r.Fault, r.Points, r.Message = grader.Fail, grader.Student, 0, strings.Join(os.Environ(), " ")
		})
	default:
		panic(how)
	}
	return pass
}

// allPass is the report of who passes everything, as a fake worker is told it.
func allPass(lab *labs.Lab) (string, error) {
	r := &grader.Report{Lab: lab.Name}
	for _, c := range lab.Checks() {
		r.Add(grader.Result{Check: c.ID, Title: c.Title, Verdict: grader.Pass, Points: c.Points, MaxPoints: c.Points})
	}
	text, err := json.Marshal(r)
	return string(text), err
}

func (p player) change(a *Answer, check string, how func(*grader.Result)) {
	for i := range a.Report.Results {
		if a.Report.Results[i].Check == check {
			how(&a.Report.Results[i])
		}
	}
}

func fifo() (*labs.Lab, error) {
	c, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		return nil, err
	}
	return c.Find("fifo")
}

// fakeComputer has machines that nobody sees.
type fakeComputer struct {
	mu      sync.Mutex
	digest  string
	stopped map[string]int
}

func (c *fakeComputer) Prepare(context.Context, *labs.Lab) (Machine, error) {
	return Machine{Digest: c.digest, Pace: 1, CPUs: 1}, nil
}

func (c *fakeComputer) Stop(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped[name]++
	return nil
}

// room is a class with its folders.
type room struct {
	t      *testing.T
	run    *Run
	events []Event
	book   *gradebook.Book
}

// newRoom makes a class: each submission is a name and what it says to the fake
// worker.
func newRoom(t *testing.T, class map[string]string) *room {
	t.Helper()
	lab, err := fifo()
	if err != nil {
		t.Fatal(err)
	}
	pass, err := allPass(lab)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := &room{t: t, run: &Run{
		Lab: lab, Out: filepath.Join(dir, "out"), Jobs: 2, Grader: "grader",
		Computer: &fakeComputer{digest: "machine", stopped: map[string]int{}}, Worker: []string{os.Args[0], fakeWorker, pass},
	}}
	r.run.Observe = func(e Event) { r.events = append(r.events, e) }
	for id, says := range class {
		r.handIn(filepath.Join(dir, "in"), id, says)
	}
	sortByID(r.run.Submissions)
	return r
}

func (r *room) handIn(dir, id, says string) {
	r.t.Helper()
	path := filepath.Join(dir, id+".tar")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(says), 0o644); err != nil {
		r.t.Fatal(err)
	}
	r.run.Submissions = append(r.run.Submissions, intake.Submission{ID: id, Student: gradebook.Student{ID: id}, Path: path, Source: id + ".tar"})
}

// grade grades and expects no error.
func (r *room) grade() *room {
	r.t.Helper()
	book, err := r.run.Grade(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	r.book = book
	return r
}

// got reads a grade from the folder.
func (r *room) got(id string) gradebook.Grade {
	r.t.Helper()
	g, err := gradebook.ReadGrade(r.run.Out, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

// judged names the submissions that a worker answered for, since the last call.
func (r *room) judged() []string {
	var ids []string
	for _, e := range r.events {
		if f, ok := e.(Finished); ok && !f.Kept {
			ids = append(ids, f.Grade.ID)
		}
	}
	r.events = nil
	return ids
}
