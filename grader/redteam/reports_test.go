package redteam

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// judgeReports looks at every file that was written for something that came
// from a student and is not text any more.
func judgeReports(t *testing.T, g *graded) {
	t.Helper()
	kinds := map[string]int{}
	for _, file := range filesIn(t, g.out) {
		data, err := os.ReadFile(file)
		check(t, err)
		printable(t, file, data)
		kind := filepath.Ext(file)
		kinds[kind]++
		switch kind {
		case ".json":
			if !json.Valid(data) {
				t.Errorf("%s is no JSON", file)
			}
		case ".xml":
			judgeXML(t, file, data)
		case ".csv":
			judgeCSV(t, file, data)
		case ".html":
			judgeHTML(t, file, string(data))
		}
	}
	for _, kind := range []string{".json", ".xml", ".csv", ".html"} {
		if kinds[kind] == 0 {
			t.Errorf("there is no %s among the reports", kind)
		}
	}
}

// filesIn lists the files of a folder, but for those that the grader keeps for
// itself.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".ipclab":
			return fs.SkipDir
		case !d.IsDir():
			all = append(all, path)
		}
		return nil
	}))
	return all
}

// printable looks for bytes that do something to a terminal, or turn a line of
// text around.
func printable(t *testing.T, what string, data []byte) {
	t.Helper()
	if !utf8.Valid(data) {
		t.Errorf("%s is no UTF-8", what)
	}
	for i, r := range string(data) {
		control := r < 0x20 && r != '\n' && r != '\t' && r != '\r' || 0x7f <= r && r < 0xa0
		turn := 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
		if control || turn {
			t.Errorf("%s has the character %U at %d: %q", what, r, i, data[max(0, i-40):i])
			return
		}
	}
}

func judgeXML(t *testing.T, file string, data []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		start, ok := token.(xml.StartElement)
		for _, a := range start.Attr {
			if ok && a.Name.Local == "name" && a.Value == "redteam" {
				t.Errorf("%s has an element of a student's", file)
			}
		}
	}
}

// judgeCSV looks for cells that a spreadsheet would compute.
func judgeCSV(t *testing.T, file string, data []byte) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Errorf("%s: %v", file, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if _, err := strconv.ParseFloat(cell, 64); err == nil || cell == "-" {
				continue
			}
			if strings.IndexAny(cell, "=+-@\t\r") == 0 {
				t.Errorf("%s: a spreadsheet takes this for a formula: %q", file, cell)
			}
		}
	}
}

// judgeHTML looks for elements and attributes that attacks wrote.
func judgeHTML(t *testing.T, file, page string) {
	t.Helper()
	page = strings.ToLower(page)
	for _, alien := range []string{
		"<script>redteam", "<img src=x", "<iframe", "</pre></td>", "<style>*", `onmouseover="redteam`, "onerror=redteam(1", "<!doctype r",
	} {
		if strings.Contains(page, alien) {
			t.Errorf("%s has %s of a student's", file, alien)
		}
	}
}

// canary is in the script and in the data of the lab's hidden check.
const canary = "canary-of-the-hidden"

// judgeSecrets looks for what students must not learn in what they are given.
func judgeSecrets(t *testing.T, g *graded, attacks []*Attack) {
	t.Helper()
	secrets := map[string]bool{canary: true, filepath.Dir(g.out): true} // where on this computer it was graded
	for _, a := range attacks {
		for _, text := range a.Never {
			secrets[text] = true
		}
	}
	var files []string
	for _, part := range []string{"student", "classroom50", "gradescope"} { // platforms show these
		files = append(files, filesIn(t, filepath.Join(g.out, part))...)
	}
	if len(files) < 3*len(attacks) {
		t.Errorf("there are only %d files for students", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		check(t, err)
		for text := range secrets {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s tells students %q", file, text)
			}
		}
	}
}
