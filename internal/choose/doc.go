// Package choose says which mechanism of inter-process communication suits given
// needs. What it knows of each is data of three kinds: what manuals say
// (mechanisms.yaml), what scenarios of the library demonstrated in a machine
// (demonstrated.json), and how fast it was on a computer (speed.json). The last two
// are written by programs: by the test that plays the library (package vmtest), and
// by `make bench-ipc`.
//
// It plays nothing and measures nothing. What a scenario's play came to, it is given
// as a view.
package choose
