package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// run runs every test and gives the log.
func (g *grading) run() []byte {
	l := &logT{}
	for _, name := range g.names() {
		l.name, l.failed = name, false
		l.test(testscript.Params{
			Files:    []string{filepath.Join(g.work, "tests", name+".txtar")},
			Deadline: time.Now().Add(g.limit),
			Setup: func(env *testscript.Env) error {
				env.Setenv("PATH", g.work+":"+os.Getenv("PATH"))
				env.Setenv("SRC", g.work)
				return nil
			},
		})
		g.note(name, !l.failed)
	}
	return l.log
}

// logT is a testscript.T that gathers everything in one log.
type logT struct {
	log    []byte
	name   string
	failed bool
}

// stop is what FailNow panics with, because it must not return.
type stop struct{}

func (l *logT) test(p testscript.Params) {
	defer func() {
		if r := recover(); r != nil {
			l.failed = true
		}
		l.log = fmt.Appendf(l.log, "--- %s: %s\n", map[bool]string{true: "FAIL", false: "PASS"}[l.failed], l.name)
	}()
	testscript.RunT(l, p)
}

func (l *logT) Skip(...any)                        { panic(stop{}) }
func (l *logT) Fatal(args ...any)                  { l.Log(args...); l.FailNow() }
func (l *logT) FailNow()                           { panic(stop{}) }
func (l *logT) Parallel()                          {}
func (l *logT) Verbose() bool                      { return true }
func (l *logT) Run(_ string, f func(testscript.T)) { f(l) }
func (l *logT) Log(args ...any)                    { l.log = fmt.Appendln(l.log, args...) }
