package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/internal/choose"
)

// chooseFlags are the needs as flags have them.
type chooseFlags struct {
	needs  choose.Needs
	size   string
	accept []string
}

func newChoose(a *app) *cobra.Command {
	var f chooseFlags
	c := &cobra.Command{
		Use: "choose", Short: "Which mechanism suits what you need",
		Long: "choose ranks mechanisms of inter-process communication by what you need, and says what each falls\n" +
			"short of. What it says of directions, of rights that are taken away, of labels and of back channels, a\n" +
			"scenario of the library demonstrated in a machine; docs/choose.md links to each.",
		Example: "  ipclab choose --direction one-way --revocable\n" +
			"  ipclab choose --size 64KiB --rate 1000 --unrelated --accept full",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			n, err := f.read(c)
			if err != nil {
				return err
			}
			return a.choose(n)
		},
	}
	c.Flags().StringVar(&f.needs.Direction, "direction", "", "`one-way`: SELinux stops what flows back; two-way: one of it carries both directions")
	c.Flags().StringVar(&f.size, "size", "", "the `bytes` of a message, such as 64, 8KiB, 1MiB")
	c.Flags().Float64Var(&f.needs.Rate, "rate", 0, "how many `messages` a second there are")
	c.Flags().BoolVar(&f.needs.Unrelated, "unrelated", false, "neither process can be handed a descriptor by the other")
	c.Flags().BoolVar(&f.needs.Revocable, "revocable", false, "a right that is taken away ends an open channel at the next access")
	c.Flags().StringSliceVar(&f.accept, "accept", nil, "tolerate these back `channels` and no other ones; none tolerates none")
	c.Flags().StringVar(&f.needs.Label, "label", "", "`own`: each object has a type of its own")
	c.Flags().StringVar(&f.needs.Standard, "portable", "", "`posix`: every POSIX system has it; xsi: those with that option do")
	return a.withJSON(c)
}

// read gives the needs. An error is the user's.
func (f *chooseFlags) read(c *cobra.Command) (choose.Needs, error) {
	n := f.needs
	if f.size != "" {
		size, err := sizeOf(f.size)
		if err != nil {
			return n, &usageError{err}
		}
		n.Size = size
	}
	if c.Flags().Changed("accept") {
		n.Accept = []string{}
		for _, name := range f.accept {
			if name != "none" {
				n.Accept = append(n.Accept, name)
			}
		}
	}
	return n, nil
}

// sizeOf reads a number of bytes: 64, 8K, 8KiB, 1M, 1MiB.
func sizeOf(text string) (int, error) {
	digits := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I")
	shift := 0
	switch {
	case strings.HasSuffix(digits, "K"):
		digits, shift = digits[:len(digits)-1], 10
	case strings.HasSuffix(digits, "M"):
		digits, shift = digits[:len(digits)-1], 20
	}
	n, err := strconv.ParseUint(digits, 10, 30)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("--size %s: want a number of bytes, such as 64, 8KiB or 1MiB", text)
	}
	return int(n) << shift, nil
}

func (a *app) choose(n choose.Needs) error {
	guide, err := choose.Load()
	if err != nil {
		return err
	}
	all, err := guide.Choose(n)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, all)
	}
	p := choose.Paint{Good: a.style.good, Bad: a.style.bad, Faint: a.style.faint, Bold: a.style.bold}
	_, err = fmt.Fprint(a.out, choose.Text(all, n, p))
	return err
}

// chooseUsage tells whether an error is a need in words that nobody knows.
func chooseUsage(err error) bool {
	var need *choose.NeedError
	return errors.As(err, &need)
}
