package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/sipcdemo"
	"ipclab/sipc"
)

// channelError is what went wrong with a channel, and what to do about it.
type channelError struct {
	what, hint string
	err        error
}

func (e *channelError) Error() string { return e.what }
func (e *channelError) Hint() string  { return e.hint }
func (e *channelError) Unwrap() error { return e.err }

// stalledError is another end that kept us waiting for too long.
type stalledError struct{ limit time.Duration }

func (e *stalledError) Error() string {
	return fmt.Sprintf("the other end kept us waiting for %v", e.limit)
}

func (e *stalledError) Hint() string {
	return "is it running, on the same channel? --timeout says how long to wait"
}

// use is what somebody wanted of a channel.
type use int

const (
	sending use = iota
	receiving
	removing
)

// explainChannel says what an error means for somebody who wanted that of a channel.
func explainChannel(d sipc.Descriptor, want use, err error) error {
	var protocol *sipc.ProtocolError
	var call *sipc.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &protocol):
		return &channelError{plainly(err), protocolHint(protocol), err}
	case errors.Is(err, sipc.ErrRemoved):
		return &channelError{"there is no channel " + d.String() + ", or not any more",
			"`ipclab sipc helper` makes one and prints its descriptor", err}
	case errors.Is(err, fs.ErrNotExist) && errors.As(err, &call):
		return &channelError{"the channel " + d.String() + " has no segment yet",
			"its sender makes it: start that first", err}
	case errors.Is(err, fs.ErrPermission) && want == removing:
		return &channelError{"permission denied to remove " + d.String(),
			"its owner may, and root: `ipclab sipc gc --dry-run` shows whose it is", err}
	case errors.Is(err, fs.ErrPermission) && errors.As(err, &call):
		return &channelError{"permission denied: " + plainly(call), denialHint(call, want), err}
	case errors.Is(err, sipc.ErrSilent):
		return &channelError{"the sender is gone: it has been silent for too long",
			"what came until then is written; another sender may begin", err}
	case errors.Is(err, sipc.ErrPacked):
		return &channelError{"the sender sends packed records", "receive them with --records", err}
	case errors.Is(err, sipc.ErrNotPacked):
		return &channelError{"the sender does not send records", "receive without --records", err}
	case errors.Is(err, sipc.ErrTruncated):
		return &channelError{plainly(err), "what is written ends with a part of a message: receive again", err}
	}
	return err
}

// explainFind says what is wrong with a key path.
func explainFind(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &channelError{"there is no channel with the key path " + path,
			"`ipclab sipc helper --key PATH` makes one", err}
	}
	return err
}

// plainly is an error without the name of the package that made it.
func plainly(err error) string { return strings.TrimPrefix(err.Error(), "sipc: ") }

func protocolHint(e *sipc.ProtocolError) string {
	if e.Field == sipc.FieldSequence || e.Field == sipc.FieldType {
		return "is somebody else receiving from this channel, or sending to it? It is for one of each"
	}
	return "the other end does not keep to docs/sipc-protocol.md"
}

// denialHint says who denied it: the mode of the object, or SELinux, which is
// asked only if the mode allows it.
func denialHint(e *sipc.Error, want use) string {
	kind, id, _ := strings.Cut(e.Object, " ")
	object, err := findObject(kind, id)
	enforcing, _ := os.ReadFile("/sys/fs/selinux/enforce")
	switch {
	case err != nil: // SELinux can forbid the list as well
		return "look at the modes with `ipcs -q -m`, and for SELinux with `ausearch -m avc -ts recent`"
	case mayDespiteMode() || object.allows(needed(kind, want)):
		return "the mode allows it, so it was SELinux: `ausearch -m avc -ts recent` shows which rule is missing"
	}
	hint := fmt.Sprintf("%s has mode %04o and belongs to %s: the helper's --perm decides who may", e.Object, object.mode, ownerName(int(object.uid)))
	if string(enforcing) == "1" {
		hint += ". SELinux was not even asked"
	}
	return hint
}

// needed is what a mode must allow: 4 is to read, 2 to write.
func needed(kind string, want use) uint32 {
	switch {
	case want == receiving:
		return 4
	case kind == "segment":
		return 6 // there is no attaching for writing alone
	}
	return 2
}

// object is what the kernel says of a queue or a segment.
type object struct{ mode, uid, gid, cuid, cgid uint32 }

// findObject looks in the kernel's lists.
func findObject(kind, id string) (object, error) {
	name := map[string]string{"queue": "msg", "segment": "shm"}[kind]
	list, err := os.ReadFile("/proc/sysvipc/" + name)
	if err != nil {
		return object{}, err
	}
	lines := strings.Split(strings.TrimSpace(string(list)), "\n")
	column := map[string]int{}
	for i, heading := range strings.Fields(lines[0]) {
		column[heading] = i
	}
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		if len(f) < len(column) || f[1] != id {
			continue
		}
		var o object
		_, err := fmt.Sscanf(strings.Join([]string{f[column["perms"]], f[column["uid"]], f[column["gid"]], f[column["cuid"]], f[column["cgid"]]}, " "),
			"%o %d %d %d %d", &o.mode, &o.uid, &o.gid, &o.cuid, &o.cgid)
		return o, err
	}
	return object{}, syscall.ENOENT
}

// allows says whether the mode gives us all of that: 4 to read, 2 to write.
func (o object) allows(want uint32) bool {
	uid, gid := uint32(os.Geteuid()), uint32(os.Getegid())
	groups, _ := os.Getgroups()
	in := func(g uint32) bool { return g == gid || slices.Contains(groups, int(g)) }
	switch {
	case uid == o.uid || uid == o.cuid:
		return o.mode>>6&want == want
	case in(o.gid) || in(o.cgid):
		return o.mode>>3&want == want
	}
	return o.mode&want == want
}

// mayDespiteMode says whether we have CAP_IPC_OWNER.
func mayDespiteMode() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_IPC_OWNER) != 0
}

// sipcUsage tells errors that the command line is to blame for.
func sipcUsage(err error) bool {
	var descriptor *sipc.DescriptorError
	var config *sipc.ConfigError
	var process *sipcdemo.ProcessError
	var exit *exec.ExitError
	if errors.As(err, &process) && errors.As(err, &exit) && exit.ExitCode() == codeUsage {
		return true // the demonstration's helper said so
	}
	return errors.As(err, &descriptor) || errors.As(err, &config)
}

// sipcOther tells errors that whoever wrote the other end is to blame for.
func sipcOther(err error) bool {
	var protocol *sipc.ProtocolError
	return errors.As(err, &protocol) || errors.Is(err, sipc.ErrPacked) || errors.Is(err, sipc.ErrNotPacked)
}
