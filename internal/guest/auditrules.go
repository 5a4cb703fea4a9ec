package guest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"ipclab/internal/policy"
)

// Audit rules, from linux/audit.h: struct audit_rule_data and what goes into it.
const (
	auditAddRule = 1011
	auditDelRule = 1012

	filterExit    = 4
	filterExclude = 5
	ruleAlways    = 2

	fieldMsgType  = 12
	fieldSubjType = 15
	fieldExit     = 103
	fieldEqual    = 0x40000000

	ruleWords  = 64 // of the mask, and the most fields that a rule has
	ruleLength = 4 * (3 + 4*ruleWords + 1)
)

// auditRule is a rule of audit(7): its filter, the system calls that it is about,
// and its fields, one of which may be text.
type auditRule struct {
	filter uint32
	calls  []int // empty: it is about no calls
	fields []ruleField
}

// ruleField is one condition. All are "equals".
type ruleField struct {
	field, value uint32
	text         string // in place of the value
}

// bytes gives the rule as the kernel wants it.
func (r auditRule) bytes() []byte {
	words := make([]uint32, 0, ruleLength/4)
	words = append(words, r.filter, ruleAlways, uint32(len(r.fields)))
	var mask, fields, values, flags [ruleWords]uint32
	for _, n := range r.calls {
		mask[n/32] |= 1 << (n % 32)
	}
	var text []byte
	for i, f := range r.fields {
		fields[i], values[i], flags[i] = f.field, f.value, fieldEqual
		if f.text != "" {
			values[i] = uint32(len(f.text))
			text = append(text, f.text...)
		}
	}
	for _, part := range [][ruleWords]uint32{mask, fields, values, flags} {
		words = append(words, part[:]...)
	}
	words = append(words, uint32(len(text)))
	var b []byte
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return append(b, text...)
}

// watchRules are what a trace asks the kernel to record beside SELinux's
// decisions: calls of the watched domains that were refused. With any rule
// there, every decision comes with its system call. What says nothing more is
// left out.
func watchRules(domains []string) []auditRule {
	rules := []auditRule{
		{filter: filterExclude, fields: []ruleField{{field: fieldMsgType, value: uint32(policy.RecordProctitle)}}},
		{filter: filterExclude, fields: []ruleField{{field: fieldMsgType, value: uint32(policy.RecordCWD)}}},
	}
	for _, d := range domains {
		for _, errno := range []unix.Errno{unix.EACCES, unix.EPERM} {
			rules = append(rules, auditRule{filter: filterExit, calls: watchedCalls(), fields: []ruleField{
				{field: fieldExit, value: uint32(-int32(errno))}, {field: fieldSubjType, text: d},
			}})
		}
	}
	return rules
}

// watchedCalls are the system calls by which programs communicate, or come to
// what they communicate by. Those that move data are not among them: their
// rights were asked for before, and they are many.
func watchedCalls() []int {
	calls := []int{
		unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_MKNODAT, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT,
		unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_SYMLINKAT, unix.SYS_FCHMODAT, unix.SYS_FCHOWNAT, unix.SYS_FCHMOD,
		unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_SENDTO, unix.SYS_SENDMSG,
		unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_TGKILL, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_PIDFD_GETFD, unix.SYS_PTRACE,
		unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_MSGGET, unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MSGCTL,
		unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_SEMCTL, unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK,
		unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_SETNS, unix.SYS_UNSHARE,
	}
	if runtime.GOARCH == "amd64" { // the old forms: open, mkdir, rename, link, unlink, symlink, chmod, chown, mknod
		calls = append(calls, 2, 82, 83, 86, 87, 88, 90, 92, 133)
	}
	return calls
}

// setRule adds or removes a rule, and waits for the kernel's answer. It takes a
// socket of its own, because the trail's hears nothing but records.
func setRule(kind uint16, r auditRule) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		return fmt.Errorf("audit rule: %w", err)
	}
	defer unix.Close(fd)
	payload := r.bytes()
	m := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(payload))
	binary.NativeEndian.PutUint32(m[0:], uint32(unix.SizeofNlMsghdr+len(payload)))
	binary.NativeEndian.PutUint16(m[4:], kind)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	binary.NativeEndian.PutUint32(m[8:], 1)
	if err := unix.Sendto(fd, append(m, payload...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("audit rule: %w", err)
	}
	return ruleAnswer(fd)
}

// ruleAnswer reads the acknowledgement: an error number, 0 for none.
func ruleAnswer(fd int) error {
	buf := make([]byte, 8<<10)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return fmt.Errorf("audit rule: %w", err)
	}
	if n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(buf[4:]) != unix.NLMSG_ERROR {
		return errors.New("audit rule: the kernel gave no answer")
	}
	if code := int32(binary.NativeEndian.Uint32(buf[unix.SizeofNlMsghdr:])); code != 0 {
		return fmt.Errorf("audit rule: %w", unix.Errno(-code))
	}
	return nil
}
