// Command bench measures what a student and a grader wait for, beside what it would cost
// without clones, and writes the table of docs/bench.md. It measures the built
// programs in bin/ as a user runs them, and asserts nothing: `make bench` runs
// it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"ipclab/internal/bench/query"
	"ipclab/internal/draft"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == query.Command {
		conclude(query.Child(os.Args[2], os.Stdout))
		return
	}
	out := flag.String("out", "docs/bench.md", "the `file` to write the table to")
	bin := flag.String("bin", "bin", "the `folder` with ipclab and ipclab-guest")
	runs := flag.Int("runs", 7, "how often the quick ones are run")
	fresh := flag.Bool("fresh", true, "also measure the first start on a fresh machine, with an empty cache")
	sizes := flag.String("classes", "1,10,40,100", "the `sizes` of classes to grade; empty grades none")
	flat := flag.Int("flat", 200, "the size of the class that the grader's memory is watched over")
	only := flag.Bool("flows", false, "measure only questions to the policy and scenarios; print it, and write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *only {
		conclude(printFlows(ctx, *bin, *runs))
		return
	}
	conclude(run(ctx, *out, *bin, *runs, *fresh, *sizes, *flat))
}

// conclude ends the program if there was an error.
func conclude(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, bin string, runs int, fresh bool, sizes string, flat int) error {
	b, err := newBench(ctx, bin)
	if err != nil {
		return err
	}
	defer b.close()
	classes, err := b.classes(sizes, flat)
	if err != nil {
		return err
	}
	rows, err := b.measure(runs, fresh, classes)
	if err != nil {
		return err
	}
	text, err := b.table(rows)
	if err != nil {
		return err
	}
	fmt.Print(text)
	return draft.Write(out, []byte(text), 0o644, draft.Derived)
}

// classes reads the sizes of the classes to grade.
func (b *bench) classes(sizes string, flat int) (*class, error) {
	if sizes == "" {
		return nil, nil
	}
	c := &class{bench: b, flat: flat}
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-classes %s: want numbers with commas between them", sizes)
		}
		c.sizes = append(c.sizes, n)
	}
	return c, nil
}
