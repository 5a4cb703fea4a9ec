package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed" // the script
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed questions.py
var script []byte

// python is Debian's own, which finds Debian's setools; another one may stand
// before it in the PATH.
const python = "/usr/bin/python3"

// library is setools in a process that reads the policy once.
type library struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said bytes.Buffer

	load    float64 // seconds until policy and map were read
	version string  // of setools
}

// reply is what came of an order.
type reply struct {
	Paths   [][]string `json:"paths"`   // types, ends included; nil: there is none
	First   float64    `json:"first"`   // seconds until the first answer
	Seconds float64    `json:"seconds"` // for all
	Version string     `json:"version"` // only of the first line
}

// startLibrary starts setools on a prepared policy.
func startLibrary(ctx context.Context, p *prepared, dir string) (*library, error) {
	name := filepath.Join(dir, "questions.py")
	if err := os.WriteFile(name, script, 0o600); err != nil {
		return nil, err
	}
	l := &library{cmd: exec.CommandContext(ctx, python, name, p.binary, p.perms)}
	l.cmd.Stderr = &l.said
	var err error
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.out = bufio.NewReader(out)
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	var loaded reply
	err = l.read(&loaded)
	l.load, l.version = loaded.Seconds, loaded.Version
	return l, err
}

// ask asks for all pairs of a set.
func (l *library) ask(o order) (r reply, err error) {
	if o.Exclude == nil {
		o.Exclude = []string{}
	}
	line, err := json.Marshal(o)
	if err != nil {
		return r, err
	}
	if _, err := l.in.Write(append(line, '\n')); err != nil {
		return r, l.explain(err)
	}
	if err := l.read(&r); err != nil {
		return r, err
	}
	if len(r.Paths) != len(o.Pairs) {
		return r, fmt.Errorf("setools answered %d of %d questions", len(r.Paths), len(o.Pairs))
	}
	return r, nil
}

func (l *library) read(r *reply) error {
	line, err := l.out.ReadBytes('\n')
	if err != nil {
		return l.explain(err)
	}
	return json.Unmarshal(line, r)
}

func (l *library) explain(err error) error {
	return fmt.Errorf("setools, which is started with %s: %w\n%s", python, err, &l.said)
}

// Close ends the process.
func (l *library) Close() error {
	l.in.Close()
	return l.cmd.Wait()
}
