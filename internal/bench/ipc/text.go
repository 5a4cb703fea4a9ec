package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"ipclab/internal/bench/page"
)

const lossesProse = `Every chunk costs two system calls on a System V queue, whose lock both ends fight for, and
small messages are nearly nothing but that: **who sends small messages one by one is better off with a
pipe**. They have to be packed (` + "`sipc.NewPacker`" + `). **Strict mode** costs three pairs of
calls, and waits for the receiver with each message: it is for conformance, not for
speed, and its send returns late by design. In these comparisons SIPC came off worse in at
least one placement:
`

const boundsProse = `A ratio is that of two trials in the same round. Medians of all rounds, and in
brackets the lowest and the highest one. A median that does not keep to its bound
is in bold.
`

const othersProse = `Nothing here has a bound. **Below 1 in throughput, or above 1 in time or CPU seconds, SIPC loses**; such
medians are in bold.
`

const methodProse = `Two processes, each started anew for every trial, carry messages one way. *Copying*: the
sender copies each message out of private memory into the channel, the receiver
copies it out of the channel into private memory, so each touches every byte. *In place,
work at both ends*: the sender makes every byte of every message anew, the receiver adds
all bytes up, in the channel's own memory where there is such a thing. *Time
under way*: the receiver sleeps in its call when the message is sent.

Time runs from before the first send to after the last receive, after messages
that warm up. All ways of one size are measured in turns, in an order that changes
every round. *Pinned*: the sender on the first processor, the receiver on the last one,
and each with a Go runtime that counts one processor. CPU seconds are those of both processes,
user and system. Allocations are all that both processes make meanwhile, so the few of Go's
runtime are among them.

SIPC's channels have the defaults of ` + "`sipc.Config`" + `, whatever the messages' size. Pipes
are ` + "`os.File`" + `s whose calls block in the kernel, sockets are Go's ` + "`net.UnixConn`" + `, which waits in Go's
poller, or where it says so ` + "`os.File`" + `s whose calls block, which costs less. All have the kernel's default
buffers, bufio has 64 KiB at each end, and a packet is at most 64 KiB. shmipc-go has memory for 16 messages of at most
128 KiB, of which 8 are under way: its receiver says after every fourth that it has read. memcpy is a
single process and a single copy, which nobody reads.

A test (` + "`go test ./internal/bench/ipc`" + `) sends different messages through every way and
compares checksums of both ends.
`

// text is the whole page.
func text(all results, rounds int, load string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# How fast SIPC is\n\nWritten by `make bench` on %s: %s, %d processors, %s, %s, shmipc-go %s; %d rounds.\n",
		time.Now().UTC().Format("2006-01-02"), page.Processor(), runtime.NumCPU(), page.Kernel(), runtime.Version(),
		version("github.com/cloudwego/shmipc-go"), rounds)
	fmt.Fprintf(&b, "%s\nOnly ratios mean something, and those only on a computer that does little else.\n\n", load)
	fmt.Fprintf(&b, "## Where SIPC loses\n\n%s\n%s", lossesProse, losses(all))
	for _, g := range []group{bounds(), others()} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n%s", g.title, g.prose, g.table(all))
	}
	fmt.Fprintf(&b, "\n## All numbers\n\nMedians, unpinned / pinned.\n\n%s\n%s", rates(all), latencies(all))
	fmt.Fprintf(&b, "\n## How it is measured\n\n%s", methodProse)
	return b.String()
}

// version is that of a module that this program was built with.
func version(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return "of unknown version"
}

// table is the comparisons with their bounds.
func (g group) table(all results) string {
	var b strings.Builder
	fmt.Fprint(&b, "| what | bound | unpinned | pinned |\n| --- | --- | --- | --- |\n")
	for _, c := range g.comparisons {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.what, c.bound(), c.cell(all, false), c.cell(all, true))
	}
	return b.String()
}

// cell is a ratio with its spread.
func (c comparison) cell(all results, pinned bool) string {
	ratios := c.ratios(all, pinned)
	s := page.Sorted(ratios)
	form := "%.2f× (%.2f – %.2f)"
	if !c.holds(ratios) || c.bound() == "" && c.loses(ratios) {
		form = "**%.2f×** (%.2f – %.2f)"
	}
	return fmt.Sprintf(form, page.Median(ratios), s[0], s[len(s)-1])
}

// losses lists in which comparisons SIPC loses, in either placement.
func losses(all results) string {
	var b strings.Builder
	for _, c := range slices.Concat(bounds().comparisons, others().comparisons) {
		free, pinned := c.ratios(all, false), c.ratios(all, true)
		if c.against == "memcpy" || !c.loses(free) && !c.loses(pinned) {
			continue // nothing that two processes do is as fast as one memcpy
		}
		fmt.Fprintf(&b, "- %s: %.2f× unpinned, %.2f× pinned\n", c.what, page.Median(free), page.Median(pinned))
	}
	if b.Len() == 0 {
		return "- none in this run\n"
	}
	return b.String()
}

// sized says a size as people do.
func sized(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// named says a way's name as people do.
func named(way string) string {
	switch way {
	case "pipe":
		return "a pipe"
	case "bufio":
		return "bufio over a pipe"
	case "stream":
		return "a Unix stream socket"
	case "stream in pieces":
		return "a Unix stream socket that is filled and read 64 KiB at a time"
	case "blocking stream":
		return "a Unix stream socket whose calls block"
	case "seqpacket":
		return "a Unix socket of packets"
	case "shmipc":
		return "shmipc-go"
	case "shmipc in place":
		return "shmipc-go in place"
	case "memcpy":
		return "one memcpy into shared memory"
	case "in place":
		return "SIPC in place"
	}
	return "SIPC " + way
}

// rates is all throughput, cost and allocation.
func rates(all results) string {
	var b strings.Builder
	fmt.Fprint(&b, "| size | work | way | MB/s | CPU s/GB | allocations a message |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, f := range fields() {
		if f.work == timing {
			continue
		}
		for _, way := range f.ways {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", sized(f.size), f.work, named(way),
				f.pair(all, way, "%.0f", outcome.rate), f.pair(all, way, "%.3f", outcome.cost), f.pair(all, way, "%.2f", outcome.allocations))
		}
	}
	return b.String()
}

// latencies is all times.
func latencies(all results) string {
	var b strings.Builder
	fmt.Fprint(&b, "| size | way | under way, median, µs | 99 of 100, µs | until the send returns, median, µs |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range fields() {
		if f.work != timing {
			continue
		}
		for _, way := range f.ways {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", sized(f.size), named(way),
				f.pair(all, way, "%.1f", outcome.latency), f.pair(all, way, "%.1f", outcome.slowest), f.pair(all, way, "%.1f", outcome.busy))
		}
	}
	return b.String()
}

// pair is the medians of both placements.
func (f field) pair(all results, way, form string, value func(outcome) float64) string {
	free := each(all[spot{false, way, f.size, f.work}], value)
	pinned := each(all[spot{true, way, f.size, f.work}], value)
	return fmt.Sprintf(form+" / "+form, page.Median(free), page.Median(pinned))
}
