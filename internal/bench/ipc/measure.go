package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"ipclab/internal/bench/page"
)

// field is ways that carry messages of one size with the same work: they are
// measured in turns, so that what else the computer does meets all alike.
type field struct {
	size int
	work string
	ways []string
}

// fields are all that is measured.
func fields() []field {
	small := []string{"pipe", "stream", "seqpacket", "bufio", "shmipc", "strict", "pipelined", "packed"}
	large := []string{"pipe", "stream", "blocking stream", "seqpacket", "memcpy", "shmipc", "strict", "pipelined"}
	place := []string{"stream", "stream in pieces", "shmipc in place", "in place"}
	quick := []string{"pipe", "stream", "seqpacket", "shmipc", "strict", "pipelined"}
	return []field{
		{64, copying, small}, {1 << 10, copying, small}, {8 << 10, copying, small},
		{64 << 10, copying, large}, {1 << 20, copying, large}, {16 << 20, copying, large},
		{64 << 10, working, place}, {1 << 20, working, place}, {16 << 20, working, place},
		{64, timing, quick},
	}
}

// spot is one thing that is measured in one placement of the processes.
type spot struct {
	pinned bool
	way    string
	size   int
	work   string
}

// results are the outcomes of every spot, one a round.
type results map[spot][]outcome

// study measures all fields.
type study struct {
	program string
	rounds  int
	span    float64 // how long a trial should take, in seconds
	log     io.Writer
}

// measure measures fields, each in so many rounds.
func (s study) measure(ctx context.Context, fields []field) (results, error) {
	all := results{}
	for _, f := range fields {
		for _, pinned := range []bool{false, true} {
			if err := s.field(ctx, f, laboratory{s.program, pinned}, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// field measures the ways of one field in turns, whose order changes.
func (s study) field(ctx context.Context, f field, l laboratory, all results) error {
	trials := make([]trial, len(f.ways))
	for i, way := range f.ways {
		t, err := s.size(ctx, l, trial{Way: way, Work: f.work, Size: f.size})
		if err != nil {
			return err
		}
		trials[i] = t
	}
	for range s.rounds {
		for _, i := range rand.Perm(len(trials)) {
			o, err := l.run(ctx, trials[i])
			if err != nil {
				return err
			}
			at := spot{l.pinned, f.ways[i], f.size, f.work}
			all[at] = append(all[at], o)
		}
	}
	for _, way := range f.ways {
		o := all[spot{l.pinned, way, f.size, f.work}]
		fmt.Fprintf(s.log, "%-8s %8d %-8s %-18s %7.0f MB/s %6.3f CPU s/GB %8.2f µs\n", placement(l.pinned), f.size, f.work, way,
			page.Median(each(o, outcome.rate)), page.Median(each(o, outcome.cost)), page.Median(each(o, outcome.latency)))
	}
	return nil
}

func placement(pinned bool) string {
	if pinned {
		return "pinned"
	}
	return "unpinned"
}

// size finds out how many messages a trial needs to take as long as it should.
func (s study) size(ctx context.Context, l laboratory, t trial) (trial, error) {
	t.Warm, t.Count = 16, max(16, (4<<20)/t.Size)
	if t.Work == timing {
		t.Count = int(s.span / pause.Seconds() / 2)
		return t, nil
	}
	if t.Size > 1<<20 {
		t.Warm, t.Count = 2, 3
	}
	o, err := l.run(ctx, t)
	if err != nil {
		return t, err
	}
	t.Count = max(3, int(float64(t.Count)*s.span/o.seconds))
	t.Warm = max(2, t.Count/8)
	return t, nil
}
