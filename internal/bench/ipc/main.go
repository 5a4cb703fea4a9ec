// Command ipc measures SIPC beside other ways to carry bytes from one process to
// another, and writes the table of docs/sipc-speed.md. It runs itself
// again as sender and receiver. It asserts nothing but that every
// byte arrives: `make bench-ipc` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"ipclab/internal/draft"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 3 && os.Args[1] == endCommand {
		conclude(runEnd(ctx, os.Args[2], os.Stdin, os.Stdout))
		return
	}
	out := flag.String("out", "docs/sipc-speed.md", "the `file` to write the table to; empty writes none")
	rounds := flag.Int("rounds", 11, "how many rounds there are")
	span := flag.Duration("span", 80*time.Millisecond, "how long a trial takes, about")
	only := flag.String("only", "", "measure only `ways` (with commas between them) and print, not write, what they come to")
	guide := flag.String("choose", "", "measure only what ipclab choose tells of each mechanism, and write it to this `file`")
	work := flag.String("work", "", "with -only: measure only this `work`")
	flag.Parse()
	program, err := os.Executable()
	conclude(err)
	s := study{program: program, rounds: *rounds, span: span.Seconds(), log: os.Stderr}
	if *only != "" {
		_, err := s.measure(ctx, some(strings.Split(*only, ","), *work))
		conclude(err)
		return
	}
	if *guide != "" {
		conclude(s.guide(ctx, *guide))
		return
	}
	conclude(s.write(ctx, *out))
}

// write measures everything and writes the page.
func (s study) write(ctx context.Context, out string) error {
	before, err := readLoad()
	if err != nil {
		return err
	}
	all, err := s.measure(ctx, fields())
	if err != nil {
		return err
	}
	after, err := readLoad()
	if err != nil {
		return err
	}
	text := text(all, s.rounds, after.since(before))
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return draft.Write(out, []byte(text), 0o644, draft.Derived)
}

// some are the fields with only the ways of these names.
func some(names []string, work string) []field {
	var some []field
	for _, f := range fields() {
		var ways []string
		for _, way := range f.ways {
			if slices.Contains(names, way) {
				ways = append(ways, way)
			}
		}
		if len(ways) > 0 && (work == "" || work == f.work) {
			f.ways = ways
			some = append(some, f)
		}
	}
	return some
}

// conclude ends the program if there was an error.
func conclude(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "ipc:", err)
		os.Exit(1)
	}
}
