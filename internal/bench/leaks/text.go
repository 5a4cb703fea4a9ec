package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"ipclab/internal/bench/page"
	"ipclab/sipc/leak"
)

// text is what goes into the page.
func (s *study) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured on %s: %s, %d processors, %s. Load average before: %s, after: %s", time.Now().UTC().Format("2006-01-02"),
		page.Processor(), runtime.NumCPU(), page.Kernel(), s.loadBefore, load())
	b.WriteString(" (the ends make it about 2 by themselves; above that, others take part, and less comes through).\n\n")
	s.freeTable(&b)
	s.pacedTable(&b)
	s.othersTable(&b)
	return b.String()
}

// load is the load average of the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func (s *study) freeTable(b *strings.Builder) {
	b.WriteString("Without a pace: no bound but the machine's. The ceiling is that of a noiseless channel with the shortest time\n" +
		"that was seen between two sends, told to the nanosecond; the yardstick is the capacity of an exponential server as quick as the\n" +
		"median of a take that lets a send through.\n\n" +
		"| channel | came through | put in | wrong | ceiling | yardstick | how |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range s.rows {
		if r.quantum > 0 {
			continue
		}
		ceiling, yardstick := "", ""
		if r.result.Shortest > 0 {
			ceiling = rate(leak.Ceiling(r.result.Shortest, time.Nanosecond))
		}
		if r.result.Send > 0 {
			yardstick = rate(leak.Exponential(r.result.Send))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %.1f %% | %s | %s | %s |\n", r.target.Name, measured(r.result), rate(r.result.RawRate()),
			100*r.result.Errors, ceiling, yardstick, describe(r.result.Code))
	}
	b.WriteString("\n")
}

func (s *study) pacedTable(b *strings.Builder) {
	b.WriteString("With a pace, kept by the sender's library, or by a pump between two hostile ends:\n\n" +
		"| channel | bound | came through | of the bound | put in | wrong | how |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range s.rows {
		if r.quantum == 0 {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %.0f %% | %s | %.1f %% | %s |\n", r.target.Name, rate(r.bound()), measured(r.result),
			100*r.result.Rate()/r.bound(), rate(r.result.RawRate()), 100*r.result.Errors, describe(r.result.Code))
	}
	b.WriteString("\n")
}

func (s *study) othersTable(b *strings.Builder) {
	b.WriteString("The other ways back, without a policy:\n\n" +
		"| way | came through | put in | wrong | slot | what closes it |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, f := range s.others {
		fmt.Fprintf(b, "| %s | %s | %s | %.1f %% | %v | %s |\n", f.way.Name, measured(f.result), rate(f.result.RawRate()),
			100*f.result.Errors, f.result.Code.Unit, f.way.Closed)
	}
	b.WriteString("\n")
}

// measured is a rate with its standard deviation.
func measured(r leak.Result) string {
	return rate(r.Rate()) + " ± " + digits(r.Deviation/r.Elapsed.Seconds()/scale(r.Rate()))
}

// rate is a number of bit/s, to three digits.
func rate(bits float64) string {
	units := map[float64]string{1: " bit/s", 1e3: " kbit/s", 1e6: " Mbit/s"}
	return digits(bits/scale(bits)) + units[scale(bits)]
}

// scale is what a rate is told in.
func scale(bits float64) float64 {
	switch {
	case bits >= 1e6:
		return 1e6
	case bits >= 1e4:
		return 1e3
	}
	return 1
}

// digits is a number to three digits, without an exponent.
func digits(x float64) string {
	after := 0
	if x > 0 && x < 100 {
		after = min(max(0, 2-int(math.Floor(math.Log10(x)))), 3)
	}
	return fmt.Sprintf("%.*f", after, x)
}

// describe says how a code works.
func describe(c leak.Code) string {
	if c.Slotted {
		return fmt.Sprintf("which slot of %v", c.Unit)
	}
	if c.Bins > 0 {
		return "delays of whole ticks, as theory wants them"
	}
	return fmt.Sprintf("%d delays, from %v by %v", len(c.Values), c.Base, c.Unit)
}
