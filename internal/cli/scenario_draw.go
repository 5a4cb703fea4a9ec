package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ipclab/internal/draft"
	"ipclab/internal/drawing"
	"ipclab/internal/host"
	"ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/scenarios"
)

// pictures are the files that a matrix is to be written to; empty: not. "-" is
// the standard output.
type pictures struct{ svg, dot, html string }

func (p *pictures) flags(c *cobra.Command) {
	c.Flags().StringVar(&p.svg, "svg", "", "write the picture to a `FILE` (-: print it)")
	c.Flags().StringVar(&p.dot, "dot", "", "write the picture in Graphviz's language to a `FILE`")
	c.Flags().StringVar(&p.html, "html", "", "write matrix and picture as a page to a `FILE`")
}

func (p pictures) any() bool { return p.svg != "" || p.dot != "" || p.html != "" }

// check refuses what would fail only after long work.
func (p pictures) check(json bool) error {
	printed := 0
	if json {
		printed++
	}
	for flag, name := range map[string]string{"--svg": p.svg, "--dot": p.dot, "--html": p.html} {
		if name == "-" {
			printed++
		} else if dir := filepath.Dir(name); name != "" && !exists(dir) {
			return usagef("%s %s: there is no folder %s", flag, name, dir)
		}
	}
	if printed > 1 {
		return usagef("only one thing can be printed: of --json, --svg, --dot and --html, give the others a file")
	}
	return nil
}

func newScenarioDraw(a *app) *cobra.Command {
	var twin string
	var files pictures
	var prove, play bool
	c := &cobra.Command{
		Use: "draw SCENARIO", Short: "Show a scenario as a matrix, and as a picture",
		Long: "draw shows who must be able to tell whom something and who must not, with what is permitted (--prove)\n" +
			"and what was observed (--play) beside it. Where they differ it says what to look at.\n\n" +
			"The matrix is printed; with --svg, --dot or --html it is written to files instead.",
		Example: "  ipclab scenario draw fifo --svg fifo.svg\n  ipclab scenario draw fifo --prove --play --html fifo.html",
		Args:    exactly(1, "the name of a scenario, or its file"), ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			if err := files.check(a.json); err != nil {
				return err
			}
			s, err := a.scenarioNamed(args[0], twin)
			if err != nil {
				return err
			}
			m, err := a.lookAt(c.Context(), s, prove, play)
			if err != nil {
				return err
			}
			return a.show(c.Context(), m, files)
		},
	}
	files.flags(c)
	c.Flags().BoolVar(&prove, "prove", false, "compute what is permitted")
	c.Flags().BoolVar(&play, "play", false, "let actors try it in a machine of its own")
	return a.withJSON(withTwin(c, &twin))
}

// lookAt compares the views of a scenario that are asked for.
func (a *app) lookAt(ctx context.Context, s *scenarios.Scenario, prove, play bool) (*matrix.Matrix, error) {
	var seen, played *scenarios.View
	if prove {
		whole, err := a.wholePolicy(ctx, "")
		if err != nil {
			return nil, err
		}
		if seen, err = permitted.Prove(ctx, s, whole); err != nil {
			return nil, err
		}
	}
	if play {
		var err error
		if played, err = a.playScenario(ctx, s); err != nil {
			return nil, err
		}
	}
	return matrix.New(s, seen, played), nil
}

// show writes the files that are asked for; if there are none, it prints the
// matrix.
func (a *app) show(ctx context.Context, m *matrix.Matrix, files pictures) error {
	if err := a.writePictures(ctx, m, files); err != nil {
		return err
	}
	switch {
	case a.json:
		return printJSON(a.out, m)
	case files.any():
		return nil
	}
	return m.Text(a.out, a.look())
}

func (a *app) writePictures(ctx context.Context, m *matrix.Matrix, files pictures) error {
	graph := m.Graph()
	if files.dot != "" {
		dot, err := graph.DOT()
		if err != nil {
			return err
		}
		if err := a.writeFile(files.dot, []byte(dot)); err != nil {
			return err
		}
	}
	if files.svg == "" && files.html == "" {
		return nil
	}
	layout, err := layoutProgram()
	if err != nil {
		return err
	}
	var svg bytes.Buffer
	if err := graph.SVG(ctx, layout, &svg); err != nil {
		return err
	}
	if files.svg != "" {
		if err := a.writeFile(files.svg, svg.Bytes()); err != nil {
			return err
		}
	}
	if files.html == "" {
		return nil
	}
	var page bytes.Buffer
	if err := m.HTML(&page, svg.String()); err != nil {
		return err
	}
	return a.writeFile(files.html, page.Bytes())
}

// writeFile replaces a file that people asked for, or prints what would be in it.
// What is no regular file, such as a device or a pipe, is written to as it is.
func (a *app) writeFile(name string, data []byte) error {
	if name == "-" {
		_, err := a.out.Write(data)
		return err
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, data, 0)
	}
	return draft.Write(name, data, 0o644, draft.Derived)
}

// layoutProgram is installed beside this one, or else is in the PATH. What it keeps
// is in the user's cache.
func layoutProgram() (drawing.Program, error) {
	dirs, err := host.FindDirs(os.Getenv)
	if err != nil {
		return drawing.Program{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return drawing.Program{}, err
	}
	path := filepath.Join(filepath.Dir(guestProgram(self)), drawing.ProgramName)
	if elsewhere, err := exec.LookPath(drawing.ProgramName); err == nil && !exists(path) {
		path = elsewhere
	}
	return drawing.Program{Path: path, Cache: filepath.Join(dirs.Cache, "drawing")}, nil
}

// look is how this terminal shows a matrix.
func (a *app) look() matrix.Look {
	return matrix.Look{Width: terminalWidth(a.out), Paint: func(tone matrix.Tone, s string) string {
		switch tone {
		case matrix.Quiet:
			return a.style.faint(s)
		case matrix.Strong:
			return a.style.bold(s)
		case matrix.Loud:
			return a.style.bold(a.style.bad(s))
		}
		return s
	}}
}

// terminalWidth is how many characters fit into a line, 80 where that is not known.
func terminalWidth(out io.Writer) int {
	if f, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return min(width, 120)
		}
	}
	return 80
}
