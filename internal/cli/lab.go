package cli

import "github.com/spf13/cobra"

func newLab(a *app) *cobra.Command { return &cobra.Command{Use: "lab"} }
