package actor

import "fmt"

// ends are the mechanisms by their kinds (internal/mechanism).
func ends() map[string]func(Role) End {
	return map[string]func(Role) End{
		"fifo":           newFIFO,
		"pipe":           newPipe,
		"file":           newFile,
		"descriptor":     newDescriptor,
		"signal":         newSignal,
		"exit":           newExit,
		"msgq":           newMsgq,
		"shm":            newShm,
		"sem":            newSem,
		"posix-mq":       newPosixMq,
		"posix-shm":      newPosixShm,
		"unix-stream":    newSocket,
		"unix-dgram":     newSocket,
		"unix-seqpacket": newSocket,
		"netlink":        newSocket,
		"tcp":            newSocket,
		"udp":            newSocket,
		"sctp":           newSocket,
	}
}

// New makes the end of a role.
func New(r Role) (End, error) {
	make, ok := ends()[r.Object.Kind]
	if !ok {
		return nil, fmt.Errorf("no actor knows the mechanism %q", r.Object.Kind)
	}
	return make(r), nil
}
