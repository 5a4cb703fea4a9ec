// Package guest is the agent inside the teaching machine: the host's hand there.
// It starts the trusted probe, which attempts operations in a student's place and
// is a program of its own, vagrant/guest/probe.c.
//
// One static binary, cmd/ipclab-guest, holds all of it. It is installed under
// two names because each name has its own SELinux type: the agent's is an entry
// point of the agent's domain, the other lets a student copy files by SFTP.
//
// The package decides nothing about labs, points or verdicts: it does what the
// host asks and reports what the kernel answered. Its vocabulary is in guest/api.
package guest
