package drawing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a layout may take. Graphs that a person can read take a
// tenth of a second.
const patience = 60 * time.Second

// ProgramName is what the layout program is called where it is installed.
const ProgramName = "ipclab-draw"

// Program is the layout in a program of its own, ipclab-draw: Graphviz takes most
// of a second to be made ready the first time, and is to burden nobody who does
// not draw.
type Program struct {
	Path string
	// Cache is a folder of the user's alone. What is kept there is run, so it must
	// never be one that others can write to, such as /tmp.
	Cache string
}

// NoProgram says that the layout program is not there.
type NoProgram struct{ Path string }

func (e *NoProgram) Error() string {
	return "the program that lays pictures out is not there: " + e.Path
}

// Hint says what to do about it.
func (e *NoProgram) Hint() string {
	return "`make build` makes it beside ipclab; a picture in Graphviz's language (--dot) needs no layout"
}

// TooLarge says that no layout was found in time.
type TooLarge struct{ Nodes, Arrows int }

func (e *TooLarge) Error() string {
	return fmt.Sprintf("no layout was found within %s for %d nodes and %d arrows", patience, e.Nodes, e.Arrows)
}

// Hint says what to do about it.
func (e *TooLarge) Hint() string {
	return "draw a smaller scenario, or write DOT (--dot) and try another layout of Graphviz's, such as sfdp"
}

// Place runs the program.
func (p Program) Place(ctx context.Context, dot string) (Placement, error) {
	if err := os.MkdirAll(p.Cache, 0o700); err != nil {
		return Placement{}, err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	var out, trouble bytes.Buffer
	command := exec.CommandContext(ctx, p.Path)
	command.Env = []string{"TMPDIR=" + p.Cache}
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(dot), &out, &trouble
	if err := command.Run(); err != nil {
		return Placement{}, p.explain(ctx, err, trouble.String())
	}
	var placement Placement
	if err := json.Unmarshal(out.Bytes(), &placement); err != nil {
		return Placement{}, fmt.Errorf("%s answered what is no placement: %w", filepath.Base(p.Path), err)
	}
	return placement, nil
}

func (p Program) explain(ctx context.Context, err error, trouble string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &NoProgram{p.Path}
	case ctx.Err() != nil:
		return ctx.Err()
	case trouble != "":
		return fmt.Errorf("%s: %s", filepath.Base(p.Path), strings.TrimSpace(trouble))
	}
	return fmt.Errorf("%s: %w", filepath.Base(p.Path), err)
}
