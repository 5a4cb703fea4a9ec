package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/host"
	"ipclab/internal/session"
	"ipclab/labs"
)

func newLab(a *app) *cobra.Command {
	c := &cobra.Command{Use: "lab", Short: "Make a lab and prove that it works"}
	c.AddCommand(newLabNew(a), newLabCheck(a), newLabExport(a))
	return c
}

func newLabNew(a *app) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "new NAME", Short: "Make the folder of a new lab, small but complete",
		Args: exactly(1, "the new lab's name"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := labs.New(dir, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%[1]s is made. Prove it with:\n\n  ipclab --labs %[2]s lab check %[1]s\n", args[0], dir)
			return nil
		},
	}
	c.Flags().StringVar(&dir, "in", ".", "the `folder` to make it in")
	return c
}

func newLabCheck(a *app) *cobra.Command {
	var jobs int
	c := &cobra.Command{
		Use: "check [LAB…]", Short: "Prove labs by running them: starter, solution and every mutant",
		Long: "check reads a lab's folder, proves by analysis that its policy keeps student code from what\n" +
			"judges it, and then runs it: the starter must fail, the solution must pass,\n" +
			"every mutant must fail exactly the check that it names, and with SELinux permissive\n" +
			"exactly the checks of SELinux must fail. Each runs in a fresh machine.",
		ValidArgsFunction: a.completeLabs,
		RunE: func(c *cobra.Command, args []string) error {
			chosen, err := a.labsNamed(args)
			if err != nil {
				return err
			}
			return a.proveAll(c, chosen, jobs)
		},
	}
	c.Flags().IntVarP(&jobs, "jobs", "j", 2, "how many machines at a time")
	return a.withJSON(c)
}

// labsNamed gives the named labs, or all. A lab that cannot be read is an error
// here.
func (a *app) labsNamed(names []string) ([]*labs.Lab, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = catalog.Names()
	}
	var chosen []*labs.Lab
	for _, name := range names {
		lab, err := catalog.Find(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, lab)
	}
	return chosen, nil
}

func (a *app) proveAll(c *cobra.Command, chosen []*labs.Lab, jobs int) error {
	h, err := a.host()
	if err != nil {
		return err
	}
	bad := 0
	for _, lab := range chosen {
		n, err := a.prove(c, h, lab, jobs)
		if err != nil {
			return err
		}
		bad += n
	}
	if bad > 0 {
		return &exitError{codeLab}
	}
	return nil
}

// prove gives the number of problems.
func (a *app) prove(c *cobra.Command, h *host.Host, lab *labs.Lab, jobs int) (int, error) {
	if err := lab.Whole(); err != nil {
		return 0, err
	}
	if n, err := a.lint(lab); n > 0 || err != nil {
		return n, err
	}
	begun, total, bad := time.Now(), 0, 0
	var proofs []session.Proof
	var trouble error
	err := session.Prove(c.Context(), h, lab, jobs, func(p session.Proof) {
		proofs = append(proofs, p)
		total++
		if p.Problem != "" {
			bad++
		}
		trouble = errors.Join(trouble, p.Err)
		a.printProof(p)
	})
	if err = errors.Join(err, trouble); err != nil {
		return bad, err
	}
	if a.json {
		return bad, printJSON(a.out, proofs)
	}
	fmt.Fprintf(a.out, "%s: %d of %d proved, %d checks, %d points  (%.0f s)\n",
		a.style.bold(lab.Name), total-bad, total, len(lab.Checks()), lab.Points(), time.Since(begun).Seconds())
	return bad, nil
}

// lintedVariants is how many variants are read beside the default one: a value
// may spoil a patch or a script.
const lintedVariants = 20

// lint prints what is wrong with the lab's files, and gives the number of
// problems.
func (a *app) lint(lab *labs.Lab) (int, error) {
	variants, err := lab.Samples(lintedVariants)
	if err != nil {
		return 0, err
	}
	var problems []string
	add := func(p string) {
		if !slices.Contains(problems, p) {
			problems = append(problems, p)
			fmt.Fprintf(os.Stderr, "error: %s: %s\n", lab.Name, p)
		}
	}
	for _, v := range append([]*labs.Lab{lab}, variants...) {
		for _, p := range labs.Lint(v) {
			add(p.String())
		}
		for _, p := range grader.Lint(v) {
			add(p.Error())
		}
	}
	return len(problems), nil
}

func (a *app) printProof(p session.Proof) {
	if a.json {
		return
	}
	if p.Problem == "" {
		fmt.Fprintf(a.out, "  %s %s %s\n", a.style.good("✓"), p.What, a.style.faint(p.Claim))
		return
	}
	fmt.Fprintf(a.out, "  %s %s: should hold: %s\n      but %s\n", a.style.bad("✗"), p.What, p.Claim, p.Problem)
}
