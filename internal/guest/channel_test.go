package guest

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipclab/sipc"
)

// strictChannel makes a channel with a slot of 64 bytes, and gives its key path.
func strictChannel(t *testing.T) (string, sipc.Descriptor) {
	t.Helper()
	path := t.TempDir()
	d, err := sipc.Create(sipc.Config{Mode: sipc.Strict, SlotSize: 64, KeyPath: path, GID: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	return path, d
}

// actor starts a part of the probe and waits until it is set up. What it prints
// comes when it has ended.
func actor(t *testing.T, probe string, args ...string) (wait func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, probe, append([]string{"act"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	diag, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := diag.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	return func() string {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", strings.Join(args, " "), err)
		}
		return out.String()
	}
}

func TestSlotIsShown(t *testing.T) {
	path, d := strictChannel(t)
	s, err := sipc.OpenSender(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	slot, err := s.Reserve(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	copy(slot, "hello")
	out, err := exec.Command(builtProbe(t), "act", "slot", path, "5").Output()
	if err != nil || string(out) != "hello\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// What is told late is heard late, however slow the computer is; the times are
// so long that what is told at once is hardly ever heard late.
func TestTellAndListen(t *testing.T) {
	probe := builtProbe(t)
	path, _ := strictChannel(t)
	told := actor(t, probe, "tell", "1s", path, "010")
	heard := actor(t, probe, "listen", "2s", path, "3")
	if row := heard(); row != "010\n" {
		t.Errorf("heard %q", row)
	}
	told()
}

// A sender that waits for room sends when the receiver takes.
func TestTicksOfASenderThatWaits(t *testing.T) {
	probe := builtProbe(t)
	path, _ := strictChannel(t)
	looked := actor(t, probe, "ticks", "1", "1s", path)
	sent := actor(t, probe, "listen", "2s", path, "3")
	if got := looked(); got != "0 of 1\n" {
		t.Errorf("it kept %q", got)
	}
	sent()
}

func TestTicksOfASenderThatKeepsThem(t *testing.T) {
	const quantum = 200 * time.Millisecond
	path, d := strictChannel(t)
	looked := actor(t, builtProbe(t), "ticks", "1", quantum.String(), path)
	noop, end := [32]byte{0: 2}, [32]byte{0: 6}
	ticker := time.NewTicker(quantum)
	defer ticker.Stop()
	for i := 0; i < 4; {
		<-ticker.C
		message := &noop
		if i == 3 {
			message = &end
		}
		switch errno := send(d.Queue, message); {
		case errno == 0:
			i++
		case !errors.Is(errno, unix.EAGAIN):
			t.Fatal(errno)
		}
	}
	if got := looked(); got != "1 of 1\n" {
		t.Errorf("it kept %q", got)
	}
}

// send is msgsnd(2) of a type and a body, without waiting.
func send(queue int, message *[32]byte) unix.Errno {
	_, _, errno := unix.Syscall6(unix.SYS_MSGSND, uintptr(queue), uintptr(unsafe.Pointer(message)), 24, unix.IPC_NOWAIT, 0, 0)
	return errno
}
