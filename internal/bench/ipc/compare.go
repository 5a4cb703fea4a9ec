package main

import (
	"fmt"
	"slices"

	"ipclab/internal/bench/page"
)

// comparison is one way held against another one.
type comparison struct {
	what         string
	size         int
	work         string
	way, against string
	value        func(outcome) float64
	atLeast      float64 // the bound; 0 if there is none
	atMost       float64
	lessIsBetter bool
}

// group is comparisons that the page shows together.
type group struct {
	title, prose string
	comparisons  []comparison
}

// bounds are the comparisons that have to come out right.
func bounds() group {
	rate := func(what string, size int, way, against string, least float64) comparison {
		return comparison{what: what, size: size, work: copying, way: way, against: against, value: outcome.rate, atLeast: least}
	}
	place := func(what string, size int, against string, least float64) comparison {
		return comparison{what: what, size: size, work: working, way: "in place", against: against, value: outcome.rate, atLeast: least}
	}
	cpu := func(what string, size int, work, way string) comparison {
		return comparison{what: what, size: size, work: work, way: way, against: "stream", value: outcome.cost, atMost: 0.7, lessIsBetter: true}
	}
	return group{title: "What has to hold", prose: boundsProse, comparisons: []comparison{
		rate("64 KiB, copying, against a Unix stream socket", 64<<10, "pipelined", "stream", 1.4),
		rate("64 KiB, copying, against a pipe", 64<<10, "pipelined", "pipe", 2),
		rate("1 MiB, copying, against a Unix stream socket", 1<<20, "pipelined", "stream", 1.3),
		rate("16 MiB, copying, against a Unix stream socket", 16<<20, "pipelined", "stream", 1.3),
		place("64 KiB, in place, work at both ends, against a Unix stream socket", 64<<10, "stream", 2),
		place("1 MiB, in place, work at both ends, against a Unix stream socket", 1<<20, "stream", 2),
		place("16 MiB, in place, work at both ends, against a Unix stream socket", 16<<20, "stream", 3),
		rate("records of 64 B, packed, against bufio over a pipe", 64, "packed", "bufio", 1.1),
		rate("records of 1 KiB, packed, against bufio over a pipe", 1<<10, "packed", "bufio", 2),
		rate("1 MiB, copying, against one memcpy into shared memory", 1<<20, "pipelined", "memcpy", 0.45),
		rate("64 KiB, copying, against shmipc-go", 64<<10, "pipelined", "shmipc", 1.5),
		rate("1 MiB, copying, against shmipc-go", 1<<20, "pipelined", "shmipc", 1.5),
		rate("16 MiB, copying, against shmipc-go", 16<<20, "pipelined", "shmipc", 1.5),
		cpu("CPU seconds, 64 KiB, copying, against a Unix stream socket", 64<<10, copying, "pipelined"),
		cpu("CPU seconds, 1 MiB, copying, against a Unix stream socket", 1<<20, copying, "pipelined"),
		cpu("CPU seconds, 16 MiB, copying, against a Unix stream socket", 16<<20, copying, "pipelined"),
	}}
}

// others are comparisons without a bound: those in which SIPC loses are here.
func others() group {
	return group{
		title: "What else there is to know", prose: othersProse,
		comparisons: slices.Concat(smallOnes(), largeOnes(), inPlace(), times()),
	}
}

// large are the sizes that a bound is set for.
func large() []int { return []int{64 << 10, 1 << 20, 16 << 20} }

// smallOnes are messages that should have been packed.
func smallOnes() (all []comparison) {
	for _, size := range []int{64, 1 << 10, 8 << 10} {
		for _, against := range []string{"pipe", "stream", "seqpacket", "shmipc"} {
			all = append(all, comparison{
				what: fmt.Sprintf("%s, not packed, against %s", sized(size), named(against)),
				size: size, work: copying, way: "pipelined", against: against, value: outcome.rate,
			})
		}
	}
	return all
}

// largeOnes hold the pipelined mode against sockets that do not wait in Go's
// poller, and strict mode against those that do.
func largeOnes() (all []comparison) {
	for _, size := range large() {
		all = append(all, comparison{
			what: fmt.Sprintf("%s, copying, against %s", sized(size), named("blocking stream")),
			size: size, work: copying, way: "pipelined", against: "blocking stream", value: outcome.rate,
		}, comparison{
			what: fmt.Sprintf("CPU seconds, %s, copying, against %s", sized(size), named("blocking stream")),
			size: size, work: copying, way: "pipelined", against: "blocking stream", value: outcome.cost, lessIsBetter: true,
		}, comparison{
			what: fmt.Sprintf("%s, strict mode, against %s", sized(size), named("stream")),
			size: size, work: copying, way: "strict", against: "stream", value: outcome.rate,
		})
	}
	return all
}

// inPlace are others that can be worked with in parts or in place.
func inPlace() (all []comparison) {
	for _, size := range large() {
		for _, against := range []string{"stream in pieces", "shmipc in place"} {
			all = append(all, comparison{
				what: fmt.Sprintf("%s, in place, work at both ends, against %s", sized(size), named(against)),
				size: size, work: working, way: "in place", against: against, value: outcome.rate,
			})
		}
	}
	return all
}

// times are how long one message takes.
func times() (all []comparison) {
	for _, way := range []string{"pipelined", "strict"} {
		for _, against := range []string{"pipe", "stream", "shmipc"} {
			all = append(all, comparison{
				what: fmt.Sprintf("time under way, 64 B to a sleeping receiver, %s mode, against %s", way, named(against)),
				size: 64, work: timing, way: way, against: against, value: outcome.latency, lessIsBetter: true,
			})
		}
	}
	return append(all, comparison{
		what: "time until a send of 64 B returns, strict mode, against a pipe",
		size: 64, work: timing, way: "strict", against: "pipe", value: outcome.busy, lessIsBetter: true,
	})
}

// ratios are a comparison's, one for each round.
func (c comparison) ratios(all results, pinned bool) []float64 {
	ours, theirs := all[spot{pinned, c.way, c.size, c.work}], all[spot{pinned, c.against, c.size, c.work}]
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = c.value(ours[i]) / c.value(theirs[i])
	}
	return ratios
}

// bound says what has to hold.
func (c comparison) bound() string {
	switch {
	case c.atLeast > 0:
		return fmt.Sprintf("at least %.3g×", c.atLeast)
	case c.atMost > 0:
		return fmt.Sprintf("at most %.3g×", c.atMost)
	}
	return ""
}

// holds says whether the median keeps to the bound.
func (c comparison) holds(ratios []float64) bool {
	m := page.Median(ratios)
	return m >= c.atLeast && (c.atMost == 0 || m <= c.atMost)
}

// loses says whether the other way was better.
func (c comparison) loses(ratios []float64) bool {
	if c.lessIsBetter {
		return page.Median(ratios) > 1
	}
	return page.Median(ratios) < 1
}
