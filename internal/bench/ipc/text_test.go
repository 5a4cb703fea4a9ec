package main

import (
	"regexp"
	"strings"
	"testing"
)

// made are results in which every way is as fast as every other one, except for
// those that are named.
func made(rates map[string]float64) results {
	all := results{}
	for _, f := range fields() {
		for _, way := range f.ways {
			rate := rates[way]
			if rate == 0 {
				rate = 1
			}
			for _, pinned := range []bool{false, true} {
				o := outcome{seconds: 1 / rate, bytes: 1e6, cpu: 1 / rate, arrived: []int64{1000}, took: []int64{1000}}
				all[spot{pinned, way, f.size, f.work}] = []outcome{o, o, o}
			}
		}
	}
	return all
}

func TestPageShowsWhatDoesNotHold(t *testing.T) {
	line := regexp.MustCompile(`(?m)^\| (64 KiB, copying, against a pipe|CPU seconds, 64 KiB, copying, against a Unix stream socket) \|.*$`)
	for _, c := range []struct {
		rate float64 // of SIPC
		want []string
	}{
		{1, []string{"| at least 2× | **1.00×** (1.00 – 1.00) | **1.00×**", "| at most 0.7× | **1.00×**"}},
		{4, []string{"| at least 2× | 4.00× (4.00 – 4.00) |", "| at most 0.7× | 0.25× (0.25"}},
	} {
		page := text(made(map[string]float64{"pipelined": c.rate}), 3, "")
		got := line.FindAllString(page, -1)
		if len(got) != len(c.want) {
			t.Fatalf("%d lines in\n%s", len(got), page)
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("rate %g: %s\nhas no %s", c.rate, got[i], want)
			}
		}
	}
}

func TestPageSaysWhereSIPCLoses(t *testing.T) {
	page := text(made(map[string]float64{"pipe": 2}), 3, "")
	_, losses, _ := strings.Cut(page, "## Where SIPC loses")
	losses, _, _ = strings.Cut(losses, "\n## ")
	if want := "- 64 B, not packed, against a pipe: 0.50× unpinned, 0.50× pinned\n"; !strings.Contains(losses, want) {
		t.Errorf("no %q in %s", want, losses)
	}
	if strings.Contains(losses, "against a Unix stream socket:") {
		t.Errorf("as fast is no loss: %s", losses)
	}
}

func TestWorkReadsAndWritesEveryByte(t *testing.T) {
	for size := range 100 {
		p := make([]byte, size)
		fill(p, 1<<63|0x0101010101010101)
		before := sum(p)
		for i := range p {
			if p[i] == 0 && size >= 8 && i < size/8*8 {
				t.Errorf("%d bytes: byte %d was not written", size, i)
			}
			p[i]++
			if sum(p) == before {
				t.Errorf("%d bytes: byte %d was not read", size, i)
			}
			p[i]--
		}
	}
}
