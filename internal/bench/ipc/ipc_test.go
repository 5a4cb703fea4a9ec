package main

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestMain lets the test's own program be a trial's processes.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == endCommand {
		conclude(runEnd(context.Background(), os.Args[2], os.Stdin, os.Stdout))
		return
	}
	os.Exit(m.Run())
}

// What is fast because it loses or repeats bytes is not fast: every message is
// different here, and both ends keep a checksum.
func TestEveryWayCarriesEveryByte(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the detector has each process wait for a second
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range ways() {
		for _, size := range []int{8, 64, 1001, 64 << 10, 1 << 20, 3<<20 + 8<<10} {
			if w.name == "memcpy" || (w.name == "packed" || w.name == "datagram") && size > 64<<10 {
				continue // nobody reads; no record is larger than a slot, no datagram than a buffer
			}
			t.Run(fmt.Sprintf("%s/%d", w.name, size), func(t *testing.T) {
				l := laboratory{program: program}
				o, err := l.run(t.Context(), trial{Way: w.name, Work: proving, Size: size, Warm: 7, Count: max(5, (1<<20)/size)})
				if err != nil {
					t.Fatal(err)
				}
				if o.made != o.got || o.made == 0 {
					t.Errorf("the sender made %x, the receiver got %x", o.made, o.got)
				}
			})
		}
	}
}
