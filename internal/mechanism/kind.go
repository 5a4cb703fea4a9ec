// Package mechanism knows the mechanisms of inter-process communication: what
// each is called, which ways of using it there are, and what each way asks of the
// kernel: system calls, permissions, modes, namespaces. What it knows is data
// (mechanisms.yaml). Nothing is judged or tried here.
package mechanism

// Kind is a mechanism, as scenarios and labs name it.
type Kind string

// The mechanisms.
const (
	FIFO          Kind = "fifo"
	Pipe          Kind = "pipe"
	File          Kind = "file"
	Queue         Kind = "msgq" // System V
	Segment       Kind = "shm"
	Semaphores    Kind = "sem"
	POSIXQueue    Kind = "posix-mq"
	POSIXSegment  Kind = "posix-shm"
	UnixStream    Kind = "unix-stream"
	UnixDatagram  Kind = "unix-dgram"
	UnixSeqpacket Kind = "unix-seqpacket"
	Descriptor    Kind = "descriptor" // a descriptor of another object, passed over a Unix socket
	Netlink       Kind = "netlink"
	TCP           Kind = "tcp"
	UDP           Kind = "udp"
	SCTP          Kind = "sctp"
	Signal        Kind = "signal"
	Exit          Kind = "exit" // exit status
)

// Kinds are all mechanisms, in the order in which pages list them.
func Kinds() []Kind {
	return []Kind{
		FIFO, Pipe, File, Queue, Segment, Semaphores, POSIXQueue, POSIXSegment, UnixStream, UnixDatagram,
		UnixSeqpacket, Descriptor, Netlink, TCP, UDP, SCTP, Signal, Exit,
	}
}
