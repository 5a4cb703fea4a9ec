package main

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"ipclab/internal/bench/page"
	"ipclab/internal/choose"
	"ipclab/internal/draft"
)

// The sizes that `ipclab choose` knows the speed for. Those in between it works out.
const (
	smallSize = 64
	largeSize = 64 << 10
)

// mechanisms are the ways by which each mechanism of package choose is measured.
func mechanisms() map[string]string {
	return map[string]string{
		"pipe": "pipe", "fifo": "fifo", "unix-stream": "blocking stream", "unix-dgram": "datagram", "msgq": "msgq",
		"shm": "shm", "posix-mq": "posix-mq", "posix-shm": "posix-shm", "sipc": "pipelined",
	}
}

// guide measures every mechanism that one may choose from, and writes the speeds.
func (s study) guide(ctx context.Context, out string) error {
	var ways []string
	for _, way := range mechanisms() {
		ways = append(ways, way)
	}
	all, err := s.measure(ctx, []field{{smallSize, copying, ways}, {largeSize, copying, ways}, {smallSize, timing, ways}})
	if err != nil {
		return err
	}
	data, err := s.speeds(all).Encode()
	if err != nil {
		return err
	}
	return draft.Write(out, data, 0o644, draft.Derived)
}

// speeds are the medians, of processes that may run on any processor.
func (s study) speeds(all results) *choose.Speeds {
	speeds := &choose.Speeds{Of: map[string]choose.Speed{}, Computer: choose.Computer{
		Date: time.Now().UTC().Format("2006-01-02"), Processor: page.Processor(), Processors: runtime.NumCPU(),
		Kernel: page.Kernel(), Go: runtime.Version(), Rounds: s.rounds,
	}}
	for name, way := range mechanisms() {
		rate := func(size int) choose.Rate {
			perSecond := page.Median(each(all[spot{false, way, size, copying}], outcome.rate)) * 1e6 / float64(size)
			return choose.Rate{Size: size, PerSecond: round(perSecond)}
		}
		latency := page.Median(each(all[spot{false, way, smallSize, timing}], outcome.latency))
		speeds.Of[name] = choose.Speed{Small: rate(smallSize), Large: rate(largeSize), Latency: round(latency)}
	}
	return speeds
}

// round leaves three digits: more would not be the same twice.
func round(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64) // of its own making
	return v
}
