package vmtest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/labs"
)

// TestClass grades a class of forty: testdata/class/class.txt says what each
// submission is, and what it must get. With another number of machines at a time
// each must get the same. That the order and the number of machines make no
// difference to the grader itself is tested without machines, in internal/class;
// here it is a matter of what submissions do to each other's machines, so the
// hostile ones are graded again, with some of every other kind among them.
func TestClass(t *testing.T) {
	rows := readClass(t)
	home := t.TempDir()
	gradeClass(t, rows, home, "first", machines())
	gradeClass(t, disturbers(rows), home, "second", 2)
	if left := filesIn(filepath.Join(home, "state/ipclab/machines")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// gradeClass hands the submissions in, has them graded, and holds the book
// against the table.
func gradeClass(t *testing.T, rows []handedIn, home, name string, jobs int) {
	t.Helper()
	downloads, out := filepath.Join(t.TempDir(), "downloads"), filepath.Join(home, name)
	handInClass(t, rows, downloads)
	ipclabIn(t, home, "grade", "fifo", downloads, "--platform", "canvas", "--out", out, "--jobs", strconv.Itoa(jobs))
	compareClass(t, rows, readBook(t, out))
}

// disturbers are all hostile submissions and every fourth other one.
func disturbers(rows []handedIn) []handedIn {
	var some []handedIn
	for i, r := range rows {
		if strings.HasPrefix(r.made, "hostile:") || i%4 == 0 && r.status != string(gradebook.Superseded) {
			some = append(some, r)
		}
	}
	return some
}

// handedIn is one row of class.txt.
type handedIn struct {
	name, made    string
	status, score string
	fails         []string
}

func readClass(t *testing.T) []handedIn {
	t.Helper()
	data, err := os.ReadFile("testdata/class/class.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rows []handedIn
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 5 {
			t.Fatalf("class.txt: %q has %d columns", line, len(f))
		}
		rows = append(rows, handedIn{f[0], f[1], f[2], f[3], strings.FieldsFunc(f[4], func(r rune) bool { return r == ',' || r == '-' && f[4] == "-" })})
	}
	if len(rows) != 40 {
		t.Fatalf("class.txt has %d rows", len(rows))
	}
	return rows
}

// handInClass writes every submission as the platform's download would hold it.
func handInClass(t *testing.T, rows []handedIn, dir string) {
	t.Helper()
	catalog, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	lab, err := catalog.Find("fifo")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		data, err := r.archive(lab)
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, r.name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// archive makes the file that was handed in.
func (r handedIn) archive(lab *labs.Lab) ([]byte, error) {
	kind, name, _ := strings.Cut(r.made, ":")
	switch kind {
	case "solution":
		return pack(r.name, lab.Solution())
	case "mutant":
		for _, m := range lab.Mutants() {
			if m.Name == name {
				work, err := m.FS()
				if err != nil {
					return nil, err
				}
				return pack(r.name, work)
			}
		}
	case "hostile":
		work, err := overlay(lab.Solution(), os.DirFS(filepath.Join("testdata/class/hostile", name)))
		if err != nil {
			return nil, err
		}
		return pack(r.name, work)
	case "broken":
		return broken(r.name, name, lab.Solution())
	}
	return nil, fmt.Errorf("there is no %s", r.made)
}

func overlay(base, top fs.FS) (fs.FS, error) {
	all := fstest.MapFS{}
	return all, errors.Join(labs.AddFiles(all, base), labs.AddFiles(all, top))
}

func eachFile(fsys fs.FS, f func(name string, data []byte) error) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		return f(name, data)
	})
}

// broken is what a student may hand in instead of a submission.
func broken(file, how string, work fs.FS) ([]byte, error) {
	switch how {
	case "zero":
		return nil, nil
	case "garbage":
		return bytes.Repeat([]byte("my submission "), 100), nil
	case "truncated":
		whole, err := pack(file, work)
		return whole[:len(whole)/2], err
	case "empty":
		return pack(file, fstest.MapFS{})
	case "parent":
		return zipped(map[string]string{"../../../tmp/writer.c": "int main(void) { return 0; }\n"})
	case "symlink":
		return linked("writer.c", "/etc/passwd")
	}
	return nil, fmt.Errorf("nobody knows how to break it by %q", how)
}

func zipped(files map[string]string) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			return nil, err
		}
		io.WriteString(f, text)
	}
	err := w.Close()
	return out.Bytes(), err
}

func linked(name, target string) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink, Mode: 0o777})
	for _, c := range []io.Closer{w, z} {
		if closeErr := c.Close(); err == nil {
			err = closeErr
		}
	}
	return out.Bytes(), err
}

// pack makes the archive that the file's name promises.
func pack(file string, work fs.FS) ([]byte, error) {
	if strings.HasSuffix(file, ".zip") {
		files := map[string]string{}
		err := eachFile(work, func(name string, data []byte) error { files[name] = string(data); return nil })
		if err != nil {
			return nil, err
		}
		return zipped(files)
	}
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	if err := w.AddFS(work); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compress(file, plain.Bytes())
}

func compress(file string, data []byte) ([]byte, error) {
	var out bytes.Buffer
	var w io.WriteCloser
	switch filepath.Ext(file) {
	case ".gz":
		w = gzip.NewWriter(&out)
	case ".zst":
		encoder, err := zstd.NewWriter(&out)
		if err != nil {
			return nil, err
		}
		w = encoder
	default:
		return data, nil
	}
	w.Write(data)
	err := w.Close()
	return out.Bytes(), err
}

// ipclabIn runs ipclab with a home of its own and expects success.
func ipclabIn(t *testing.T, home string, args ...string) {
	t.Helper()
	cmd := exec.Command("ipclab", args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "XDG_RUNTIME_DIR=")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("ipclab %s: %v", strings.Join(args, " "), err)
	}
}

func readBook(t *testing.T, out string) gradebook.Book {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var book gradebook.Book
	if err := json.Unmarshal(data, &book); err != nil {
		t.Fatal(err)
	}
	return book
}

// compareClass holds a book against the table.
func compareClass(t *testing.T, rows []handedIn, book gradebook.Book) {
	t.Helper()
	if len(book.Grades) != len(rows) {
		t.Errorf("%d grades for %d submissions", len(book.Grades), len(rows))
	}
	for _, r := range rows {
		i := slices.IndexFunc(book.Grades, func(g gradebook.Grade) bool { return filepath.Base(g.Source) == r.name })
		if i < 0 {
			t.Errorf("%s has no grade", r.name)
			continue
		}
		if got := gradeRow(book.Grades[i]); got != r.want() {
			t.Errorf("%s (%s): got %s, want %s; %s", r.name, r.made, got, r.want(), book.Grades[i].Problem)
		}
	}
}

func (r handedIn) want() string { return fmt.Sprint(r.status, " ", r.score, " ", r.fails) }

// gradeRow is a grade as the table writes it.
func gradeRow(g gradebook.Grade) string {
	score, fails := "-", []string{}
	if g.Score != nil {
		score = strconv.Itoa(*g.Score)
	}
	if g.Report != nil {
		for _, res := range g.Report.Results {
			if res.Verdict != grader.Pass && res.Verdict != grader.Skipped {
				fails = append(fails, res.Check)
			}
		}
	}
	return fmt.Sprint(g.Status, " ", score, " ", fails)
}
