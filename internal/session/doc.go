// Package session is one student at work on one lab: the workspace on this
// computer, the clone that runs for it, and what its checks came to. It joins
// the folder, the machine and the check engine; it prints nothing.
package session
