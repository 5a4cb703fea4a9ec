// Package qemu is the machine driver for plain QEMU, with KVM or in software.
//
// An image is booted once; the running machine is then frozen as a Snapshot:
// its disk, its memory and the state of its devices. Every session is a clone
// of a snapshot: a copy-on-write disk, and the snapshot's memory file mapped
// privately, so that restoring copies nothing and clones share what they do not
// change. A lab's own snapshot is made from the image's by restoring it,
// loading the lab's policy and freezing it again.
//
// Each clone has a supervisor, a process of its own (see Supervise), that
// starts QEMU, reaps it, and carries any number of connections over the one
// virtio-serial port to the agent. A lock that the supervisor holds is what
// "running" means; nothing depends on process ids.
//
// What runs inside the machine is not this package's business: it hands out
// byte streams to the agent.
package qemu
