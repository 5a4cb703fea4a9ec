package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"ipclab/internal/bench/page"
)

// result is all that is said.
type result struct {
	policy   *prepared
	seed     uint64
	version  string  // of setools
	load     float64 // seconds that setools needed to read policy and map
	outcomes []outcome
	timing   *timed // nil: not timed
}

const prose = `Both got the same compiled policy: Debian's and ipclab's, with the modules of every lab
and its solution, of sipc, and of every scenario of the library. Both got ipclab's permission map, least weight 1, and
the same excluded types; ipclab worked by types alone, as setools does. Compared is whether there is a path, and how long
the shortest one is.
`

// text is the whole page.
func (r *result) text() string {
	var b strings.Builder
	pairs, agree, found := r.sums()
	fmt.Fprintf(&b, "# Flows, compared with setools\n\nWritten by `make compare-flow` on %s: %s, %d processors, %s, %s, setools %s; seed %d.\n\n%s\n",
		time.Now().UTC().Format("2006-01-02"), page.Processor(), runtime.NumCPU(), page.Kernel(), runtime.Version(), r.version, r.seed, prose)
	fmt.Fprintf(&b, "%d types, %d rules. **%d pairs of types, %d answers the same, %d different**; %d times there is a path.\n",
		len(r.policy.model.Types), len(r.policy.model.Rules), pairs, agree, pairs-agree, found)
	fmt.Fprintf(&b, "\n## Differences\n\n%s", r.differences())
	fmt.Fprintf(&b, "\n## What was asked\n\nsetools read the policy and the map in %.1f s. With the first question after each change of the exclusions it makes its graph.\n\n%s", r.load, r.table())
	if r.timing != nil {
		fmt.Fprintf(&b, "\n## How fast\n\n%s", r.timing)
	}
	return b.String()
}

// sums are all pairs, those of which both say the same, and those with a path.
func (r *result) sums() (pairs, agree, found int) {
	for _, o := range r.outcomes {
		pairs, agree, found = pairs+len(o.pairs), agree+o.agree, found+o.found
	}
	return pairs, agree, found
}

func (r *result) differences() string {
	var b strings.Builder
	for _, o := range r.outcomes {
		for _, d := range o.differences {
			fmt.Fprintf(&b, "%s:\n%s", o.name, d)
		}
	}
	if b.Len() == 0 {
		return "None.\n"
	}
	return "```\n" + b.String() + "```\n"
}

func (r *result) table() string {
	var b strings.Builder
	fmt.Fprint(&b, "| pairs of | booleans | pairs | with a path | the same | setools: first, each more | ipclab: each |\n| --- | --- | ---: | ---: | ---: | --- | --- |\n")
	for _, o := range r.outcomes {
		booleans := "defaults"
		if o.branches {
			booleans = "all branches"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %.1f s, %.0f ms | %.0f ms |\n", o.name, booleans, len(o.pairs), o.found, o.agree, o.first, o.rest*1000, o.ours*1000)
	}
	return b.String()
}

// String gives the times side by side.
func (t *timed) String() string {
	return fmt.Sprintf("One question, %s → %s, each program started for it; seinfoflow reads the compiled policy, ipclab the CIL that lies in its image:\n\n"+
		"| | seinfoflow | ipclab | |\n| --- | ---: | ---: | ---: |\n"+
		"| seconds by the clock, loading included | %.1f | %.2f | **%.0f×** |\n"+
		"| seconds of the processors | %.1f | %.2f | **%.0f×** |\n"+
		"| memory at most, MB | %.0f | %.0f | |\n\n"+
		"Of ipclab's time by the clock, %.2f s is reading, %.2f s the graph, %.0f ms the question, with back channels. "+
		"What there is only compiled, checkpolicy writes as CIL in %.2f s (%.2f s of a processor). Where a computer does other things too, seconds of the processors say more.\n",
		t.from, t.to, t.theirs.clock, t.ours.Whole, t.theirs.clock/t.ours.Whole, t.theirs.processor, t.ours.Processor, t.theirs.processor/t.ours.Processor,
		t.theirPeak, t.ours.Peak, t.ours.Read, t.ours.Index, t.ours.Ask*1000, t.decompiling.clock, t.decompiling.processor)
}
