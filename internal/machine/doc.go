// Package machine is a place to run: a connection to the agent of a machine
// that some driver provides. To everything above it a machine is SSH (package
// golang.org/x/crypto/ssh) over a byte stream; what the stream goes through is
// the driver's business (machine/qemu).
package machine
