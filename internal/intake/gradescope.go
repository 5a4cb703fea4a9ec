package intake

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"ipclab/grader/gradebook"
)

// gradescopeFile is the list of submissions in Gradescope's export.
const gradescopeFile = "submission_metadata.yml"

// exported is what Gradescope's list tells about one submission.
type exported struct {
	Submitters []struct {
		Name  string `yaml:":name"`
		SID   string `yaml:":sid"`
		Email string `yaml:":email"`
	} `yaml:":submitters"`
	Created string `yaml:":created_at"`
}

// students are those who handed in together. A group's work is everybody's.
func (e exported) students() []gradebook.Student {
	var all []gradebook.Student
	seen := map[string]bool{}
	for _, s := range e.Submitters {
		id := cmp.Or(strings.TrimSpace(s.SID), strings.TrimSpace(s.Email), strings.TrimSpace(s.Name))
		if id != "" && !seen[personKey(id)] {
			seen[personKey(id)] = true
			all = append(all, gradebook.Student{ID: id, Name: strings.TrimSpace(s.Name), Email: strings.TrimSpace(s.Email)})
		}
	}
	return all
}

// readGradescope reads the list of an export; it is nil for a folder without
// one.
func readGradescope(dir string) (map[string]exported, error) {
	path := filepath.Join(dir, gradescopeFile)
	f, err := openFile(path)
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	list, err := parseGradescope(f)
	if err != nil {
		return nil, &ArgumentError{path, err, "export the submissions again, or take this file away: then the folders' names are used"}
	}
	return list, nil
}

// parseGradescope reads a list of submissions. Most of it is what autograders
// printed, of any size and form, and of no use here; all of that is indented
// deeper than what is.
func parseGradescope(r io.Reader) (map[string]exported, error) {
	text, err := digestGradescope(r)
	if err != nil {
		return nil, err
	}
	list := map[string]exported{}
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		return nil, errors.New("it is not the list of submissions that Gradescope writes")
	}
	return list, nil
}

// maxList bounds what is kept of a list: 100,000 submissions have room.
const maxList = 32 << 20

// digestGradescope keeps the lines that tell who handed in what and when.
func digestGradescope(r io.Reader) (string, error) {
	wanted := regexp.MustCompile(`^([^\s:#'"-][^\s:]*:|  :submitters:.*|  :created_at: *['"]?[0-9].*)$`)
	var kept strings.Builder
	lines := bufio.NewReaderSize(r, 64<<10)
	inside := false
	for {
		line, err := shortLine(lines)
		if errors.Is(err, io.EOF) {
			return kept.String(), nil
		}
		if err != nil {
			return "", err
		}
		if wanted.MatchString(line) {
			inside = strings.HasPrefix(line, "  :submitters:")
		} else if inside = inside && (strings.HasPrefix(line, "  - ") || strings.HasPrefix(line, "   ")); !inside {
			continue
		}
		if kept.Len()+len(line) > maxList {
			return "", errors.New("it is too long")
		}
		kept.WriteString(line + "\n")
	}
}

// shortLine reads a line, and of a very long one only the beginning: nothing of
// use is so long.
func shortLine(r *bufio.Reader) (string, error) {
	line, more, err := r.ReadLine()
	text := string(line)
	for more && err == nil {
		_, more, err = r.ReadLine()
	}
	return text, err
}
