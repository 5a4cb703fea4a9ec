package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ipclab/scenarios"
)

func newScenarioShow(a *app) *cobra.Command {
	var twin string
	c := &cobra.Command{
		Use: "show SCENARIO", Short: "Tell a scenario: who acts, what they share, what must flow and what must not",
		Args: exactly(1, "a scenario"), ValidArgsFunction: completeScenarios,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.scenarioNamed(args[0], twin)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(a.out, s)
			}
			return a.showScenario(s)
		},
	}
	return a.withJSON(withTwin(c, &twin))
}

// showScenario tells a scenario in words.
func (a *app) showScenario(s *scenarios.Scenario) error {
	fmt.Fprintf(a.out, "%s: %s\n\n%s\n", a.style.bold(s.Name), s.Title, wrapped(s.About, 80))
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	a.showSubjects(w, s)
	a.showFlows(w, s)
	a.showOthers(w, s)
	return w.Flush()
}

func (a *app) showSubjects(w io.Writer, s *scenarios.Scenario) {
	fmt.Fprintf(w, "\n%s\n", a.style.bold("Who acts"))
	for _, one := range s.Subjects {
		domain := one.Domain
		if domain == "" {
			domain = "the student's domain"
		}
		fmt.Fprintf(w, "  %s\t%s in %s%s\n", one.Name, one.User, domain, confinement(one))
	}
	if len(s.Objects) > 0 {
		fmt.Fprintf(w, "\n%s\n", a.style.bold("What they share"))
	}
	for _, o := range s.Objects {
		fmt.Fprintf(w, "  %s\t%s %s\n", o.Name, o.Kind, whereabouts(o))
	}
}

// confinement tells what else holds a subject back, or lets it through.
func confinement(s scenarios.Subject) string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(s.Namespaces)) {
		all = append(all, fmt.Sprintf("%s namespace %s", kind, s.Namespaces[kind]))
	}
	if f := s.Seccomp; f != nil && f.Deny != nil {
		all = append(all, "without "+strings.Join(f.Deny, ", "))
	} else if f != nil {
		all = append(all, "with no system call but "+strings.Join(f.Allow, ", "))
	}
	if c := s.Cgroup; c != nil && c.Memory > 0 {
		all = append(all, fmt.Sprintf("at most %d bytes", c.Memory))
	}
	if c := s.Cgroup; c != nil && c.Pids > 0 {
		all = append(all, fmt.Sprintf("at most %d tasks", c.Pids))
	}
	for _, c := range s.Capabilities {
		all = append(all, "capability "+c)
	}
	if all == nil {
		return ""
	}
	return ", " + strings.Join(all, ", ")
}

// whereabouts tells where an object is, and whose.
func whereabouts(o scenarios.Object) string {
	var all []string
	if o.Key.Path != "" {
		all = append(all, fmt.Sprintf("key %s of %s", o.Key.Project, o.Key.Path))
	}
	if o.Port > 0 {
		all = append(all, fmt.Sprintf("port %d", o.Port))
	}
	if o.Of != "" {
		all = append(all, "of "+o.Of)
	}
	if o.Maker != "" {
		all = append(all, "made by "+o.Maker)
	}
	if o.Owner != "" || o.Group != "" {
		all = append(all, o.Owner+":"+o.Group)
	}
	for _, text := range []string{o.Path, o.Protocol, o.Signal, o.Mode, o.Type} {
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}

func (a *app) showFlows(w io.Writer, s *scenarios.Scenario) {
	fmt.Fprintf(w, "\n%s\n", a.style.bold("What must flow, and what must not"))
	for _, f := range s.Flows {
		what := way(f.Via, f.How)
		if f.Want == scenarios.Deny {
			what += "\t" + refusal(f.By, f.Class, f.Permission, f.Syscall)
		}
		fmt.Fprintf(w, "  %s\t%s → %s\t%s\n", mark(f.Want, "must", "must not"), f.From, f.To, what)
	}
	if len(s.BackChannels) > 0 {
		fmt.Fprintf(w, "\n%s\n", a.style.bold("Back channels"))
	}
	for _, b := range s.BackChannels {
		what := way(b.Via, b.How) + "\t"
		switch {
		case b.Want == scenarios.Deny:
			what += refusal(b.By, b.Class, b.Permission, "")
		case b.Bound > 0:
			what += fmt.Sprintf("at most %g bits a second", b.Bound)
		}
		fmt.Fprintf(w, "  %s\t%s → %s\t%s\n", mark(b.Want, "accepted", "closed"), b.From, b.To, what)
	}
}

func (a *app) showOthers(w io.Writer, s *scenarios.Scenario) {
	if len(s.Revocations) > 0 {
		fmt.Fprintf(w, "\n%s\n", a.style.bold("When a right is taken away"))
	}
	for _, r := range s.Revocations {
		fmt.Fprintf(w, "  %s → %s\t%s %s\twithout %s\n", r.From, r.To, r.Via, r.Held, r.Boolean)
	}
	if len(s.Twins) > 0 {
		fmt.Fprintf(w, "\n%s\n", a.style.bold("Broken twins"))
	}
	for _, t := range s.Twins {
		fmt.Fprintf(w, "  %s\t%s\n", t.Name, t.Title)
	}
}

// mark is a mark with its word, since a mark alone says little.
func mark(w scenarios.Want, allowed, denied string) string {
	if w == scenarios.Allow {
		return "✓ " + allowed
	}
	return "✗ " + denied
}

// way tells the object and how it is used.
func way(via, how string) string {
	switch {
	case via == "":
		return "by any way"
	case how == "":
		return via
	}
	return via + ", " + how
}

// refusal tells what must stop a flow.
func refusal(by scenarios.Layer, details ...string) string {
	text := string(by)
	for _, d := range details {
		if d != "" {
			text += " " + d
		}
	}
	return text
}

// wrapped breaks a paragraph into lines of at most so many columns.
func wrapped(text string, columns int) string {
	var b strings.Builder
	line := 0
	for _, word := range strings.Fields(text) {
		switch n := len([]rune(word)); {
		case line == 0:
			line = n
		case line+1+n > columns:
			b.WriteByte('\n')
			line = n
		default:
			b.WriteByte(' ')
			line += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}
