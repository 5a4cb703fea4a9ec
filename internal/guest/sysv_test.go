package guest

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// made makes a System V object of our own, which the test removes, and finds it
// as the agent does.
func made(t *testing.T, kind string) (api.SysV, *sysV) {
	t.Helper()
	v := api.SysV{Kind: kind, Path: t.TempDir(), Project: "P"}
	key, _, err := keyOf(v)
	if err != nil {
		t.Fatal(err)
	}
	const flags = unix.IPC_CREAT | unix.IPC_EXCL | 0o640
	call := map[string][3]uintptr{api.KindQueue: {unix.SYS_MSGGET, flags},
		api.KindSegment: {unix.SYS_SHMGET, 5000, flags}, api.KindSemaphores: {unix.SYS_SEMGET, 3, flags}}[kind]
	if _, _, errno := unix.Syscall(call[0], uintptr(key), call[1], call[2]); errno != 0 {
		t.Skipf("no System V IPC here: %v", errno)
	}
	t.Cleanup(func() { removeKey(kind, key) })
	o, err := findSysV(v)
	if err != nil || o == nil {
		t.Fatalf("%s was made and not found: %v, %v", v, o, err)
	}
	return v, o
}

// trySysV lets the probe attempt an operation with all that the agent does around it.
func trySysV(t *testing.T, probe string, op api.Op, o *sysV) string {
	t.Helper()
	nothing := func() error { return nil }
	a := &attempt{before: nothing, after: nothing}
	if op == api.OpCreate {
		var err error
		if o, err = spare(o.kind); err != nil {
			t.Fatal(err)
		}
	}
	a.around(op, o)
	if err := a.before(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(probe, probeArgs(op, o)...)
	cmd.Stdin = strings.NewReader(probeGo)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", op, err)
	}
	if err := a.after(); err != nil {
		t.Fatal(err)
	}
	errno, _, _ := strings.Cut(strings.TrimPrefix(string(out), probeReady), " ")
	return errno
}

// Every operation that the vocabulary has works, and leaves nothing but what it says.
func TestProbeOnSystemV(t *testing.T) {
	probe := builtProbe(t)
	for _, kind := range api.SysVKinds() {
		v, o := made(t, kind)
		if err := o.stat(); err != nil {
			t.Fatal(err)
		}
		before := fmt.Sprint(*o)
		for _, op := range api.SysVOps(kind) {
			if op == api.OpInfo || op == api.OpRemove {
				continue
			}
			if errno := trySysV(t, probe, op, o); errno != probeDone {
				t.Errorf("%s %s: %s", kind, op, errno)
			}
		}
		after, err := findSysV(v)
		if err != nil || after == nil || after.stat() != nil {
			t.Fatalf("%s is gone: %v", kind, err)
		}
		if fmt.Sprint(*after) != before {
			t.Errorf("%s was %s and is %v", kind, before, *after)
		}
		for _, op := range []api.Op{api.OpInfo, api.OpRemove} {
			if errno := trySysV(t, probe, op, o); errno != probeDone {
				t.Errorf("%s %s: %s", kind, op, errno)
			}
		}
		if after, err = findSysV(v); after != nil || err != nil {
			t.Errorf("%s is still there: %v (%v)", kind, after, err)
		}
		for _, op := range []api.Op{api.OpIPCStat, api.OpRemove} {
			if errno := trySysV(t, probe, op, o); errno != "EINVAL" && errno != "EIDRM" {
				t.Errorf("%s %s on nothing: %s", kind, op, errno)
			}
		}
	}
}

// A full queue is tried as any other one, whether full of bytes or of messages.
func TestProbeOnAFullQueue(t *testing.T) {
	probe := builtProbe(t)
	for _, size := range []uintptr{24, 0} {
		tryFullQueue(t, probe, size)
	}
}

func tryFullQueue(t *testing.T, probe string, size uintptr) {
	v, o := made(t, api.KindQueue)
	if err := o.setCapacity(24); err != nil {
		t.Fatal(err)
	}
	other := probeMessageOf(1)
	for errno := unix.Errno(0); errno == 0; {
		_, _, errno = unix.Syscall6(unix.SYS_MSGSND, uintptr(o.id), uintptr(unsafe.Pointer(other)), size, ipcNoWait, 0, 0)
	}
	full, err := findSysV(v)
	if err != nil || full.stat() != nil || full.messages == 0 {
		t.Fatal(full, err)
	}
	for _, op := range []api.Op{api.OpMsgsnd, api.OpMsgrcv, api.OpMsgcopy, api.OpIPCSet} {
		if errno := trySysV(t, probe, op, full); errno != probeDone {
			t.Errorf("%s: %s", op, errno)
		}
	}
	after, err := findSysV(v)
	if err != nil || after.stat() != nil || *after != *full || after.qbytes != 24 {
		t.Errorf("the queue was %+v and is %+v (%v)", full, after, err)
	}
}

func TestKeyOfNothing(t *testing.T) {
	for _, path := range []string{t.TempDir() + "/none", "/etc/passwd/none"} {
		if _, ok, err := keyOf(api.SysV{Kind: "msgq", Path: path, Project: "Q"}); ok || err != nil {
			t.Errorf("%s has a key (%v)", path, err)
		}
	}
}

func TestLookedAt(t *testing.T) {
	const record = `audit(1795251870.360:9): avc:  granted  { getattr } for  pid=1 comm="agent" key=1 ` +
		`scontext=system_u:system_r:ipclab_agent_t:s0 tcontext=system_u:system_r:sipc_helper_t:s0 tclass=msgq`
	if got, ok := lookedAt(record, "msgq"); !ok || got != "system_u:system_r:sipc_helper_t:s0" {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, other := range []string{strings.Replace(record, "granted", "denied", 1), strings.Replace(record, "=msgq", "=msgqueue", 1), ""} {
		if got, ok := lookedAt(other, "msgq"); ok {
			t.Errorf("%q tells %q", other, got)
		}
	}
}
