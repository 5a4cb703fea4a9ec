package cli

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/internal/host"
	"ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/internal/policy"
	"ipclab/internal/session"
	"ipclab/scenarios"
)

func newFlows(a *app) *cobra.Command {
	var files pictures
	var play bool
	c := &cobra.Command{
		Use: "flows [LAB]", Short: "Show who can tell whom something: intended, and permitted by your rules",
		Long: "flows shows the lab's scenario: who must be able to tell whom something, and who must not. Beside it\n" +
			"stands what the machines' policy with your own rules permits, and with --play what the kernel let\n" +
			"happen when trusted actors tried. Where they differ it says what to look at.\n\n" +
			"The rules are those in your workspace, as it is now. Actors try in a machine of its own, so that\n" +
			"nothing of yours is in their way.",
		Example: "  ipclab flows fifo\n  ipclab flows fifo --play --svg fifo.svg",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := files.check(a.json); err != nil {
				return err
			}
			s, err := a.session(args, "")
			if err != nil {
				return err
			}
			m, err := a.flows(c.Context(), s, play)
			if err != nil {
				return err
			}
			return a.show(c.Context(), m, files)
		},
	}
	files.flags(c)
	c.Flags().BoolVar(&play, "play", false, "let actors try it in a machine of its own")
	return a.withJSON(c)
}

// noScenarioError says that a lab has no scenario.
type noScenarioError struct{ lab string }

func (e *noScenarioError) Error() string { return "the lab " + e.lab + " has no scenario" }

// Hint says what to do.
func (e *noScenarioError) Hint() string {
	return "`ipclab scenario list` lists scenarios that need no lab"
}

// flows compares the views of the lab's scenario, with the rules in the workspace.
func (a *app) flows(ctx context.Context, s *session.Session, play bool) (*matrix.Matrix, error) {
	scenario := s.Lab.Scenario()
	if scenario == nil {
		return nil, &noScenarioError{s.Lab.Name}
	}
	modules, whole, notes, err := rulesOf(s)
	if err != nil {
		return nil, err
	}
	var computed, played *scenarios.View
	if whole != nil {
		bare := *scenario
		bare.Policy = nil // its modules are in the policy that was read
		if computed, err = permitted.Prove(ctx, &bare, whole); err != nil {
			return nil, err
		}
		computed.Notes = append(notes, computed.Notes...)
	}
	if play {
		if played, err = a.playWith(ctx, s.Host, scenario, modules); err != nil {
			return nil, err
		}
	}
	return matrix.New(scenario, computed, played), nil
}

// rulesOf gives the lab's modules with the student's, and the whole policy that they
// make; nil, if there is no image yet. Rules of the student's that cannot be read
// are left out, and a note says so.
func rulesOf(s *session.Session) ([]policy.Module, *permitted.Policy, []string, error) {
	modules, notes, err := s.Modules(true)
	if err != nil {
		return nil, nil, nil, err
	}
	whole, err := readWhole(s.Host, modules)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return modules, whole, notes, nil
	}
	trouble := err
	if modules, _, err = s.Modules(false); err != nil {
		return nil, nil, nil, err
	}
	if whole, err = readWhole(s.Host, modules); err != nil {
		return nil, nil, nil, err
	}
	return modules, whole, []string{"your own rules were left out: " + strings.TrimSpace(trouble.Error())}, nil
}

func readWhole(h *host.Host, modules []policy.Module) (*permitted.Policy, error) {
	every, err := session.EveryPolicy(h, modules)
	if err != nil {
		return nil, err
	}
	return permitted.Read(every)
}
