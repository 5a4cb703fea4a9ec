package redteam

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ipclab/labs"
)

// place is a home of ipclab's of its own: no two see each other's machines.
type place struct {
	dir string // everything of it lies here
}

// newPlace makes one, and ends at the test's end what still runs there.
func newPlace(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "rt") // short, because sockets are in it
	if err != nil {
		t.Fatal(err)
	}
	p := &place{dir}
	for _, part := range []string{p.home(), p.in("run"), p.in("tmp")} {
		if err := os.MkdirAll(part, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		p.ipclab(nil, "stop", "--all").Run()
		os.RemoveAll(dir)
	})
	return p
}

func (p *place) in(name string) string { return filepath.Join(p.dir, name) }
func (p *place) home() string          { return p.in("home") }

// ipclab prepares a call of the program.
func (p *place) ipclab(stdin io.Reader, args ...string) *exec.Cmd {
	cmd := exec.Command("ipclab", append([]string{"--labs", "labs"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+p.home(), "XDG_STATE_HOME="+p.in("state"), "XDG_RUNTIME_DIR="+p.in("run"),
		"IPCLAB_WORK="+p.in("work"), "TMPDIR="+p.in("tmp"), "TERM=dumb")
	cmd.Stdin = stdin
	return cmd
}

// must runs ipclab, and ends the test unless it does well.
func (p *place) must(t *testing.T, stdin io.Reader, args ...string) string {
	t.Helper()
	out, err := p.ipclab(stdin, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ipclab %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// corpus are all attacks, or those that RED_TEAM names with patterns, separated
// by commas.
func corpus(t *testing.T) []*Attack {
	t.Helper()
	all, err := LoadAll(os.DirFS("attacks"))
	if err != nil {
		t.Fatal(err)
	}
	patterns := os.Getenv("RED_TEAM")
	if patterns == "" {
		return all
	}
	chosen := slices.DeleteFunc(all, func(a *Attack) bool {
		return !slices.ContainsFunc(strings.Split(patterns, ","), func(pattern string) bool {
			ok, err := filepath.Match(pattern, a.Name)
			check(t, err)
			return ok
		})
	})
	if len(chosen) == 0 {
		t.Fatalf("there is no attack %q", patterns)
	}
	return chosen
}

// labsOf are the labs that attacks are made on.
func labsOf(t *testing.T, attacks []*Attack) map[string]*labs.Lab {
	t.Helper()
	ours, err := labs.Dir("labs")
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := labs.NewCatalog(labs.Embedded(), ours)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*labs.Lab{}
	for _, a := range attacks {
		lab, err := catalog.Find(a.Lab)
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		found[a.Lab] = lab
	}
	return found
}

// pack is a folder as a tar archive, with all that is in it.
func pack(t *testing.T, dir string) io.Reader {
	t.Helper()
	var archive, diag bytes.Buffer
	cmd := exec.Command("tar", "-C", dir, "-c", ".")
	cmd.Stdout, cmd.Stderr = &archive, &diag
	if err := cmd.Run(); err != nil {
		t.Fatal(fmt.Errorf("tar: %w: %s", err, diag.Bytes()))
	}
	return &archive
}
