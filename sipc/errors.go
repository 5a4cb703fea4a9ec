package sipc

import (
	"errors"
	"fmt"
	"syscall"
)

var (
	// ErrRemoved is what any call finds when the queue or the segment is gone, or
	// never was.
	ErrRemoved = errors.New("sipc: the channel was removed")
	// ErrClosed is the answer of a closed end, also to a call that Close
	// interrupted.
	ErrClosed = errors.New("sipc: closed")
	// ErrSilent tells a receiver that its sender is gone: it had nothing to say for
	// three times as long as it may be silent. Another sender may begin, and the
	// receiver can be used further.
	ErrSilent = errors.New("sipc: the sender is silent")
	// ErrFinished is the answer to sending after [Sender.Finish].
	ErrFinished = errors.New("sipc: the sender has finished")
	// ErrTooLong is the answer of [Sender.Reserve] and [Sender.Commit] to more
	// bytes than a slot has.
	ErrTooLong = errors.New("sipc: more than a slot holds")
	// ErrNotReserved is the answer of [Sender.Commit] without [Sender.Reserve].
	ErrNotReserved = errors.New("sipc: nothing is reserved")
	// ErrPacked is the answer of [Receiver.Recv] to a message of packed records,
	// which it has dropped: an [Unpacker] reads those.
	ErrPacked = errors.New("sipc: packed records")
)

// Error is a system call that failed. errors.Is finds the errno in it, through
// that fs.ErrPermission, fs.ErrExist and fs.ErrNotExist, and [ErrRemoved].
type Error struct {
	Op     string // "msgsnd"
	Object string // "queue 3", "key 0x51a2b3c4"
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("sipc: %s: %s: %v", e.Object, e.Op, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Is has ErrRemoved stand for the two ways in which the kernel says it. (What
// shmget finds invalid is a size.)
func (e *Error) Is(target error) bool {
	gone := errors.Is(e.Err, syscall.EIDRM) || errors.Is(e.Err, syscall.EINVAL) && e.Op != "shmget"
	return target == ErrRemoved && gone
}

// Hint says what one can do about it, or nothing.
func (e *Error) Hint() string {
	switch {
	case errors.Is(e, ErrRemoved):
		return "the channel is gone: have the helper make another one"
	case errors.Is(e.Err, syscall.EEXIST):
		return "the key is taken: use another path, or remove what is left of the channel that had it"
	case errors.Is(e.Err, syscall.EACCES), errors.Is(e.Err, syscall.EPERM):
		return "neither the modes of the channel nor the policy may let you: look at ipcs and at the audit log"
	case errors.Is(e.Err, syscall.ENOSPC):
		return "this computer has as many queues or segments as it may: remove what nobody uses"
	}
	return ""
}

// The fields that a [ProtocolError] can name: those of a message, then those of a
// segment's header.
const (
	FieldType     = "type"
	FieldSize     = "message size"
	FieldSequence = "sequence"
	FieldLength   = "length"
	FieldFlags    = "flags"
	FieldChecksum = "checksum"
	FieldReserved = "field that must be 0"

	FieldSegment     = "segment size"
	FieldMagic       = "magic"
	FieldMode        = "mode"
	FieldCapacity    = "capacity"
	FieldSlots       = "number of slots"
	FieldHeaderFlags = "header flags"
	FieldSlotSize    = "slot size"
	FieldOffset      = "offset of slot 0"
	FieldQuantum     = "quantum"
	FieldHold        = "hold"
)

// ProtocolError is a violation of the protocol by the other end, or a segment or
// queue that is no channel's. It is final.
type ProtocolError struct {
	Field string // what was wrong, in the words of docs/sipc-protocol.md
	Got   uint64
	Want  string // "at most 131072"
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("sipc: protocol violation: %s is %d, not %s", e.Field, e.Got, e.Want)
}

// ConfigError is a channel that cannot be.
type ConfigError struct {
	Field  string // "capacity"
	Reason string // what follows the field's name in a sentence
}

func (e *ConfigError) Error() string { return "sipc: " + e.Field + " " + e.Reason }

// DescriptorError is text that is no descriptor.
type DescriptorError struct{ Text string }

func (e *DescriptorError) Error() string { return fmt.Sprintf("sipc: %q is no descriptor", e.Text) }

// Hint shows how one looks.
func (e *DescriptorError) Hint() string {
	return "a descriptor is what the helper prints: sipc:1:QUEUE:SEGMENT"
}
