// Package guest is what runs inside the teaching machine: the agent, which is
// the host's hand there, and the trusted probe and actors, which attempt
// operations in a student's place.
//
// One static binary, cmd/ipclab-guest, holds all of it. It is installed under
// two names because each name has its own SELinux type: the agent's is an entry
// point of the agent's domain, the probe's an entry point of every subject's.
//
// The package decides nothing about labs, points or verdicts: it does what the
// host asks and reports what the kernel answered. Its vocabulary is in guest/api.
package guest
