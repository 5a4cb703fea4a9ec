package cli

import (
	"context"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ipclab/sipc"
)

type gcFlags struct {
	dryRun bool
	older  time.Duration
}

func newSipcGC(a *app) *cobra.Command {
	var f gcFlags
	c := &cobra.Command{
		Use: "gc [DESCRIPTOR…]", Short: "List channels, and remove those that nobody uses",
		Long: "gc removes the channels that are named. Without names it lists all there are, and removes\n" +
			"those that nobody has used for a while and nobody has attached: what crashed runs left.",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return removeChannels(args, f.dryRun)
			}
			return a.collect(c.Context(), f)
		},
	}
	c.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "remove nothing, only say what would be")
	c.Flags().DurationVar(&f.older, "older", 10*time.Minute, "leave alone what was used within this `time`")
	return a.withJSON(c)
}

// removeChannels removes those with these descriptors, if all of them are such.
func removeChannels(args []string, dryRun bool) error {
	var all []sipc.Descriptor
	for _, text := range args {
		d, err := sipc.ParseDescriptor(text)
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	for _, d := range all {
		if dryRun {
			continue
		}
		if err := d.Remove(); err != nil {
			return explainChannel(d, removing, err)
		}
	}
	return nil
}

// channelLine is one channel as gc shows it.
type channelLine struct {
	Number  uint32  `json:"number"`
	Queue   int     `json:"queue"`   // -1: none
	Segment int     `json:"segment"` // -1: none
	Owner   int     `json:"owner"`   // user ID
	Age     float64 `json:"age_seconds"`
	InUse   bool    `json:"in_use"`
	Removed bool    `json:"removed"` // with --dry-run: would be
}

func (a *app) collect(ctx context.Context, f gcFlags) error {
	before, err := sipc.Channels()
	if err != nil {
		return err
	}
	gone := slices.Clone(before)
	if f.dryRun {
		gone = slices.DeleteFunc(gone, func(c sipc.Channel) bool { return c.InUse || c.Age < f.older })
	} else if gone, err = sipc.Collect(ctx, f.older); err != nil {
		return err
	}
	lines := []channelLine{}
	for _, c := range before {
		same := func(g sipc.Channel) bool { return g.Queue == c.Queue && g.Segment == c.Segment }
		lines = append(lines, channelLine{c.Number, c.Queue, c.Segment, c.Owner, c.Age.Seconds(), c.InUse, slices.ContainsFunc(gone, same)})
	}
	if a.json {
		return printJSON(a.out, lines)
	}
	return a.printChannels(lines, f)
}

func (a *app) printChannels(lines []channelLine, f gcFlags) error {
	if len(lines) == 0 {
		fmt.Fprintln(a.out, "There are no channels.")
		return nil
	}
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "QUEUE\tSEGMENT\tOWNER\tLAST USED\t")
	for _, l := range lines {
		age := time.Duration(l.Age * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s ago\t%s\n", orNone(l.Queue), orNone(l.Segment), ownerName(l.Owner), age, l.fate(f))
	}
	return w.Flush()
}

// fate says what became of a channel, and why.
func (l channelLine) fate(f gcFlags) string {
	switch {
	case l.Removed && f.dryRun:
		return "would be removed"
	case l.Removed:
		return "removed"
	case l.InUse:
		return "kept: in use"
	case l.Age < f.older.Seconds():
		return "kept: used lately (see --older)"
	}
	return "kept: not ours to remove"
}

func orNone(id int) string {
	if id < 0 {
		return "none"
	}
	return strconv.Itoa(id)
}

func ownerName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}
