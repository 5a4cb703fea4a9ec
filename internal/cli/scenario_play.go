package cli

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/host"
	"ipclab/internal/machine"
	"ipclab/internal/observed"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

func newScenarioPlay(a *app) *cobra.Command {
	var twin string
	c := &cobra.Command{
		Use: "play SCENARIO", Short: "Let actors try a scenario's flows in a machine, and tell what the kernel did",
		Long: "play starts a machine of its own with the scenario's policy, starts an actor for each subject in its\n" +
			"domain, user, namespaces, control group and filter, and has them try every flow, wanted or not, every\n" +
			"back channel and every revocation. It tells what came through, and who refused what did not.",
		Args: exactly(1, "the name of a scenario, or its file"), ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.scenarioNamed(args[0], twin)
			if err != nil {
				return err
			}
			view, err := a.playScenario(c.Context(), s)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(a.out, view)
			}
			a.printView(s, view)
			return nil
		},
	}
	return a.withJSON(withTwin(c, &twin))
}

// playScenario plays a scenario of the library or of a file.
func (a *app) playScenario(ctx context.Context, s *scenarios.Scenario) (*scenarios.View, error) {
	h, err := a.host()
	if err != nil {
		return nil, err
	}
	modules, err := s.Modules()
	if err != nil {
		return nil, err
	}
	return a.playWith(ctx, h, s, modules)
}

// playPrefix begins the names of machines that are for one play.
const playPrefix = "play-"

// playWith plays a scenario with these modules on top of the image's policy, in a
// machine of its own, which is gone afterwards whatever happens to this process.
func (a *app) playWith(ctx context.Context, h *host.Host, s *scenarios.Scenario, modules []policy.Module) (*scenarios.View, error) {
	hold, err := leash(h)
	if err != nil {
		return nil, err
	}
	defer hold.Close()
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	binary, err := h.CompilePolicy(ctx, i, modules)
	if err != nil {
		return nil, err
	}
	h.Machines().ClearAll(playPrefix) // what killed plays left
	name := playPrefix + strconv.Itoa(os.Getpid())
	defer h.Machines().Clear(context.WithoutCancel(ctx), name) // what it could not remove, the next play does
	clone, err := h.StartBase(ctx, name)
	if err != nil {
		return nil, err
	}
	client := machine.NewClient(clone.Dial)
	defer client.Close()
	if err := client.LoadPolicy(ctx, binary); err != nil {
		return nil, err
	}
	return observed.Play(ctx, s, client)
}

// leash ties the machines that are started to this process.
func leash(h *host.Host) (hold *os.File, err error) {
	h.Leash, hold, err = os.Pipe()
	return hold, err
}

// printView prints what a look at a scenario came to, in the order of its file.
func (a *app) printView(s *scenarios.Scenario, v *scenarios.View) {
	for i, f := range s.Flows {
		a.printSeen(route(f.From, f.To, f.Via, f.How), string(f.Want), v.Flows[i])
	}
	for i, b := range s.BackChannels {
		a.printSeen(route(b.From, b.To, b.Via, b.How)+" (back channel)", string(b.Want), v.BackChannels[i])
	}
	for i, r := range s.Revocations {
		a.printSeen(route(r.From, r.To, r.Via, "")+" (revocation)", string(r.Held), v.Revocations[i])
	}
}

func route(from, to, via, how string) string {
	text := from + " → " + to
	if via != "" {
		text += " over " + via
	}
	if how != "" {
		text += " by " + how
	}
	return text
}

// printSeen prints one line of what was seen, and one of why.
func (a *app) printSeen(what, want string, seen scenarios.Seen) {
	outcome := string(seen.Outcome)
	if seen.By != "" {
		outcome += " by " + string(seen.By)
	}
	fmt.Fprintf(a.out, "%s: %s (wanted: %s)\n    %s\n", what, outcome, want, grader.Escape(seen.Text))
}
