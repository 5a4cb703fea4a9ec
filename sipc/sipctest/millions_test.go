package sipctest_test

import (
	"fmt"
	"testing"
	"time"

	"ipclab/sipc"
)

// Many messages from one process to another one, with checksums: each comes
// once, in order, as it was sent. The soak sends 10^7 in the pipelined mode.
func TestMillions(t *testing.T) {
	for _, c := range []struct {
		config sipc.Config
		count  int
	}{
		{sipc.Config{Mode: sipc.Pipelined, SlotSize: 4096, Checksum: true}, pick(100_000, 10_000_000)},
		{sipc.Config{Mode: sipc.Strict, SlotSize: 4096, Checksum: true}, pick(10_000, 1_000_000)},
		{sipc.Config{Mode: sipc.Paced, SlotSize: 4096, Checksum: true, Quantum: 50 * time.Microsecond, Hold: 0.1}, pick(1000, 100_000)},
	} {
		t.Run(fmt.Sprint(c.config.Mode, " ", c.count), func(t *testing.T) { testMany(t, c.config, c.count) })
	}
}

func testMany(t *testing.T, c sipc.Config, count int) {
	d, err := sipc.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	part := role{Descriptor: d.String(), Seed: seed(t), MaxSize: 4096, Count: count}
	begun := time.Now()
	receiver := start(t, part)
	part.Sends = true
	sender := start(t, part)
	sender.finish(t, time.Hour)
	receiver.finish(t, patience)
	t.Logf("%d messages in %v", count, time.Since(begun).Round(time.Millisecond))
}
