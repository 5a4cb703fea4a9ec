package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/leak"
)

// A row is one channel that was attacked.
type row struct {
	target  leak.Target
	quantum time.Duration // 0: nobody keeps to ticks
	hold    float64
	result  leak.Result
}

// bound is what theory allows, in bit/s; 0 if nothing but the machine bounds it.
func (r row) bound() float64 {
	if r.quantum == 0 {
		return 0
	}
	return leak.Paced(r.quantum, r.hold)
}

// found is one of the other ways.
type found struct {
	way    leak.Way
	result leak.Result
}

// A study is everything that is measured, or what has a text in its name.
type study struct {
	only       string
	loadBefore string
	rows       []row
	others     []found
}

// slot is a size of slots that is no hindrance.
const slot = 64

// free are the channels without a pace.
func free() []row {
	strict := sipc.Config{Mode: sipc.Strict, SlotSize: slot}
	pipelined := func(k int) sipc.Config { return sipc.Config{Capacity: k, SlotSize: slot} }
	return []row{
		{target: leak.Target{Name: "strict", Config: strict}},
		{target: leak.Target{Name: "strict, hostile sender", Config: strict, Raw: true}},
		{target: leak.Target{Name: "pipelined, K = 1", Config: pipelined(1)}},
		{target: leak.Target{Name: "pipelined, K = 8", Config: pipelined(8)}},
		{target: leak.Target{Name: "pipelined, K = 32", Config: pipelined(32)}},
		{target: leak.Target{Name: "pipelined, K = 8, hostile sender", Config: pipelined(8), Raw: true}},
		{target: leak.Target{
			Name: "paced, 10 ms, hostile sender", Raw: true,
			Config: sipc.Config{Mode: sipc.Paced, Quantum: 10 * time.Millisecond, SlotSize: slot},
		}},
	}
}

// paced are the channels with a pace.
func paced() []row {
	return []row{
		pace(time.Millisecond, 0, 1, false),
		pace(time.Millisecond, 0, 8, false),
		pace(time.Millisecond, 0.5, 1, false),
		pace(time.Millisecond, 0.5, 8, false),
		pace(time.Millisecond, 0.9, 1, false),
		pace(4*time.Millisecond, 0, 8, false),
		pace(4*time.Millisecond, 0.5, 1, false),
		pace(10*time.Millisecond, 0, 8, false),
		pace(time.Millisecond, 0, 8, true),
		pace(time.Millisecond, 0.5, 8, true),
		pace(4*time.Millisecond, 0, 8, true),
		pace(4*time.Millisecond, 0.5, 8, true),
		pace(10*time.Millisecond, 0, 8, true),
	}
}

// pace is a channel with a pace: kept by the sender's library, or by a pump
// between two hostile ends.
func pace(quantum time.Duration, hold float64, capacity int, pumped bool) row {
	kept := fmt.Sprintf("%v", quantum)
	if hold > 0 {
		kept += fmt.Sprintf(", hold %v", hold)
	}
	r := row{quantum: quantum, hold: hold}
	if pumped {
		r.target = leak.Target{
			Name: fmt.Sprintf("pump, %s, K = %d, hostile sender", kept, capacity), Raw: true,
			Config: sipc.Config{Capacity: capacity, SlotSize: slot}, Pump: &sipc.Pace{Quantum: quantum, Hold: hold},
		}
		return r
	}
	r.target = leak.Target{
		Name:   fmt.Sprintf("paced, %s, K = %d", kept, capacity),
		Config: sipc.Config{Mode: sipc.Paced, Quantum: quantum, Hold: hold, Capacity: capacity, SlotSize: slot},
	}
	return r
}

// How much is spent. An attack on a pace lasts long for a few symbols; one without
// a pace is over in a moment, and must last for longer than a disturbance.
func fast() leak.Effort {
	return leak.Effort{Training: 500, Quick: 100 * time.Millisecond, Full: time.Second, Least: 1000, Most: 50000, Finals: 2}
}

func slow() leak.Effort {
	return leak.Effort{Training: 200, Quick: time.Second, Full: 4 * time.Second, Least: 250, Most: 5000, Finals: 1}
}

func (s *study) measure(ctx context.Context) error {
	for _, r := range append(free(), paced()...) {
		if !strings.Contains(r.target.Name, s.only) {
			continue
		}
		codes, effort := leak.FastCodes(), fast()
		if r.quantum > 0 {
			codes, effort = leak.PacedCodes(r.quantum, r.hold), slow()
		}
		result, err := r.target.Best(ctx, codes, effort)
		if err != nil {
			return err
		}
		r.result = result
		s.rows = append(s.rows, r)
		s.say(r.target.Name, result)
	}
	return s.measureOthers(ctx)
}

func (s *study) measureOthers(ctx context.Context) error {
	for _, way := range leak.Ways() {
		if !strings.Contains(way.Name, s.only) {
			continue
		}
		effort := fast()
		effort.Training = 64
		if len(way.Slots) == 1 { // no search, and each symbol takes long
			effort.Training, effort.Least = 4, 20
		}
		result, err := way.Best(ctx, effort)
		if err != nil {
			return err
		}
		s.others = append(s.others, found{way, result})
		s.say(way.Name, result)
	}
	return nil
}

// say tells whoever waits what has been measured.
func (s *study) say(name string, r leak.Result) {
	fmt.Fprintf(os.Stderr, "%-40s %10.0f bit/s, %4.1f%% wrong, %d symbols, %s\n", name, r.Rate(), 100*r.Errors, r.Symbols, describe(r.Code))
}
