// Command leaks measures what comes back through a SIPC channel, and by the other
// ways that a receiver and a sender have, and writes that into the page
// docs/sipc-leaks.md, between its two markers. It asserts nothing: `make
// bench-leaks` runs it. What must hold is tested in package sipc/leak.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"ipclab/internal/draft"
	"ipclab/sipc/leak"
)

func main() {
	leak.Act()
	out := flag.String("out", "docs/sipc-leaks.md", "the `file` with the markers; empty writes none")
	only := flag.String("only", "", "measure only what has this `text` in its name, and write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, only string) error {
	s := study{only: only, loadBefore: load()}
	if err := s.measure(ctx); err != nil {
		return err
	}
	text := s.text()
	fmt.Print(text)
	if out == "" || only != "" {
		return nil
	}
	return insert(out, text)
}

// What lies between these lines of the page is written by this program.
const (
	begin = "<!-- measured by `make bench-leaks`: do not edit -->\n"
	end   = "<!-- end of what was measured -->\n"
)

// insert replaces what lies between the markers.
func insert(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return errors.New(file + " lacks the two lines that the figures belong between")
	}
	return draft.Write(file, []byte(before+begin+text+end+after), 0o644, draft.Derived)
}
