// Command setools compares ipclab's flows with those of setools, the library
// behind seinfoflow: the same compiled policy, the same permission map, the same
// exclusions, by types alone. It prints where the two agree and explains each
// difference, times seinfoflow itself beside ipclab, and writes
// docs/flow-compared.md. `make compare-flow` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"ipclab/internal/bench/query"
	"ipclab/internal/draft"
	"ipclab/internal/host"
	"ipclab/internal/image"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == query.Command {
		conclude(query.Child(os.Args[2], os.Stdout))
		return
	}
	o := options{}
	flag.StringVar(&o.out, "out", "docs/flow-compared.md", "the `file` to write the page to; empty writes none")
	flag.StringVar(&o.bin, "bin", "bin", "the `folder` with ipclab-guest")
	flag.IntVar(&o.pairs, "pairs", 100, "how many random `pairs` there are of each of six kinds")
	flag.Uint64Var(&o.seed, "seed", 1, "the `seed` that the random pairs come from")
	flag.BoolVar(&o.timed, "time", true, "also time seinfoflow itself, which takes about a minute")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	conclude(o.run(ctx))
}

// conclude ends the program if there was an error.
func conclude(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare-flow:", err)
		os.Exit(1)
	}
}

type options struct {
	out, bin string
	pairs    int
	seed     uint64
	timed    bool
}

func (o options) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ipclab-setools-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	dirs, err := host.FindDirs(os.Getenv)
	if err != nil {
		return err
	}
	agent, err := filepath.Abs(filepath.Join(o.bin, "ipclab-guest"))
	if err != nil {
		return err
	}
	p, err := prepare(ctx, &host.Host{Dirs: dirs, Agent: agent, Progress: image.Silent{}}, dir)
	if err != nil {
		return err
	}
	r := result{policy: p, seed: o.seed}
	if err := r.compare(ctx, o, dir); err != nil {
		return err
	}
	if o.timed {
		if r.timing, err = timing(ctx, p, dir); err != nil {
			return err
		}
	}
	text := r.text()
	fmt.Print(text)
	if o.out == "" {
		return nil
	}
	return draft.Write(o.out, []byte(text), 0o644, draft.Derived)
}

// compare asks both of everything.
func (r *result) compare(ctx context.Context, o options, dir string) error {
	all, err := sets(r.policy.model, r.policy.groups, o.pairs, o.seed)
	if err != nil {
		return err
	}
	l, err := startLibrary(ctx, r.policy, dir)
	if err != nil {
		return err
	}
	defer l.Close()
	r.load, r.version = l.load, l.version
	r.outcomes, err = compare(r.policy.model, l, all, func(o outcome) {
		fmt.Fprintf(os.Stderr, "%-60s %d of %d agree\n", o.name, o.agree, len(o.pairs))
	})
	return err
}
