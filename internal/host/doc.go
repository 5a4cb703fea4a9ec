// Package host is this computer as ipclab uses it: where its files are, the
// guest image, the snapshots made from it, the clones that run, and the policy
// compiler. It makes each of them when it is first needed and keeps it for the
// next time.
//
// It knows what a lab needs of a machine, and nothing of students, checks or
// terminals.
package host
