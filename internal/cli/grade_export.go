package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/internal/intake"
)

type exportFlags struct {
	out    string
	intake intake.Options
}

func newGradeExport(a *app) *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use:   "export-sources LAB SUBMISSION… --out FOLDER",
		Short: "Write the sources of a class for tools that look for copies",
		Long: "export-sources unpacks submissions, grades nothing, and writes what students wrote in the forms\n" +
			"that JPlag and Dolos take, with the starter as the code that all have in common. Of each\n" +
			"student the submission that counts is taken.",
		ValidArgsFunction: a.completeLabsThenFiles,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) < 2 || f.out == "" {
				return usagef("want the name of a lab, submissions, and --out with a new folder")
			}
			return a.exportSources(c.Context(), args[0], args[1:], f)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "the `folder` to make")
	flags.StringVar(&f.intake.Pattern, "pattern", "", "a regular `expression` for file names, with the groups student, name, email, attempt, late, date")
	flags.StringVar(&f.intake.Platform, "platform", "", "the course `platform` that file names are from: "+strings.Join(intake.Platforms(), ", "))
	return a.withJSON(c)
}

func (a *app) exportSources(ctx context.Context, name string, paths []string, f exportFlags) error {
	lab, err := a.lab(name)
	if err != nil {
		return err
	}
	f.intake.Lab = lab
	found, err := intake.Find(ctx, paths, f.intake)
	if err != nil {
		return err
	}
	done, err := intake.Export(ctx, f.out, found, lab)
	if err != nil {
		return err
	}
	return a.printExported(done)
}

func (a *app) printExported(done *intake.Exported) error {
	if a.json {
		refused := []string{}
		for _, err := range done.Refused {
			refused = append(refused, err.Error())
		}
		return printJSON(a.out, struct {
			JPlag   string   `json:"jplag"`
			Base    string   `json:"base_code"`
			Dolos   string   `json:"dolos"`
			IDs     []string `json:"submissions"`
			Refused []string `json:"refused"`
		}{done.JPlag, done.Base, done.Dolos, done.IDs, refused})
	}
	for _, err := range done.Refused {
		a.printError(err)
	}
	fmt.Fprintf(a.out, "The sources of %d submissions are written", len(done.IDs))
	if n := len(done.Refused); n > 0 {
		fmt.Fprintf(a.out, "; %d cannot be taken", n)
	}
	fmt.Fprintf(a.out, ". Compare them with one of:\n\n  java -jar jplag.jar -l c -bc %s %s\n  dolos run -l c %s\n\n", done.Base, done.JPlag, done.Dolos)
	return nil
}
