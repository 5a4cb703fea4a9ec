// Package sipctest_test tests whole channels of package sipc against a model of
// what may come out of them: with random operations, with both ends killed
// and started again, with signals, and with the objects removed underneath. It
// has no code of its own.
//
//	go test ./sipc/sipctest                 some seconds
//	go test ./sipc/sipctest -soak           10^7 messages, 1,000 rounds of killing
//	go test ./sipc/sipctest -seed N         the random numbers of a run that printed N
package sipctest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"ipclab/internal/ownipc"
)

var (
	soak     = flag.Bool("soak", false, "run long: 10^7 messages, 1,000 rounds of killing")
	seedFlag = flag.Uint64("seed", 0, "repeat a run that printed this seed; 0: a new one")
)

// seed is this run's, in the log.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := *seedFlag
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d", s)
	return s
}

// newRandom makes the random numbers of one round.
func newRandom(seed uint64, round int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(round))) }

// pick is one number for an ordinary run and another one for the soak.
func pick(ordinary, long int) int {
	if *soak {
		return long
	}
	return ordinary
}

// TestMain runs the tests in an IPC namespace of their own: what they look
// for in /proc/sysvipc is theirs, and what they collect is nobody else's.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		os.Exit(childMain())
	}
	os.Exit(ownipc.Main(func() int {
		if !ownipc.Inside() {
			fmt.Fprintln(os.Stderr, "no IPC namespace of its own is to be had here")
			return 1
		}
		return m.Run()
	}))
}
