package intake

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipclab/grader"
)

// describe is what a test compares: one line for each submission, in order of
// their IDs.
func describe(all []Submission) string {
	var lines []string
	for _, s := range all {
		line := fmt.Sprintf("%s: %s", s.ID, s.Student.ID)
		for _, more := range []string{s.Student.Name, s.Student.Email} {
			if more != "" {
				line += "/" + more
			}
		}
		if s.Late {
			line += " late"
		}
		if s.Superseded != "" {
			line += " → " + s.Superseded
		}
		var e *Error
		if errors.As(s.Problem, &e) {
			line += " (" + e.Err.Error() + ")"
		}
		lines = append(lines, line+" "+filepath.Base(s.Path))
	}
	return strings.Join(lines, "\n")
}

// same compares what was found. Hashes stand as "#".
func same(t *testing.T, all []Submission, want string) {
	t.Helper()
	lines := strings.Split(regexp.MustCompile(`-[0-9a-f]{8}\b`).ReplaceAllString(describe(all), "-#"), "\n")
	slices.Sort(lines) // whatever the hashes are
	got := strings.Join(lines, "\n")
	wanted := strings.Split(strings.TrimSpace(regexp.MustCompile(`\n\t+`).ReplaceAllString(want, "\n")), "\n")
	slices.Sort(wanted)
	if want = strings.Join(wanted, "\n"); got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
}

const zipped = "PK\x03\x04" // a zip as far as its beginning tells

func TestFindNames(t *testing.T) {
	for _, test := range []struct {
		name  string
		o     Options
		files []string
		want  string
	}{
		{"plain", Options{}, []string{"bob.tar.gz", "ann.zip", "Dora Doe.tgz", "carol/writer.c", ".DS_Store", ".git/config", "__MACOSX/x"}, `
			ann: ann ann.zip
			bob: bob bob.tar.gz
			carol: carol carol
			dora-doe: Dora Doe Dora Doe.tgz`},
		{"Canvas", Options{Platform: "canvas"}, []string{"doejane_1234_5678_fifo.zip", "doejohn_LATE_1235_5679_work-1.zip", "roeann_1236_5680_a_b.tar.gz", "notes.txt"}, `
			doejane_1234: 1234/doejane doejane_1234_5678_fifo.zip
			doejohn_1235: 1235/doejohn late doejohn_LATE_1235_5679_work-1.zip
			roeann_1236: 1236/roeann roeann_1236_5680_a_b.tar.gz`},
		{"Canvas, late duplicate", Options{Platform: "canvas"}, []string{"doejane_1234_999_fifo.zip", "doejane_LATE_1234_5678_fifo-1.zip", "doejane_LATE_1234_5679_notes.txt", "doejane_1234_10_fifo.zip"}, `
			doejane_1234: 1234/doejane late doejane_LATE_1234_5678_fifo-1.zip
			doejane_1234-#: 1234/doejane → doejane_1234 doejane_1234_10_fifo.zip
			doejane_1234-#: 1234/doejane late → doejane_1234 (it is neither a folder nor an archive that can be unpacked) doejane_LATE_1234_5679_notes.txt
			doejane_1234-#: 1234/doejane → doejane_1234 doejane_1234_999_fifo.zip`},
		{"Canvas unasked", Options{}, []string{"lab_1_2_final.zip"}, `lab_1_2_final: lab_1_2_final lab_1_2_final.zip`},
		{"Moodle", Options{}, []string{
			"Jane Doe_12345_assignsubmission_file_/fifo.zip", "Zoë Łoś_12346_assignsubmission_file/writer.c",
			"Max Roe_12347_assignsubmission_file_work.zip", "张三_12348_assignsubmission_file_/a.zip",
			"Ann O'Neil_12349_assignsubmission_onlinetext_/onlinetext.html",
			"Max Roe_12347_assignsubmission_onlinetext_/onlinetext.html"}, `
			12348: 12348/张三 张三_12348_assignsubmission_file_
			ann-o-neil_12349: 12349/Ann O'Neil (it is neither a folder nor an archive that can be unpacked) Ann O'Neil_12349_assignsubmission_onlinetext_
			jane-doe_12345: 12345/Jane Doe Jane Doe_12345_assignsubmission_file_
			max-roe_12347: 12347/Max Roe Max Roe_12347_assignsubmission_file_work.zip
			max-roe_12347-#: 12347/Max Roe → max-roe_12347 (it is neither a folder nor an archive that can be unpacked) Max Roe_12347_assignsubmission_onlinetext_
			zo-o_12346: 12346/Zoë Łoś Zoë Łoś_12346_assignsubmission_file`},
		{"Blackboard", Options{}, []string{
			"Lab_1_fifo_jdoe_attempt_2026-01-01-10-00-00_fifo.zip", "Lab_1_fifo_jdoe_attempt_2026-01-01-10-00-00.txt",
			"Lab_1_fifo_jdoe_attempt_2026-01-03-09-00-00_fifo.zip", "Lab_1_fifo_aroe_attempt_2026-01-01-10-00-00.txt"}, `
			aroe: aroe (it is neither a folder nor an archive that can be unpacked) Lab_1_fifo_aroe_attempt_2026-01-01-10-00-00.txt
			jdoe: jdoe Lab_1_fifo_jdoe_attempt_2026-01-03-09-00-00_fifo.zip
			jdoe-#: jdoe → jdoe Lab_1_fifo_jdoe_attempt_2026-01-01-10-00-00_fifo.zip
			jdoe-#: jdoe → jdoe (it is neither a folder nor an archive that can be unpacked) Lab_1_fifo_jdoe_attempt_2026-01-01-10-00-00.txt`},
		{"Blackboard, users with underscores", Options{}, []string{"Lab_jane_doe_attempt_2026-01-01-10-00-00_a.zip", "Lab_john_doe_attempt_2026-01-01-10-00-00_a.zip"}, `
			lab_jane_doe: Lab_jane_doe Lab_jane_doe_attempt_2026-01-01-10-00-00_a.zip
			lab_john_doe: Lab_john_doe Lab_john_doe_attempt_2026-01-01-10-00-00_a.zip`},
		{"pattern", Options{Pattern: `^(?P<late>late-)?(?P<student>s\d+)-(?P<attempt>\d+)`}, []string{"s17-9.zip", "s17-10.zip", "late-s18-1.tar", "odd.zip", "roster.csv"}, `
			odd: odd odd.zip
			s17: s17 s17-10.zip
			s17-#: s17 → s17 s17-9.zip
			s18: s18 late late-s18-1.tar`},
		{"pattern with mail", Options{Pattern: `^(?P<email>[^ ]+@[^ ]+) (?P<date>[0-9T:-]+)`}, []string{"ann@x.edu 2026-01-02T10:00.zip", "Ann@x.edu 2026-01-02T09:00.zip"}, `
			ann-x.edu: ann@x.edu/ann@x.edu ann@x.edu 2026-01-02T10:00.zip
			ann-x.edu-#: Ann@x.edu/Ann@x.edu → ann-x.edu Ann@x.edu 2026-01-02T09:00.zip`},
		{"named alike but for what an ID cannot hold", Options{}, []string{"zoë.zip", "zoé.zip", "zo.zip", "zo-.zip"}, `
			zo: zo zo.zip
			zo-#: zo- zo-.zip
			zo-#: zoé zoé.zip
			zo-#: zoë zoë.zip`},
		{"kinds", Options{}, []string{"empty.zip", "a.rar", "notes.txt", "c.zip", "d/x"}, `
			a: a (it is neither a folder nor an archive that can be unpacked) a.rar
			c: c c.zip
			d: d d
			empty: empty (it is empty) empty.zip
			notes.txt: notes.txt (it is neither a folder nor an archive that can be unpacked) notes.txt`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range test.files {
				text := "text"
				if stem(name) != name && !strings.HasSuffix(name, ".rar") {
					text = zipped
				}
				if strings.HasPrefix(name, "empty") {
					text = ""
				}
				put(t, dir, map[string]string{name: text})
			}
			same(t, find(t, test.o, dir), test.want)
		})
	}
}

// What `ipclab submit` names its archives is undone again.
func TestFindTakesTheLabsNameOff(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"fifo-ann.tar.gz": zipped, "fifo.tar.gz": zipped, "fifo-": zipped})
	same(t, find(t, Options{Lab: fifo(t)}, dir), `
		ann: ann fifo-ann.tar.gz
		fifo: fifo fifo.tar.gz
		fifo-#: fifo- fifo-`)
}

func TestFindOneOrMany(t *testing.T) {
	l := fifo(t)
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"workspace", map[string]string{"writer.c": "", "README.md": "", "old/writer.c": ""}, "x: x x"},
		{"only the policy", map[string]string{"policy/one-way.cil": ""}, "x: x x"},
		{"packed", map[string]string{ManifestFile: "{}", "src/a.c": ""}, "x: x x"},
		{"no archive and no folder", map[string]string{"main.c": "", "notes.txt": ""}, "x: x x"},
		{"class with a task", map[string]string{"README.md": "", "ann/writer.c": ""}, "ann: ann ann"},
		{"class of folders", map[string]string{"ann/writer.c": "", "bob/whatever": ""}, "ann: ann ann\nbob: bob bob"},
		{"class of archives", map[string]string{"ann.zip": zipped, "bob": zipped}, "ann: ann ann.zip\nbob: bob bob"},
		{"class of one", map[string]string{"ann/": ""}, "ann: ann ann"},
		{"platform's names beside a Makefile", map[string]string{"Makefile": "", "A B_12_assignsubmission_file_/x": ""}, "a-b_12: 12/A B A B_12_assignsubmission_file_\nmakefile: Makefile (it is empty) Makefile"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "x")
			put(t, dir, test.files)
			got := describe(find(t, Options{Lab: l}, dir))
			if !strings.EqualFold(got, test.want) {
				t.Errorf("found\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// Among others' submissions, a folder that looks like a class is one submission:
// nobody hands in for somebody else.
func TestFindExpandsNoSubmission(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"ann/writer.c": "", "eve/ann_1_assignsubmission_file_/writer.c": "", "bob.zip": zipped, "eve/bob.zip": zipped})
	all := find(t, Options{Lab: fifo(t)}, filepath.Join(dir, "ann"), filepath.Join(dir, "eve"), filepath.Join(dir, "bob.zip"))
	same(t, all, "ann: ann ann\nbob: bob bob.zip\neve: eve eve")
}

func TestFindClassesTogether(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a/ann.zip": zipped, "a/bob.zip": zipped, "b/ann.zip": zipped, "c/doe_5_1_x.zip": zipped, "d/doe_LATE_5_2_x.zip": zipped})
	t.Chdir(dir)
	same(t, find(t, Options{}, "a", "b"), `
		a-ann: a/ann ann.zip
		b-ann: b/ann ann.zip
		bob: bob bob.zip`)
	same(t, find(t, Options{Platform: "canvas"}, "c", "d"), `
		doe_5: 5/doe late doe_LATE_5_2_x.zip
		doe_5-#: 5/doe → doe_5 doe_5_1_x.zip`)
}

const gradescopeList = `---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '123'
    :email: jane@x.edu
  :created_at: 2026-04-26 17:34:00.861687000 Z
  :score: 2.0
  :results:
    output: |-
      submission_99:
        :submitters:
        - :name: forged
submission_12:
  :submitters:
  - :name: Alice A
    :sid: '111'
    :email: alice@x.edu
  - :name: "B\xF6b \"the\" B and a name that is so long that it goes on in the next line of
      the file"
    :sid: 222
  - :name: Alice A
    :sid: '111'
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-04-26 17:34:00.861687000 Z
submission_13:
  :submitters: []
submission_14:
  :submitters:
  - :name: Jane Doe
    :sid: '123'
    :email: jane@x.edu
  :created_at: 2026-04-27 17:34:00.861687000 Z
`

func TestFindGradescopeExport(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{gradescopeFile: gradescopeList, "notes.txt": "x",
		"submission_11/writer.c": "", "submission_12/work.zip": zipped, "submission_13/writer.c": "", "submission_14/writer.c": "", "submission_15/writer.c": ""})
	all := find(t, Options{Lab: fifo(t)}, dir)
	same(t, all, `
		alice-a_111: 111/Alice A/alice@x.edu submission_12
		b-b-the-b-and-a-name-that-is-so-long-that-it-goes-on-in-the-next-line-of-the-fil: 222/Böb "the" B and a name that is so long that it goes on in the next line of the file submission_12
		jane-doe_123: 123/Jane Doe/jane@x.edu submission_14
		jane-doe_123-#: 123/Jane Doe/jane@x.edu → jane-doe_123 submission_11
		submission_13: submission_13 submission_13
		submission_15: submission_15 submission_15`)
}

func TestFindRefusesAListItCannotRead(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{gradescopeFile: "submission_1:\n  :submitters: {\n", "submission_1/x": ""})
	var e *ArgumentError
	if _, err := Find(t.Context(), []string{dir}, Options{}); !errors.As(err, &e) || e.Hint() == "" {
		t.Errorf("error is %v", err)
	}
}

func TestFindTenThousandNamedAlike(t *testing.T) {
	dir := t.TempDir()
	one := filepath.Join(dir, "one")
	put(t, dir, map[string]string{"one": zipped})
	var paths []string
	for i := range 10_000 {
		path := filepath.Join(dir, fmt.Sprintf("%04d", i), "fifo.zip")
		must(t, os.Mkdir(filepath.Dir(path), 0o755))
		must(t, os.Link(one, path))
		paths = append(paths, path)
	}
	all := find(t, Options{Lab: fifo(t)}, paths...)
	ids, students := map[string]bool{}, map[string]bool{}
	for _, s := range all {
		if s.Superseded != "" || s.Problem != nil || !strings.HasSuffix(s.ID, "-fifo") {
			t.Fatalf("%+v", s)
		}
		ids[s.ID], students[s.Student.ID] = true, true
	}
	if len(ids) != 10_000 || len(students) != 10_000 {
		t.Errorf("%d IDs, %d students", len(ids), len(students))
	}
	if !slices.IsSortedFunc(all, func(a, b Submission) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("they are not in order")
	}
}

// isID tells whether an ID is safe as a file name everywhere.
func isID(id string) bool {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,120}$`).MatchString(id) && !strings.HasSuffix(id, ".")
}

// Neither the order of arguments nor a second name for a file matters, and a
// late submission leaves the IDs as they are.
func TestFindIsStable(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"ann.zip", "Ann.tar", "bob.zip", "é.zip", "ü.zip", strings.Repeat("long", 40) + ".zip", strings.Repeat("long", 40) + "er.zip"} {
		put(t, dir, map[string]string{name: zipped})
		paths = append(paths, filepath.Join(dir, name))
	}
	must(t, os.Chtimes(filepath.Join(dir, "ann.zip"), time.Time{}, time.Now().Add(-time.Hour)))
	must(t, os.Symlink("bob.zip", filepath.Join(t.TempDir(), "other.zip")))
	want := describe(find(t, Options{}, paths...))
	for range 20 {
		rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		if got := describe(find(t, Options{}, append(paths, paths[0])...)); got != want {
			t.Fatalf("found\n%s\nwant\n%s", got, want)
		}
	}
	ids := map[string]string{}
	for _, s := range find(t, Options{}, dir) {
		ids[s.Student.ID] = s.ID
	}
	put(t, dir, map[string]string{"bob.tar": zipped})
	for _, s := range find(t, Options{}, dir) {
		if s.Superseded == "" && ids[s.Student.ID] != s.ID {
			t.Errorf("%s was %s and is %s now", s.Student.ID, ids[s.Student.ID], s.ID)
		}
	}
}

func TestFindHostileEntries(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a\x1b[2J.zip": zipped, "b\xff.zip": zipped, "ok.zip": zipped})
	must(t, os.Symlink("/etc/shadow", filepath.Join(dir, "link.zip")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.zip"), 0o644)) // must not be opened: that would wait for ever
	wants := map[string]error{"link": ErrLink, "pipe": ErrSpecial, "a\x1b[2J": ErrName, "b\xff": ErrName, "ok": nil}
	all := find(t, Options{}, dir)
	for _, s := range all {
		var e *Error
		if want := wants[s.Student.ID]; !errors.Is(s.Problem, want) || want != nil && (!errors.As(s.Problem, &e) || e.Fault != grader.Student) {
			t.Errorf("%q: %v, want %v", s.Student.ID, s.Problem, want)
		}
		if !isID(s.ID) {
			t.Errorf("ID %q", s.ID)
		}
		if _, err := Open(t.Context(), s, fifo(t)); s.Problem != nil && err != s.Problem {
			t.Errorf("Open says %v, not %v", err, s.Problem)
		}
	}
	if len(all) != len(wants) {
		t.Errorf("%d were found, want %d", len(all), len(wants))
	}
}

func TestFindRefusesArguments(t *testing.T) {
	empty := t.TempDir()
	for name, test := range map[string]struct {
		o    Options
		path string
	}{
		"nothing there":         {Options{}, filepath.Join(empty, "gone")},
		"empty folder":          {Options{}, empty},
		"unknown platform":      {Options{Platform: "sakai"}, empty},
		"no pattern":            {Options{Pattern: "(?P<student>"}, empty},
		"pattern of nobody":     {Options{Pattern: "(?P<late>x)"}, empty},
		"pattern with a typo":   {Options{Pattern: "(?P<studnet>x)"}, empty},
		"pattern without names": {Options{Pattern: "(.*)"}, empty},
	} {
		_, err := Find(t.Context(), []string{test.path}, test.o)
		var e *ArgumentError
		if !errors.As(err, &e) || e.Hint() == "" {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// A folder that may not be read stops nobody's class.
func TestFindUnreadableFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	put(t, dir, map[string]string{"ann/writer.c": "", "bob/writer.c": ""})
	must(t, os.Chmod(filepath.Join(dir, "bob"), 0))
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "bob"), 0o755) })
	all := find(t, Options{Lab: fifo(t)}, filepath.Join(dir, "ann"), filepath.Join(dir, "bob"))
	same(t, all, "ann: ann ann\nbob: bob bob")
	var e *Error
	if _, err := Digest(t.Context(), all[1]); !errors.As(err, &e) || e.Fault != grader.Machine || e.Hint() == "" {
		t.Errorf("error is %v", err)
	}
}

func TestNatural(t *testing.T) {
	ordered := []string{"", "1", "2", "09", "10", "a", "a1", "a2", "a10", "a10b", "b"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := natural(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("natural(%q, %q) is %d", a, b, got)
			}
		}
	}
}
