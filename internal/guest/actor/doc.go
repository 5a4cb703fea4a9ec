// Package actor is a subject of a scenario as a process: it does what the agent
// orders, one step of one end of one object at a time, and reports each system
// call. It runs in the subject's domain, as its user, in its namespaces and under
// its filter, and has no right beyond the subject's. It decides nothing: the order
// of steps is package play's, what they mean is the host's.
//
// # How to add a mechanism
//
// Write one file with a type that implements [End], and add its constructor to the
// table in mechanisms.go. For each flow that is tried, play asks the two ends for
// their steps in this order:
//
//	maker Make, to Open, from Open, from Send, to Receive, to Close, from Close, agent Remove
//
// Where the maker is one of the two ends, its Make, Open and so on are calls of
// one and the same End; where it is a third subject, that has an End with
// Side == MakerSide, and no other step than Make and Close. Where the scenario
// names no maker, Make runs in the agent itself, as root, and dresses the object
// as Role says (see [Role.dress]). Remove always runs in the agent, in the
// maker's namespaces, with an End of its own.
//
// Rules for the steps:
//
//   - Make exactly the system calls that internal/mechanism/mechanisms.yaml lists:
//     a filter of the scenario refuses others. Tell each one to the [Trace] (Did),
//     and return the error that Did gives.
//   - Never block: O_NONBLOCK, IPC_NOWAIT, MSG_DONTWAIT, SOCK_NONBLOCK. What is not
//     there yet is EAGAIN (ENOMSG): play asks Receive again for a while.
//   - Use package unix on plain descriptors, not os or net: Go's poller makes
//     system calls of its own. Every descriptor is close-on-exec.
//   - A secret is 16 bytes. A mechanism that carries less says in Send what it put in.
//   - Another subject's descriptor comes by [Trace.TakeDescriptor], and goes by
//     [Trace.PassDescriptor]: over a socket that the agent made, so that nothing
//     but the receiver's rights to what is passed decides.
//
// Back channels are [Channel]s, in the table in channels.go.
package actor
