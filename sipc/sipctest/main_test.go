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
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
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

// namespaceVariable is set where the tests have System V objects of their own.
const namespaceVariable = "SIPCTEST_NAMESPACE"

// TestMain runs the tests in an IPC namespace of their own: what they look
// for in /proc/sysvipc is theirs, and what they collect is nobody else's.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		os.Exit(childMain())
	}
	if os.Getenv(namespaceVariable) != "" {
		os.Exit(m.Run())
	}
	code, err := runInNamespace()
	if err != nil {
		fmt.Fprintln(os.Stderr, "an IPC namespace of its own:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// runInNamespace runs this program again, in an IPC namespace of its own, and
// tells its exit status. Who is not root needs a user namespace to make one.
func runInNamespace() (int, error) {
	runtime.LockOSThread() // Pdeathsig is about the thread
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Args[0] = os.Args[0]
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.Env = append(os.Environ(), namespaceVariable+"=own")
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWIPC, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		again.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		again.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		again.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	err := again.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
