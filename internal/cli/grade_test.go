package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/grader/gradebook"
)

func TestGradescopeStudent(t *testing.T) {
	tests := map[string]struct {
		metadata string
		want     gradebook.Student
	}{
		"as it is":        {`{"users":[{"email":"a@b.c","id":12,"name":"Ada"}]}`, gradebook.Student{ID: "a@b.c", Name: "Ada", Email: "a@b.c"}},
		"a number":        {`{"users":[{"id":12345678901234567890}]}`, gradebook.Student{ID: "12345678901234567890"}},
		"the school's id": {`{"users":[{"email":"a@b.c","sid":"s7"}]}`, gradebook.Student{ID: "s7", Email: "a@b.c"}},
		"nobody":          {`{"users":[]}`, gradebook.Student{ID: "unknown"}},
		"other types":     {`{"users":[{"name":{"first":1}}]}`, gradebook.Student{ID: "unknown"}},
		"an id of a list": {`{"users":[{"id":[1]}]}`, gradebook.Student{ID: "unknown"}},
		"no JSON":         {"\x00\xff", gradebook.Student{ID: "unknown"}},
		"long":            {`{"users":[{"email":"` + strings.Repeat("é", 1000) + `"}]}`, gradebook.Student{ID: strings.Repeat("é", 200), Email: strings.Repeat("é", 200)}},
	}
	for name, test := range tests {
		path := filepath.Join(t.TempDir(), "submission_metadata.json")
		if err := os.WriteFile(path, []byte(test.metadata), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := gradescopeStudent(path); got != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := gradescopeStudent("/nonexistent"); got.ID != "unknown" {
		t.Errorf("without metadata: %+v", got)
	}
}

func TestGradescopeSubmissionIsTheFolderOrItsOnlyArchive(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "submission")
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if s := gradescopeSubmission(root); s.Path != dir {
		t.Errorf("empty: %s", s.Path)
	}
	write("fifo-ada.TAR.GZ")
	if s := gradescopeSubmission(root); s.Path != filepath.Join(dir, "fifo-ada.TAR.GZ") {
		t.Errorf("an archive: %s", s.Path)
	}
	write("writer.c")
	if s := gradescopeSubmission(root); s.Path != dir {
		t.Errorf("an archive and a file: %s", s.Path)
	}
}

// Whatever goes wrong, the platform finds results, and no score in them.
func TestGradescopeAlwaysHasResults(t *testing.T) {
	for name, args := range map[string][]string{
		"unknown lab":  {"grade", "nonsense", "--gradescope", "ROOT"},
		"unknown flag": {"grade", "fifo", "--gradescope", "--nonsense", "ROOT"},
		"bad format":   {"grade", "fifo", "--gradescope", "--for", "nobody", "ROOT"},
	} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "submission"), 0o700); err != nil {
			t.Fatal(err)
		}
		for i, arg := range args {
			if arg == "ROOT" {
				args[i] = root
			}
		}
		code := mainWith(t, args)
		data, err := os.ReadFile(filepath.Join(root, "results", "results.json"))
		var results map[string]any
		if err == nil {
			err = json.Unmarshal(data, &results)
		}
		if err != nil || code != codeUsage || results["output"] == "" || results["score"] != nil || results["tests"] != nil {
			t.Errorf("%s: exit code %d, %v, %s", name, code, err, data)
		}
	}
}

// mainWith runs a command line as the program would, without its output.
func mainWith(t *testing.T, args []string) int {
	t.Helper()
	old, stderr := os.Args, os.Stderr
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	os.Args, os.Stderr = append([]string{"ipclab"}, args...), null
	defer func() { os.Args, os.Stderr = old, stderr; null.Close() }()
	return Main(args)
}
