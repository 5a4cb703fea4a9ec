// Package workspace is the student's folder on the host: it is filled once
// with a lab's starter, read into memory for every check, watched, and reset.
//
// A student's file is never overwritten and never removed: Create only adds
// what is absent, Reset moves everything aside. Nothing of the project's own
// is kept in the folder, except while it is being filled.
//
// Snapshot trusts the folder with nothing. It may be a stranger's submission:
// links, special files and sheer size are refused with a *Error that names the
// path. The package knows nothing of labs or of the guest.
package workspace
