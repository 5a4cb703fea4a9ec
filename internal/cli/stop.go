package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// signalNumber is the number of "TERM" and the like.
func signalNumber(name string) int { return int(unix.SignalNum("SIG" + name)) }

func newStop(a *app) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "stop [LAB]", Short: "Stop a lab's machine; your workspace stays",
		Args: atMostOne("the name of a lab"), ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			if all {
				return a.stopAll(c)
			}
			h, err := a.host()
			if err != nil {
				return err
			}
			name, err := a.which(h, args)
			if err != nil {
				return err
			}
			if err := h.Machines().Stop(c.Context(), name); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s is stopped.\n", name)
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "stop every machine")
	return c
}

func (a *app) stopAll(c *cobra.Command) error {
	h, err := a.host()
	if err != nil {
		return err
	}
	running, err := h.Machines().Running()
	if err != nil {
		return err
	}
	for _, clone := range running {
		if err := h.Machines().Stop(c.Context(), clone.Name); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is stopped.\n", clone.Name)
	}
	return nil
}

func newReset(a *app) *cobra.Command {
	var token string
	c := &cobra.Command{
		Use: "reset LAB", Short: "Begin a lab anew; your work is kept beside it",
		Args: exactly(1, "the name of a lab"), ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.session(args, "")
			if err != nil {
				return err
			}
			if token != "" {
				if err := s.TakeVariant(token); err != nil {
					return err
				}
			}
			kept, err := s.Reset(c.Context(), time.Now())
			if kept != "" {
				fmt.Fprintf(a.out, "Your work is kept in %s\n", kept)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s begins anew in %s\n", s.Lab.Name, s.Dir)
			return nil
		},
	}
	c.Flags().StringVar(&token, "variant", "", "begin with your own variant of the lab: the `token` from your instructor")
	return c
}
