// Package class grades a class: every submission in a process and a machine of
// its own, several at a time, each grade kept as soon as it is known.
//
// # One submission
//
// The grading process (Run) starts a worker for it, in which Work unpacks the
// submission, starts a clone and lets the check engine judge. The worker tells
// through a pipe which check it has come to, and at last its Answer. Of that only
// typed values count, and only after they were held against the lab. A worker
// that falls silent is killed. Its clone hangs on a leash of which the worker
// holds the other end, and the worker dies with the process that started it: so
// whatever is killed, nothing is left running.
//
// # What an answer is worth
//
// Trouble of the machine is tried again in a new clone, and after three of them
// it is what the grade says; there is no score then. A check that failed for
// want of time is judged once more, with twice the time and without other
// machines beside it, and only that counts. So a grade depends neither on the
// order of the submissions nor on how many are judged at a time.
//
// # What is kept
//
// A grade is written in one step, with a key: the digest of all that it depends
// on. Whoever goes on in the same folder keeps those whose key is the same.
// Times decide nothing but when a silent worker is given up, and those are read
// from a clock that nobody can set.
//
// The package prints nothing; it knows neither archives nor reports from inside.
package class
