package cli

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"ipclab/sipc"
)

func TestObjectAllows(t *testing.T) {
	me, group := uint32(os.Geteuid()), uint32(os.Getegid())
	const other = 1 << 30
	tests := map[string]struct {
		o    object
		want uint32
		ok   bool
	}{
		"mine":                          {object{mode: 0o600, uid: me}, 6, true},
		"made by me":                    {object{mode: 0o600, uid: other, cuid: me}, 6, true},
		"mine, read-only":               {object{mode: 0o400, uid: me}, 6, false},
		"mine, closed to me alone":      {object{mode: 0o066, uid: me, gid: group}, 2, false},
		"my group's":                    {object{mode: 0o640, uid: other, cuid: other, gid: group}, 4, true},
		"my group's, writing":           {object{mode: 0o640, uid: other, cuid: other, gid: group}, 2, false},
		"others'":                       {object{mode: 0o604, uid: other, gid: other, cuid: other, cgid: other}, 4, true},
		"others', only to read":         {object{mode: 0o604, uid: other, gid: other, cuid: other, cgid: other}, 6, false},
		"others', not at all":           {object{mode: 0o660, uid: other, gid: other, cuid: other, cgid: other}, 4, false},
		"others', though I want little": {object{mode: 0o660, uid: other, gid: other, cuid: other, cgid: other}, 2, false},
	}
	for name, test := range tests {
		if got := test.o.allows(test.want); got != test.ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What the mode allows and the kernel denies, SELinux denied.
func TestDenialHint(t *testing.T) {
	d, err := sipc.Create(sipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	queue := strings.Split(d.String(), ":")[2]
	denied := &sipc.Error{Op: "msgrcv", Object: "queue " + queue, Err: syscall.EACCES}
	if hint := denialHint(denied, receiving); !strings.Contains(hint, "so it was SELinux") {
		t.Errorf("mode 0600, denied to its owner: %s", hint)
	}
	gone := &sipc.Error{Op: "msgrcv", Object: "queue 2147483647", Err: syscall.EACCES}
	if hint := denialHint(gone, receiving); !strings.Contains(hint, "ipcs") || !strings.Contains(hint, "ausearch") {
		t.Errorf("of a queue that is not listed: %s", hint)
	}
}

func TestExplain(t *testing.T) {
	d := sipc.Descriptor{Queue: 7, Segment: 8}
	removed := &sipc.Error{Op: "msgsnd", Object: "queue 7", Err: syscall.EIDRM}
	protocol := &sipc.ProtocolError{Field: sipc.FieldLength, Got: 9, Want: "at most 8"}
	tests := map[string]struct {
		err        error
		what, hint string
		code       int
	}{
		"removed":    {removed, "there is no channel sipc:1:7:8", "helper", codeMachine},
		"silent":     {sipc.ErrSilent, "silent", "another sender", codeMachine},
		"violation":  {protocol, "protocol violation: length is 9", "sipc-protocol.md", codeStudent},
		"packed":     {sipc.ErrPacked, "packed records", "--records", codeStudent},
		"cut off":    {sipc.ErrTruncated, "broke off", "receive again", codeMachine},
		"not ours":   {&sipc.Error{Op: "msgctl", Object: "queue 7", Err: syscall.EPERM}, "permission denied", "ipcs", codeMachine},
		"unknown":    {fs.ErrClosed, fs.ErrClosed.Error(), "", codeMachine},
		"descriptor": {&sipc.DescriptorError{Text: "x"}, "no descriptor", "sipc:1:", codeUsage},
	}
	for name, test := range tests {
		err := explainChannel(d, receiving, test.err)
		if !strings.Contains(err.Error(), test.what) || strings.Contains(err.Error(), "sipc: ") && name != "descriptor" {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(hintOf(err), test.hint) || codeOf(err) != test.code || !errors.Is(err, test.err) {
			t.Errorf("%s: hint %q, code %d, %v", name, hintOf(err), codeOf(err), errors.Is(err, test.err))
		}
	}
	if explainChannel(d, sending, nil) != nil {
		t.Error("no error became one")
	}
}
