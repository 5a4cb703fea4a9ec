package cli

import "github.com/spf13/cobra"

func newImage(a *app) *cobra.Command { return &cobra.Command{Use: "image"} }
