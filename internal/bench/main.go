// Command bench measures what a student waits for, beside what it would cost
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
	"path/filepath"
)

func main() {
	out := flag.String("out", "docs/bench.md", "the `file` to write the table to")
	bin := flag.String("bin", "bin", "the `folder` with ipclab and ipclab-guest")
	runs := flag.Int("runs", 7, "how often the quick ones are run")
	fresh := flag.Bool("fresh", true, "also measure the first start on a fresh machine, with an empty cache")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *bin, *runs, *fresh); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, bin string, runs int, fresh bool) error {
	b, err := newBench(ctx, bin)
	if err != nil {
		return err
	}
	defer b.close()
	rows, err := b.measure(runs, fresh)
	if err != nil {
		return err
	}
	text, err := b.table(rows)
	if err != nil {
		return err
	}
	fmt.Print(text)
	temp := filepath.Join(filepath.Dir(out), "."+filepath.Base(out))
	if err := os.WriteFile(temp, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(temp, out)
}
