package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ipclab/internal/session"
)

func newStart(a *app) *cobra.Command {
	var dir, token string
	var noShell bool
	c := &cobra.Command{
		Use: "start LAB", Short: "Start a lab and open a shell in its machine",
		Long: "start copies the lab's starter into your workspace, unless it is there already, starts the\n" +
			"machine and opens a shell in it. The machine goes on when you leave the shell.",
		Args: exactly(1, "the name of a lab: `ipclab list` shows them"), ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.session(args, dir)
			if err != nil {
				return err
			}
			if token != "" {
				if err := s.UseVariant(c.Context(), token); err != nil {
					return err
				}
			}
			return a.start(c, s, noShell)
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "the `folder` to work in (default ~/ipclab/LAB)")
	c.Flags().StringVar(&token, "variant", "", "your own variant of the lab: the `token` from your instructor")
	c.Flags().BoolVar(&noShell, "no-shell", false, "start the machine only")
	return a.withJSON(c)
}

func (a *app) start(c *cobra.Command, s *session.Session, noShell bool) error {
	begun := time.Now()
	started, err := s.Start(c.Context())
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, struct {
			Lab        string  `json:"lab"`
			Workspace  string  `json:"workspace"`
			New        bool    `json:"new_workspace"`
			WasRunning bool    `json:"was_running"`
			Seconds    float64 `json:"seconds"`
			Variant    string  `json:"variant,omitempty"`
		}{s.Lab.Name, s.Dir, started.NewWorkspace, started.WasRunning, time.Since(begun).Seconds(), fingerprint(s.Lab)})
	}
	a.welcome(s, started, time.Since(begun))
	if noShell || !a.terminal() {
		return nil
	}
	return a.shell(c.Context(), s, nil)
}

// welcome says where everything is and what comes next.
func (a *app) welcome(s *session.Session, st session.Started, took time.Duration) {
	if st.NewWorkspace {
		fmt.Fprintf(a.out, "Your workspace is new: %s\n", s.Dir)
	}
	if st.WasRunning {
		fmt.Fprintf(a.out, "%s runs already.\n", s.Lab.Name)
	} else {
		fmt.Fprintf(a.out, "%s is ready after %.1f s, SELinux enforcing.\n", s.Lab.Name, took.Seconds())
	}
	if s.Lab.HasVariants() {
		fmt.Fprintf(a.out, "%s\n", variantNote(s.Lab))
	}
	fmt.Fprintf(a.out, `
  task       %[1]s/README.md
  edit       the files in %[1]s, with any editor
  check      ipclab check %[2]s
  stuck?     ipclab hint %[2]s
  shell      ipclab shell %[2]s     (your files are in /lab/src there)
  finish     ipclab stop %[2]s

`, s.Dir, s.Lab.Name)
}
