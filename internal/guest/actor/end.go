package actor

import (
	"fmt"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// End is what one subject does with one object. See the package comment for when
// its steps are called.
type End interface {
	// Make makes the object, of which the subject is the maker.
	Make(t *Trace) error
	// Open gets hold of the object as far as can be before anything is sent.
	Open(t *Trace) error
	// Send puts the secret in. It gives what the other end must read: the secret,
	// or as much of it as the mechanism carries.
	Send(t *Trace, secret []byte) ([]byte, error)
	// Receive takes out what is there, EAGAIN or ENOMSG when there is nothing yet.
	Receive(t *Trace) ([]byte, error)
	// Close lets go of everything. It does not remove the object.
	Close()
	// Remove removes the object, if it is there.
	Remove() error
}

// Side is the part that an End has in a flow.
type Side string

// The sides.
const (
	FromSide  Side = "from"
	ToSide    Side = "to"
	MakerSide Side = "maker" // makes the object, and has no part in the flow
)

// Role is what an End is told at its beginning.
type Role struct {
	Object api.ObjectSpec  `json:"object"`
	Of     *api.ObjectSpec `json:"of,omitempty"` // of a descriptor: what it is open on
	Side   Side            `json:"side"`
	How    string          `json:"how"`   // the way, empty for the usual one
	Makes  bool            `json:"makes"` // the subject is the object's maker
	// Third says that the maker is neither of the two ends: it passes on what it made.
	Third bool `json:"third"`
	// Peer is the process of the other end, in the subject's own pid namespace.
	Peer int `json:"peer"`
	// Key is by which a System V object is found (ftok(3)), which the agent tells: a
	// subject may not be allowed to look at the file that it comes from.
	Key int32 `json:"key,omitempty"`

	// How Make dresses the object.
	UID  int    `json:"uid"`  // -1: it stays the maker's
	GID  int    `json:"gid"`  // -1: likewise
	Mode uint32 `json:"mode"` // 0: the mechanism's own default
	Type string `json:"type"` // a whole SELinux context; empty: what the policy gives it
}

// mode is the object's mode, or another one where the scenario gives none.
func (r Role) mode(otherwise uint32) uint32 {
	if r.Mode == 0 {
		return otherwise
	}
	return r.Mode
}

// dress gives an object that has a path its type, owner and mode, in an order in
// which each call undoes nothing of another. A maker that is no administrator may
// give it to a group that it is in.
func (r Role) dress(t *Trace, path string) error {
	if r.Type != "" {
		err := unix.Lsetxattr(path, "security.selinux", append([]byte(r.Type), 0), 0)
		if err := t.Did("setxattr", err, "lsetxattr(%q, \"security.selinux\", %q)", path, r.Type); err != nil {
			return err
		}
	}
	if r.UID >= 0 || r.GID >= 0 {
		if err := t.Did("chown", unix.Lchown(path, r.UID, r.GID), "lchown(%q, %d, %d)", path, r.UID, r.GID); err != nil {
			return err
		}
	}
	if r.Mode == 0 {
		return nil
	}
	return t.Did("chmod", unix.Chmod(path, r.Mode), "chmod(%q, %#o)", path, r.Mode)
}

// bare has the steps of a mechanism that needs nothing done in them.
type bare struct{}

func (bare) Make(*Trace) error { return nil }
func (bare) Open(*Trace) error { return nil }
func (bare) Close()            {}
func (bare) Remove() error     { return nil }

// unlink removes a name, if it is there.
func unlink(path string) error {
	if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// closeAll closes descriptors; -1 is none.
func closeAll(descriptors ...*int) {
	for _, d := range descriptors {
		if *d >= 0 {
			unix.Close(*d)
			*d = -1
		}
	}
}

// SecretSize is the length of a secret in bytes.
const SecretSize = 16

// maxRead bounds what Receive takes at once.
const maxRead = 4096
