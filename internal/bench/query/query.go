// Package query measures what it takes to read a whole policy, make its graph of
// flows and ask it: seconds, and the most memory at any time. Each
// measurement is a process of its own, because only a whole process can say how much
// memory it needed. What the answer is worth is not judged here.
package query

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"ipclab/internal/flow"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// Command is the first argument of the process that measures; the second one is
// an Order. A program that calls Run calls Child when it is started so.
const Command = "measure-a-query"

// Order is what to read and to ask.
type Order struct {
	Files  []string     // CIL, read as one policy
	Query  flow.Query   // is asked first
	More   []flow.Query // each is asked after it
	ByType bool         // as setools does
	Guess  bool         // what the map lacks
}

// Took is what that took.
type Took struct {
	Read  float64   `json:"read"`  // seconds, from files to a model
	Index float64   `json:"index"` // seconds, from the model to a graph
	Ask   float64   `json:"ask"`   // seconds
	More  []float64 `json:"more"`  // seconds
	Whole float64   `json:"whole"` // seconds by the clock, the process's start included
	// Processor is seconds of the processors, user and system.
	Processor float64 `json:"processor"`
	Peak      float64 `json:"peak"`  // MB, the most that was resident
	Steps     int     `json:"steps"` // of the answer; 0: impossible
	Size      string  `json:"size"`  // of the graph, in words
	Answer    string  `json:"answer"`
}

// Run measures in a process of its own, which is this program again.
func Run(ctx context.Context, program string, o Order) (t Took, err error) {
	argument, err := json.Marshal(o)
	if err != nil {
		return t, err
	}
	cmd := exec.CommandContext(ctx, program, Command, string(argument))
	var said bytes.Buffer
	cmd.Stderr = &said
	begun := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return t, fmt.Errorf("the process that asks: %w\n%s", err, &said)
	}
	err = json.Unmarshal(out, &t)
	t.Whole = time.Since(begun).Seconds()
	t.Processor = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return t, err
}

// Child measures, in its process, and writes a Took.
func Child(argument string, out io.Writer) error {
	var o Order
	if err := json.Unmarshal([]byte(argument), &o); err != nil {
		return err
	}
	t, err := o.measure()
	if err != nil {
		return err
	}
	if t.Peak, err = peak(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(t)
}

func (o Order) measure() (t Took, err error) {
	begun := time.Now()
	m := model.New()
	modules, err := read(o.Files)
	if err != nil {
		return t, err
	}
	if err := m.Read(modules); err != nil {
		return t, err
	}
	t.Read = lap(&begun)
	g, err := flow.NewGraph(m, flow.Options{ByType: o.ByType, Guess: o.Guess})
	if err != nil {
		return t, err
	}
	t.Index = lap(&begun)
	a, err := g.Ask(o.Query)
	if err != nil {
		return t, err
	}
	t.Ask, t.Steps, t.Size, t.Answer = lap(&begun), len(a.Path), g.Size(), a.String()
	for _, q := range o.More {
		begun = time.Now()
		if _, err := g.Ask(q); err != nil {
			return t, err
		}
		t.More = append(t.More, lap(&begun))
	}
	return t, nil
}

// lap gives the seconds since begun, which then begins anew.
func lap(begun *time.Time) float64 {
	now := time.Now()
	s := now.Sub(*begun).Seconds()
	*begun = now
	return s
}

func read(files []string) ([]policy.Module, error) {
	var all []policy.Module
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, policy.Module{File: name, Source: source})
	}
	return all, nil
}

// peak is the most memory that this process had resident, in MB. The number of
// getrusage(2) would not do: the process before exec is part of it.
func peak() (float64, error) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status does not say how much memory was used at most")
}
