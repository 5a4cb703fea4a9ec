// Package vmtest proves ipclab from the outside: scripts drive the real program
// against real machines, with SELinux enforcing, and with everything that can
// go wrong. It holds tests only.
//
// The scripts are in testdata/script. They are testscript files
// (github.com/rogpeppe/go-internal/testscript): a line is a command, "!" before
// it says that it must fail, `stdout` and `stderr` look at what the last
// command printed, with a regular expression, and after the lines stand the
// files that the script needs. Package scriptjobs adds commands for programs in the
// background and in terminals (begin, terminal, await, type, ended …). Those of our own are:
//
//	kill9 qemu|supervisor LAB     kill -9 this process of the lab's machine
//	kill-grading qemu|supervisor|worker|grader
//	                              kill -9 such a process of `ipclab grade`
//	no-processes                  wait until no process of this script is left
//	nothing-left                  as no-processes; and no socket or disk may be left
//	streams BYTES PEAK PROGRAM…   it must print so many bytes, and its memory must
//	                              stay below PEAK megabytes
//	peak PEAK LAB                 so must the memory of the lab's supervisor
//	private-cache image|all       continue with a cache of the script's own
//	small-disk FOLDER SIZE        put a file system of that size there
//	hand-in LAB solution|starter FOLDER…
//	                              put that of a lab in testdata/labs there
//	mutant FOLDER NAME=FILE…      the lab fifo's solution, with these files replaced
//	workflow CODE FILE FOLDER     run the steps of a CI workflow there; the job must end
//	                              with this code
//
// Each script has folders of its own: $WORK, where it runs; $STATE, where ipclab
// keeps machines; $LABS, where workspaces are. $TESTLABS has labs for the tests.
// The image is shared.
//
//	IPCLAB_TEST_CACHE   where it is kept, in place of XDG_CACHE_HOME
//
// A test never passes because a machine could not be started.
package vmtest
