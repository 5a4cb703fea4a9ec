package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newLabExport(a *app) *cobra.Command {
	var out string
	var student bool
	c := &cobra.Command{
		Use: "export LAB… --out DIR", Short: "Write the folders of labs, to change them or to hand them out",
		Long: "export writes each lab's folder into DIR. With --student it is the student's edition:\n" +
			"without the solution, the wrong solutions and the hidden checks. Students use it with\n" +
			"`ipclab --labs DIR start LAB`. It can be checked, and neither graded nor proved.",
		ValidArgsFunction: a.completeLabs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || out == "" {
				return usagef("want the names of labs, and --out with the folder to write them to")
			}
			return a.exportLabs(args, out, student)
		},
	}
	c.Flags().StringVar(&out, "out", "", "the `folder` to write to; it is made if it is not there")
	c.Flags().BoolVar(&student, "student", false, "the student's edition")
	return c
}

func (a *app) exportLabs(names []string, out string, student bool) error {
	chosen, err := a.labsNamed(names)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, lab := range chosen {
		if err := lab.Export(out, student); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s is in %s\n", lab.Name, filepath.Join(out, lab.Name))
	}
	return nil
}
