package redteam

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ipclab/labs"
)

const good = `attack: 4
title: t
tries: t
lab: vault
expect: {status: graded, score: 20, fails: [slot]}
why: w
real: {how: naive, shows: s}
`

// load loads an attack with this description.
func load(name, description string) (*Attack, error) {
	return Load(fstest.MapFS{
		name + "/" + File:   {Data: []byte(description)},
		name + "/" + Script: {Data: []byte("exit 0\n")},
	}, name)
}

func TestLoad(t *testing.T) {
	a, err := load("04-print", good)
	if err != nil || a.Number != 4 || a.Expect.Fails[0] != "slot" || a.Real.How != Naive {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestLoadTellsMistakes(t *testing.T) {
	for name, test := range map[string]struct{ description, want string }{
		"no YAML":          {"attack: [", "04-print/attack.yaml:1:"},
		"unknown key":      {good + "wy: w\n", `04-print/attack.yaml:8:1: unknown field "wy"`},
		"unknown deep key": {strings.Replace(good, "shows", "show", 1), `04-print/attack.yaml:7:20: unknown field "show"`},
		"twice":            {good + "lab: fifo\n", "04-print/attack.yaml:8:1: "},
		"no number":        {strings.Replace(good, "attack: 4", "attack: four", 1), "04-print/attack.yaml:1:9: "},
		"other number":     {strings.Replace(good, "attack: 4", "attack: 5", 1), "the folder's name must be 05-"},
		"no why":           {strings.Replace(good, "why: w\n", "", 1), "why is missing"},
		"no how":           {strings.Replace(good, "naive", "honest", 1), `real.how must be naive or guest, not "honest"`},
		"no status":        {strings.Replace(good, "graded", "ungraded", 1), `expect.status must be graded or refused, not "ungraded"`},
		"refused, points":  {strings.Replace(good, "graded", "refused", 1), "what is refused has the score 0"},
		"form":             {good + "form: rar\n", `there is no form "rar"`},
		"way out":          {good + "add: [{name: ../x}]\n", `"../x" is no path within a folder`},
		"root":             {good + "add: [{name: /etc/x}]\n", `"/etc/x" is no path within a folder`},
		"device":           {good + "add: [{name: x, kind: block}]\n", `there is no kind "block"`},
		"hard link out":    {good + "add: [{name: x, kind: hardlink, link: /etc/passwd}]\n", "leads out of the folder"},
		"mode":             {good + "add: [{name: x, mode: rwx}]\n", "add, entry 1: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load("04-print", test.description)
			var mistake *Error
			if !errors.As(err, &mistake) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := Load(fstest.MapFS{"04-print/" + File: {Data: []byte(good)}}, "04-print"); err == nil || !strings.Contains(err.Error(), Script) {
		t.Errorf("without a proof: %v", err)
	}
}

// TestCorpus holds what the attacks say of themselves against the labs.
func TestCorpus(t *testing.T) {
	t.Setenv("RED_TEAM", "")
	attacks := corpus(t)
	byLab := labsOf(t, attacks)
	var numbers []int
	for _, a := range attacks {
		numbers = append(numbers, a.Number)
		lab := byLab[a.Lab]
		if score := honestScore(t, a, lab); a.Expect.Score != score {
			t.Errorf("%s: what fails leaves %d points, not %d", a.Name, score, a.Expect.Score)
		}
		if _, err := a.files(lab); err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	for n := 1; n <= 40; n++ {
		if !slices.Contains(numbers, n) {
			t.Errorf("there is no attack %d", n)
		}
	}
}

// honestScore are the points of the checks that neither fail nor need one that
// does not pass.
func honestScore(t *testing.T, a *Attack, lab *labs.Lab) int {
	if a.Expect.Status == "refused" {
		return 0
	}
	score, lost := 0, slices.Clone(a.Expect.Fails)
	for _, id := range lost {
		if lab.Check(id) == nil {
			t.Errorf("%s: the lab %s has no check %q", a.Name, lab.Name, id)
		}
	}
	for _, c := range lab.Checks() {
		needs := slices.ContainsFunc(c.Needs, func(id string) bool { return slices.Contains(lost, id) })
		switch {
		case needs:
			lost = append(lost, c.ID)
			if slices.Contains(a.Expect.Fails, c.ID) {
				t.Errorf("%s: %s needs what fails, and is skipped", a.Name, c.ID)
			}
		case !slices.Contains(lost, c.ID):
			score += c.Points
		}
	}
	return score
}

func TestFolderHoldsWhatWasAdded(t *testing.T) {
	at := filepath.Join(t.TempDir(), "submission")
	add := []Entry{
		{Name: "a/b.c", Data: "text", Mode: "0755"},
		{Name: "link", Kind: Symlink, Link: "/etc/passwd"},
		{Name: "fifo", Kind: FIFO, Mode: "0600"},
		{Name: "again", Kind: Hardlink, Link: "a/b.c"},
		{Name: "n%d", Count: 3, Size: 5},
	}
	check(t, writeFolder(at, fstest.MapFS{"kept": {Data: []byte("kept")}, "a/b.c": {Data: []byte("old")}}, add))
	for name, want := range map[string]string{
		"a/b.c": "-rwxr-xr-x", "kept": "-rw-r--r--", "link": "Lrwxrwxrwx", "fifo": "prw-------", "again": "-rwxr-xr-x", "n2": "-rw-r--r--",
	} {
		info, err := os.Lstat(filepath.Join(at, name))
		if err != nil || info.Mode().String() != want {
			t.Errorf("%s: %v, %v; want %s", name, info, err, want)
		}
	}
}

// A folder is made on this computer: not even a link in it leads out of it.
func TestFolderWritesNothingOutside(t *testing.T) {
	dir := t.TempDir()
	add := []Entry{{Name: "out", Kind: Symlink, Link: dir}, {Name: "out/written", Data: "x"}}
	if err := writeFolder(filepath.Join(dir, "submission"), nil, add); err == nil {
		t.Error("no error")
	}
	if _, err := os.Lstat(filepath.Join(dir, "written")); err == nil {
		t.Error("written outside")
	}
}

func TestArchiveHoldsAnyName(t *testing.T) {
	at := filepath.Join(t.TempDir(), "a.tar")
	a := &Attack{Form: Tar, Add: []Entry{
		{Name: "../../etc/x", Data: "text"}, {Name: "/dev/x", Kind: BlockDev}, {Name: "l", Kind: Symlink, Link: ".."}, {Name: "big", Data: "a", Size: 1000},
	}}
	check(t, a.writeArchive(at, fstest.MapFS{"kept": {Data: []byte("kept")}}))
	f, err := os.Open(at)
	check(t, err)
	defer f.Close()
	var got []string
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		got = append(got, h.Name+" "+string(h.Typeflag)+" "+h.Linkname)
	}
	want := []string{"kept 0 ", "../../etc/x 0 ", "/dev/x 4 ", "l 2 ..", "big 0 "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	a.Cut = 700
	cut := filepath.Join(t.TempDir(), "cut.tar")
	check(t, a.writeArchive(cut, nil))
	whole, _ := os.Stat(at)
	if info, err := os.Stat(cut); err != nil || info.Size() >= whole.Size() {
		t.Errorf("nothing was cut off: %v, %v", info, err)
	}
}
