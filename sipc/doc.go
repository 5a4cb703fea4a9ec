// Package sipc carries bulk data one way between two processes: through a
// System V shared memory segment that the receiver cannot write, announced on a
// System V message queue that the receiver cannot send to. The one thing that
// a sender can learn of its receiver is that a send blocks while the queue is
// full. docs/sipc-protocol.md is the protocol, for other implementations.
//
// A helper makes a channel ([Create]) and hands its [Descriptor], one line of
// text, to both ends. The sender opens it with [OpenSender], the receiver with
// [OpenReceiver]; neither makes or removes anything. The destroyer removes a
// channel with [Descriptor.Remove]; what crashed programs left behind is found
// by [Channels] and removed by [Collect].
//
// [Sender.Send] and [Receiver.Recv] copy. [Sender.Reserve] with
// [Sender.Commit], and [Receiver.Borrow] with [Receiver.Release], give the
// memory of the segment itself. Many small records belong into a [Packer], byte
// streams into [NewWriter] and [NewReader].
//
// Neither end trusts the other. A receiver validates all that it takes, in
// private memory; what breaks the protocol is a [*ProtocolError] and final. But
// borrowed memory is the sender's: it may be rewritten while it is read. Who
// parses it copies it first, or uses a channel with checksums, on which
// [Receiver.Borrow] copies.
//
// This package is not for data in both directions, and not for more than one
// sender or more than one receiver at a time. It does not hide that data is
// sent, nor what from: labels and modes do that. It runs on Linux only.
package sipc
