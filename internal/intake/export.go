package intake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// The folders and files of an export. No ID begins with an underscore.
const (
	jplagDir  = "jplag"
	dolosDir  = "dolos"
	baseName  = "_base"
	dolosList = "info.csv"
)

// Exported says what an export came to.
type Exported struct {
	JPlag   string   // folder with a folder for each student
	Base    string   // folder with what all students were given
	Dolos   string   // list of one file for each student
	IDs     []string // of the submissions that are in it
	Refused []error  // *Error for each submission that is not
}

// Export writes the sources of those submissions that count for tools that
// look for copies. In dir it makes
//
//	jplag/ID/…      what each student wrote, for JPlag
//	jplag/_base/…   what all were given: JPlag's base code (-bc)
//	dolos/info.csv  list of the files beside it, for Dolos
//	dolos/ID.c      all C files of a student in one: Dolos compares single files
//	dolos/_base.c   the same of what all were given; the list says to ignore it
//
// The task's text and files that are no text are left out. The folder appears
// when it is complete. The error is an *ArgumentError if dir holds something.
func Export(ctx context.Context, dir string, submissions []Submission, lab *labs.Lab) (*Exported, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, &ArgumentError{dir, errors.New("it is not empty"), "name a new folder"}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".ipclab-export-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	done, err := exportInto(ctx, temp, submissions, lab)
	if err == nil {
		err = os.Chmod(temp, 0o755)
	}
	if err == nil {
		err = os.Rename(temp, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", dir, err)
	}
	done.JPlag, done.Base = filepath.Join(dir, jplagDir), filepath.Join(dir, jplagDir, baseName)
	done.Dolos = filepath.Join(dir, dolosDir, dolosList)
	return done, nil
}

// exporter writes into one folder and nowhere else: what it writes has names
// that students chose.
type exporter struct {
	root *os.Root
	rows [][]string
}

func exportInto(ctx context.Context, dir string, submissions []Submission, lab *labs.Lab) (*Exported, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	x := &exporter{root, [][]string{{"filename", "full_name", "id", "labels", "ignored"}}}
	base, err := workspace.FromFS(lab.Starter())
	if err == nil {
		err = x.add(baseName, base, "", "", true)
	}
	if err != nil {
		return nil, err
	}
	done := &Exported{}
	for _, s := range submissions {
		if s.Superseded != "" {
			continue
		}
		if err := x.submission(ctx, s, lab, done); err != nil {
			return nil, err
		}
	}
	return done, x.list()
}

// submission writes what one student wrote, if it can be taken.
func (x *exporter) submission(ctx context.Context, s Submission, lab *labs.Lab, done *Exported) error {
	w, err := Open(ctx, s, lab)
	var refusal *Error
	if errors.As(err, &refusal) {
		done.Refused = append(done.Refused, err)
		return nil
	}
	if err != nil {
		return err
	}
	label := "in time"
	if s.Late {
		label = "late"
	}
	done.IDs = append(done.IDs, s.ID)
	return x.add(s.ID, w.Tree, cmp.Or(s.Student.Name, s.Student.ID), label, false)
}

// add writes the sources of one tree under a name.
func (x *exporter) add(id string, tree *workspace.Tree, name, label string, ignored bool) error {
	sources := slices.DeleteFunc(tree.API("").Files, func(f api.File) bool { return f.Path == taskFile || bytes.IndexByte(f.Data, 0) >= 0 })
	if err := x.root.MkdirAll(path.Join(jplagDir, id), 0o755); err != nil {
		return err
	}
	var joined bytes.Buffer
	for _, f := range sources {
		if err := x.write(path.Join(jplagDir, id, f.Path), f.Data); err != nil {
			return err
		}
		if ext := path.Ext(f.Path); ext == ".c" || ext == ".h" {
			fmt.Fprintf(&joined, "// %s\n%s\n", f.Path, f.Data)
		}
	}
	if joined.Len() == 0 {
		return nil // there is nothing to compare
	}
	x.rows = append(x.rows, []string{id + ".c", plainCell(name), id, label, strconv.FormatBool(ignored)})
	return x.write(path.Join(dolosDir, id+".c"), joined.Bytes())
}

func (x *exporter) write(name string, data []byte) error {
	if err := x.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// list writes Dolos's list.
func (x *exporter) list() error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(x.rows); err != nil {
		return err
	}
	return x.write(path.Join(dolosDir, dolosList), b.Bytes())
}

// plainCell keeps a spreadsheet from taking a name for a formula.
func plainCell(s string) string {
	if strings.IndexAny(s, "=+-@\t\r") == 0 {
		return "'" + s
	}
	return s
}
