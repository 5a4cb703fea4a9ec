// Naive is a plain grader on testscript's built-in commands, as many write one
// in an afternoon: it builds and runs the submission under its own account,
// with the scripts and their golden files in the folder that the programs run
// in, reads verdicts out of a log, and keeps the results in a file beside it.
//
//	naive [-lab LAB] [-out FILE] [-run NAME,NAME] [-deadline 5s] SUBMISSION
//
// The red team shows with it that an attack is real. It must never be run on a
// computer that matters: the tests copy it into a guest and run it there.
//
// Every weakness is one that graders in use have, or had. Do not mend them.
//
//   - An archive is unpacked by joining names to the folder's (unpack.go).
//   - Tests that the submission brings along take the place of ours (stage).
//   - The build runs whatever the submission's Makefile says, without limits (build).
//   - testscript's Deadline ends the direct child only (run).
//   - A line of the log that says PASS is believed, whoever wrote it, and so is
//     a result in JSON (tally.go).
//   - The results lie in the working folder and are read back at the end (book.go).
//   - Reports put the log and the student's name into HTML, XML and CSV as they
//     are, and what was built is copied without a look at what it is (report.go).
package main
