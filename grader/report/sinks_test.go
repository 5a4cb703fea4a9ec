package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/grader/report"
	"ipclab/internal/draft"
)

func read(t testing.TB, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	must(t, err)
	return string(data)
}

// files are the paths of all files below a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func lookStudentsSeeNothingThatIsHidden(t *testing.T, dir string, all []gradebook.Grade) {
	seen := slices.Concat(files(t, filepath.Join(dir, "student")), files(t, filepath.Join(dir, "classroom50")))
	if len(seen) < 3*(len(all)-4) {
		t.Fatalf("only %d files for students", len(seen))
	}
	for _, path := range seen {
		text := read(t, path)
		for _, secret := range []string{"SECRET", "secret-", "hidden/", "S012", "b2e4-0d11", "obejct", "three machines", "connection was lost", "audit records meanwhile"} {
			if strings.Contains(text, secret) && !strings.Contains(path, strings.ToLower(secret)) {
				t.Errorf("%s says %q", path, secret)
			}
		}
		if regexp.MustCompile(`(?i)(all checks|all tests|everything( that was checked)?) pass`).MatchString(text) && !strings.Contains(path, "s001") &&
			!strings.Contains(path, "s002") && !strings.Contains(path, "s015") && !strings.Contains(path, "x018") {
			t.Errorf("%s says that all is well", path)
		}
	}
	// 12 fails nothing but a hidden check
	page := read(t, dir, "student", "s012", "report.html")
	for _, want := range []string{"2 hidden checks", "Not all hidden checks passed.", "Read the task again", "104"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a student who fails a hidden check lacks %q", want)
		}
	}
}

func TestStudentsOnly(t *testing.T) {
	dir := t.TempDir()
	m := newMaker(t)
	must(t, report.Write(dir, m.book(), seq(m.class()[:3]), report.Formats(), report.ForStudents()))
	var names []string
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"results.json", "results.schema.json", "student"}; !slices.Equal(names, want) {
		t.Errorf("there are %v, not %v", names, want)
	}
	if got := len(files(t, filepath.Join(dir, "student"))); got != 6 {
		t.Errorf("there are %d files for 3 students", got)
	}
}

// Every tag in a page comes from a template: all that students wrote is text.
func lookPagesHaveOnlyTheirOwnMarkup(t *testing.T, dir string, all []gradebook.Grade) {
	pages := []string{filepath.Join(dir, "index.html")}
	for _, g := range all {
		pages = append(pages, filepath.Join(dir, "submissions", g.ID, "report.html"), filepath.Join(dir, "student", g.ID, "report.html"))
	}
	for _, path := range pages {
		checkPage(t, path, read(t, path))
	}
}

var (
	tag       = regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)((?:\s+[a-zA-Z0-9:-]+(?:="[^"]*")?)*)\s*/?>`)
	attribute = regexp.MustCompile(`([a-zA-Z0-9:-]+)(?:="([^"]*)")?`)
	policy    = regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`)
	ownLink   = regexp.MustCompile(`^(#[a-z0-9-]+|submissions/[a-z0-9._-]+/report\.html(#[a-z0-9-]+)?|\.\./\.\./index\.html)$`)
	inline    = regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)
)

func checkPage(t testing.TB, path, page string) {
	t.Helper()
	if !utf8.ValidString(page) {
		t.Errorf("%s is not UTF-8", path)
	}
	csp := html.UnescapeString(policy.FindStringSubmatch(page)[1])
	blocks := inline.FindAllStringSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Fatalf("%s has %d scripts and styles", path, len(blocks))
	}
	for _, b := range blocks {
		sum := sha256.Sum256([]byte(b[2]))
		if want := b[1] + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(csp, want) {
			t.Errorf("%s: its policy %q does not let its own %s in", path, csp, b[1])
		}
		page = strings.Replace(page, b[0], "", 1)
	}
	if !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: its policy is %q", path, csp)
	}
	page = strings.TrimPrefix(page, "<!DOCTYPE html>")
	for _, m := range tag.FindAllStringSubmatch(page, -1) {
		checkTag(t, path, m)
	}
	text := tag.ReplaceAllString(page, "")
	if at := strings.IndexAny(text, "<>"); at >= 0 {
		t.Errorf("%s has markup of somebody else: %.80q", path, text[at:])
	}
	for _, r := range html.UnescapeString(text) {
		if unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("%s has the character %U", path, r)
			return
		}
	}
}

func checkTag(t testing.TB, path string, m []string) {
	t.Helper()
	elements := strings.Fields("html head meta title body header nav main section div p h1 h2 h3 span bdi a strong small em b br code pre dl dt dd ul li " +
		"details summary table caption thead tbody tr th td svg g rect line defs pattern figure figcaption footer button label input select option output")
	if !slices.Contains(elements, strings.ToLower(m[2])) {
		t.Errorf("%s has an element %s", path, m[2])
	}
	for _, a := range attribute.FindAllStringSubmatch(m[3], -1) {
		name, value := strings.ToLower(a[1]), html.UnescapeString(a[2])
		switch {
		case name == "href" && !ownLink.MatchString(value):
			t.Errorf("%s links to %q", path, value)
		case strings.HasPrefix(name, "on"), name == "src", name == "style", name == "srcdoc", name == "action":
			t.Errorf("%s has an attribute %s", path, name)
		}
	}
}

func lookLinksLeadSomewhere(t *testing.T, dir string, all []gradebook.Grade) {
	hrefs, pages := regexp.MustCompile(`href="([^"]*)"`), map[string]string{}
	for _, path := range files(t, dir) {
		if !strings.HasSuffix(path, ".html") {
			continue
		}
		for _, m := range hrefs.FindAllStringSubmatch(read(t, path), -1) {
			file, id, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if pages[target] == "" {
				pages[target] = read(t, target)
			}
			if id != "" && !strings.Contains(pages[target], `id="`+id+`"`) {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
	}
}

func lookJUnit(t *testing.T, dir string, all []gradebook.Grade) {
	text := read(t, dir, "junit.xml")
	var root struct {
		Suites []struct {
			Name       string `xml:"name,attr"`
			Tests      int    `xml:"tests,attr"`
			Failures   int    `xml:"failures,attr"`
			Errors     int    `xml:"errors,attr"`
			Skipped    int    `xml:"skipped,attr"`
			Properties []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
			} `xml:"properties>property"`
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	must(t, xml.Unmarshal([]byte(text), &root))
	if len(root.Suites) != len(all) {
		t.Fatalf("%d suites for %d submissions", len(root.Suites), len(all))
	}
	for i, s := range root.Suites {
		failures, errs, skipped := 0, 0, 0
		for _, c := range s.Cases {
			failures += set01(c.Failure != nil)
			errs += set01(c.Error != nil)
			skipped += set01(c.Skipped != nil)
		}
		if s.Name != all[i].ID || s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errs || s.Skipped != skipped {
			t.Errorf("the suite %s does not add up: %+v", s.Name, s)
		}
		hasPoints := false
		for _, p := range s.Properties {
			hasPoints = hasPoints || p.Name == "points" && p.Value == fmt.Sprint(*all[i].Score)
		}
		if hasPoints != (all[i].Score != nil) {
			t.Errorf("%s: it tells points: %v", s.Name, hasPoints)
		}
		if all[i].Status == gradebook.Ungraded && (errs != 1 || failures > 0) {
			t.Errorf("%s was not graded, and is no error", s.Name)
		}
	}
	for _, r := range text {
		if r == utf8.RuneError || !xmlChar(r) {
			t.Fatalf("there is a character that XML 1.0 forbids: %U", r)
		}
	}
}

func set01(b bool) int {
	if b {
		return 1
	}
	return 0
}

func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000
}

func lookJUnitFitsTheSchemaOfItsReaders(t *testing.T, dir string, all []gradebook.Grade) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("there is no xmllint here; `tools/install tests` installs it")
	}
	out, err := exec.Command(xmllint, "--nonet", "--noout", "--schema", "testdata/junit.xsd", filepath.Join(dir, "junit.xml")).CombinedOutput()
	if err != nil {
		t.Errorf("%v:\n%.3000s", err, out)
	}
}

func lookGradescope(t *testing.T, dir string, all []gradebook.Grade) {
	for _, g := range all {
		var r struct {
			Score      *json.Number
			Output     *string
			Visibility string
			Stdout     string `json:"stdout_visibility"`
			Tests      []struct {
				Score      json.RawMessage
				MaxScore   json.RawMessage `json:"max_score"`
				Status     string
				Name       string
				Number     string
				Output     string
				Visibility string
			}
		}
		text := read(t, dir, "gradescope", g.ID+".json")
		must(t, json.Unmarshal([]byte(text), &r))
		if (r.Score != nil) != (g.Score != nil) || r.Output == nil || *r.Output == "" || r.Stdout != "hidden" {
			t.Errorf("%s: %.300s", g.ID, text)
		}
		if g.Score == nil {
			if strings.Contains(text, `"score"`) || strings.Contains(text, "three machines") || strings.Contains(text, "obejct") {
				t.Errorf("%s has no score, and its results say %s", g.ID, text)
			}
			continue
		}
		sum, most := 0, 0
		for _, test := range r.Tests {
			score, err := strconv.Atoi(string(test.Score))
			must(t, err)
			points, err := strconv.Atoi(string(test.MaxScore))
			must(t, err)
			sum, most = sum+score, most+points
			hidden := strings.Contains(test.Name, "SECRET")
			if hidden != (test.Visibility == "hidden") || !hidden && test.Visibility != "visible" {
				t.Errorf("%s: %s is %s", g.ID, test.Name, test.Visibility)
			}
			if test.Status != "passed" && test.Status != "failed" || test.Number == "" || test.Name == "" || len([]rune(test.Name)) > 250 {
				t.Errorf("%s: %+v", g.ID, test)
			}
			if test.Status == "passed" && score != points {
				t.Errorf("%s: %s passed with %d of %d", g.ID, test.Name, score, points)
			}
			if !hidden && strings.Contains(test.Output, "SECRET") {
				t.Errorf("%s: %s tells what is hidden", g.ID, test.Name)
			}
		}
		if r.Score.String() != fmt.Sprint(*g.Score) || sum != *g.Score || most != newMaker(t).lab.Points {
			t.Errorf("%s: %s, tests add up to %d of %d", g.ID, r.Score, sum, most)
		}
		if strings.Contains(*r.Output, "SECRET") || regexp.MustCompile(`(?i)\ball\b.*pass`).MatchString(*r.Output) {
			t.Errorf("%s says %q", g.ID, *r.Output)
		}
	}
}

func lookClassroom50(t *testing.T, dir string, all []gradebook.Grade) {
	for _, g := range all {
		path := filepath.Join(dir, "classroom50", g.ID+".json")
		if g.Score == nil {
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s has no score, and there is %s", g.ID, path)
			}
			continue
		}
		var plain map[string]any
		must(t, json.Unmarshal([]byte(read(t, path)), &plain))
		for _, field := range []string{"classroom", "assignment", "submission", "commit", "release", "review"} {
			if text, _ := plain[field].(string); text == "" {
				t.Errorf("%s: %s is empty", g.ID, field)
			}
		}
		if plain["schema"] != "classroom50/result/v1" || plain["classroom"] != "ipc" || plain["commit"] != "https://example.org/c/1" || plain["datetime"] != "2026-11-21T09:30:00Z" {
			t.Errorf("%s: %v", g.ID, plain)
		}
		sum, most := 0.0, 0.0
		for _, test := range plain["tests"].([]any) {
			fields := test.(map[string]any)
			if _, ok := fields["passed"].(bool); !ok || fields["test-name"] == "" || len(fields) != 4 {
				t.Errorf("%s: %v", g.ID, fields)
			}
			sum += fields["score"].(float64)
			most += fields["max-score"].(float64)
		}
		if sum != plain["score"] || most != plain["max-score"] || int(sum) != *g.Score {
			t.Errorf("%s: tests add up to %v of %v: %v", g.ID, sum, most, plain)
		}
	}
}

// A file that a score was in must not stay when there is none any more.
func TestAScoreThatIsGoneLeavesNoFile(t *testing.T) {
	dir, m := t.TempDir(), newMaker(t)
	g := m.judge("s001", "Ada")
	must(t, report.Write(dir, m.book(), seq([]gradebook.Grade{g}), report.Formats()))
	gone := m.unjudged("s001", "Ada", gradebook.Ungraded, grader.Machine, "no", "")
	must(t, report.Write(dir, m.book(), seq([]gradebook.Grade{gone}), report.Formats()))
	for _, path := range files(t, dir) {
		if strings.Contains(path, "classroom50") {
			t.Errorf("there is still %s", path)
		}
	}
	if rows := cells(t, read(t, dir, "moodle.csv"), ','); rows[1][1] != "-" {
		t.Errorf("Moodle gets %q", rows[1])
	}
}

func cells(t testing.TB, text string, comma rune) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	r.LazyQuotes = comma != ','
	rows, err := r.ReadAll()
	must(t, err)
	return rows
}

// noFormulas reads the file as spreadsheets of all countries would.
func noFormulas(t testing.TB, text string) {
	t.Helper()
	for _, comma := range []rune{',', ';', '\t'} {
		for _, row := range cells(t, text, comma) {
			for _, c := range row {
				c = strings.TrimSpace(c)
				if c == "" || c == "-" || regexp.MustCompile(`^-?[0-9.]+$`).MatchString(c) {
					continue
				}
				if strings.ContainsRune("=+-@", rune(c[0])) {
					t.Errorf("split at %q, a cell is a formula: %q", comma, c)
				}
			}
		}
	}
}

// The rules of Canvas's importer, as its source has them.
func lookCanvasTakesTheFile(t *testing.T, dir string, all []gradebook.Grade) {
	text := read(t, dir, "canvas.csv")
	noFormulas(t, text)
	rows := cells(t, text, ',')
	if want := []string{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", "One way through a FIFO"}; !slices.Equal(rows[0], want) {
		t.Fatalf("the header is %q", rows[0])
	}
	points, students := 0, map[string][]string{}
	for _, row := range rows[1:] {
		if len(row) != 6 {
			t.Fatalf("a row has %d cells: %q", len(row), row)
		}
		if strings.Contains(row[0], "Points Possible") {
			points++
			if row[5] != "110" {
				t.Errorf("the lab is worth %q", row[5])
			}
			continue
		}
		students[row[2]+row[3]] = row
		if row[1] != "" {
			t.Errorf("%q has an id of Canvas", row)
		}
		if row[5] != "" && !regexp.MustCompile(`^[0-9]+$`).MatchString(row[5]) {
			t.Errorf("the score is %q", row[5])
		}
	}
	if points != 1 {
		t.Errorf("%d rows set the points", points)
	}
	counting := 0
	for _, g := range all {
		counting += set01(g.Status != gradebook.Superseded)
	}
	if len(rows) != counting+2 {
		t.Errorf("%d rows for %d students", len(rows), counting)
	}
	if students["S004"][5] != "59" || students["T003"][5] != "" || students["T001"][5] != "0" || students["T005"] != nil {
		t.Errorf("scores: %q %q %q %q", students["S004"], students["T003"], students["T001"], students["T005"])
	}
}

func lookMoodle(t *testing.T, dir string, _ []gradebook.Grade) {
	text := read(t, dir, "moodle.csv")
	noFormulas(t, text)
	if rows := cells(t, text, ','); rows[0][0] != "username" {
		t.Errorf("without all addresses the key is %q", rows[0][0])
	}
}

func TestMoodleTakesTheFile(t *testing.T) {
	m := newMaker(t)
	dir := t.TempDir()
	must(t, report.Write(dir, m.book(), seq(m.class()[:29]), []string{"moodle"}))
	text := read(t, dir, "moodle.csv")
	rows := cells(t, text, ',')
	if !slices.Equal(rows[0], []string{"useremail", "One way through a FIFO"}) || !slices.Equal(rows[4], []string{"s004@example.org", "59"}) {
		t.Errorf("%q", rows[:5])
	}
	if !slices.Equal(rows[27], []string{"t003@example.org", "-"}) || len(rows) != 29 {
		t.Errorf("%d rows, %q", len(rows), rows[27])
	}
}

// A lab's title that Canvas would take for one of its own columns.
func TestCanvasTitle(t *testing.T) {
	m := newMaker(t)
	m.lab.Title = "The Final Score"
	dir := t.TempDir()
	must(t, report.Write(dir, m.book(), seq(nil), []string{"canvas"}))
	if rows := cells(t, read(t, dir, "canvas.csv"), ','); rows[0][5] != "fifo" {
		t.Errorf("the column is %q", rows[0][5])
	}
}

func TestWriteSaysWhatItCannotDo(t *testing.T) {
	m := newMaker(t)
	var format *report.FormatError
	if err := report.Write(t.TempDir(), m.book(), seq(nil), []string{"html", "pdf"}); !errors.As(err, &format) || !strings.Contains(format.Hint(), "gradescope") {
		t.Errorf("an unknown format gives %v", err)
	}
	one, two := m.judge("s002", "B"), m.judge("s001", "A")
	if err := report.Write(t.TempDir(), m.book(), seq([]gradebook.Grade{one, two}), nil); err == nil || !strings.Contains(err.Error(), "s001 comes after s002") {
		t.Errorf("the wrong order gives %v", err)
	}
	bad := m.judge("../x", "A")
	var id *gradebook.IDError
	if err := report.Write(t.TempDir(), m.book(), seq([]gradebook.Grade{bad}), nil); !errors.As(err, &id) {
		t.Errorf("an id that leads out gives %v", err)
	}
}

// A class of nobody, and one of which nothing could be judged, have reports too.
func TestClassesWithNothingToShow(t *testing.T) {
	m := newMaker(t)
	book := m.book()
	book.Partial = true
	lost := m.unjudged("s001", "Ada", gradebook.Ungraded, grader.Machine, "no", "")
	for name, all := range map[string][]gradebook.Grade{"nobody": nil, "nothing": {lost}} {
		dir := t.TempDir()
		must(t, report.Write(dir, book, seq(all), report.Formats()))
		page := read(t, dir, "index.html")
		checkPage(t, name, page)
		page = inline.ReplaceAllString(page, "")
		if !strings.Contains(page, "Some grades are missing") || !strings.Contains(page, "graded") || strings.Contains(page, "median") || strings.Contains(page, "NaN") {
			t.Errorf("%s: the page of the class is not right", name)
		}
		back, err := gradebook.Read(dir)
		must(t, err)
		if len(back.Grades) != len(all) || !back.Partial {
			t.Errorf("%s: the book came back as %+v", name, back)
		}
	}
}

// A broken reading leaves the old files, and no drafts.
func TestNothingHalfIsLeft(t *testing.T) {
	dir, m := t.TempDir(), newMaker(t)
	must(t, report.Write(dir, m.book(), seq([]gradebook.Grade{m.judge("s001", "Ada")}), report.Formats()))
	before := read(t, dir, "results.json")
	failing := func(yield func(gradebook.Grade, error) bool) {
		_ = yield(m.judge("s000", "New"), nil) && yield(gradebook.Grade{}, io.ErrUnexpectedEOF)
	}
	if err := report.Write(dir, m.book(), failing, report.Formats()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the error is %v", err)
	}
	if read(t, dir, "results.json") != before {
		t.Error("results.json was replaced")
	}
	for _, path := range files(t, dir) {
		if strings.HasPrefix(filepath.Base(path), ".") {
			t.Errorf("there is a draft left: %s", path)
		}
	}
}

// What reports say of a small class, but for the style and script of pages.
func TestGolden(t *testing.T) {
	m := newMaker(t)
	all := m.class()
	small := []gradebook.Grade{all[6], all[9], all[24], all[26]}
	dir := t.TempDir()
	must(t, report.Write(dir, m.book(), seq(small), report.Formats()))
	for _, name := range []string{"canvas.csv", "moodle.csv", "junit.xml", "index.html", "gradescope/s007.json", "gradescope/t001.json", "gradescope/t003.json",
		"classroom50/s007.json", "submissions/s007/report.html", "student/s007/report.html", "student/t003/report.html"} {
		got := inline.ReplaceAllString(read(t, dir, name), "<$1></$1>")
		got = policy.ReplaceAllString(got, `http-equiv="Content-Security-Policy" content=""`)
		golden := filepath.Join("testdata", "golden", filepath.FromSlash(name))
		if os.Getenv("IPCLAB_UPDATE") != "" {
			must(t, draft.Write(golden, []byte(got), 0o644, draft.Derived))
		}
		if want := read(t, golden); got != want {
			t.Errorf("%s is not as it was (IPCLAB_UPDATE=1 accepts it): %s", name, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d: %.300q", i+1, a[i])
		}
	}
	return "it is shorter"
}

func FuzzText(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s)
	}
	m := newMaker(f)
	m.lines = 2
	m.lab.Checks = slices.DeleteFunc(m.lab.Checks, func(c gradebook.Check) bool { return c.ID != "third-user" && c.ID != "secret-link" })
	m.lab.Checks[0].Needs = nil
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		g := m.nasty(0, text)
		refused := m.unjudged("x001", text, gradebook.Refused, grader.Student, "it says "+text, text)
		must(t, report.Write(dir, m.book(), seq([]gradebook.Grade{g, refused}), report.Formats()))
		for _, page := range []string{"index.html", "submissions/x000/report.html", "student/x000/report.html", "submissions/x001/report.html"} {
			checkPage(t, page, read(t, dir, page))
		}
		d := xml.NewDecoder(bytes.NewReader([]byte(read(t, dir, "junit.xml"))))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for name, width := range map[string]int{"canvas.csv": 6, "moodle.csv": 2} {
			table := read(t, dir, name)
			noFormulas(t, table)
			for _, row := range cells(t, table, ',') {
				if len(row) != width {
					t.Errorf("%s: a row has %d cells: %q", name, len(row), row)
				}
			}
		}
	})
}
