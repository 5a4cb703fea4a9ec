package main

import (
	"encoding/binary"
	"hash/crc32"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What both ends do with each message.
const (
	// copying: one copy into the channel out of private memory, one out of it
	// into private memory. So each end touches every byte.
	copying = "copying"
	// working: the sender makes every byte anew, the receiver adds all up; in
	// place where the channel lets them.
	working = "working"
	// timing: the sender waits until the receiver sleeps, and says when it sends.
	timing = "timing"
	// proving: every message is different, and both ends keep a checksum of all.
	proving = "proving"
)

// pause is what a timing sender waits before each message: the receiver is
// asleep by then.
const pause = 100 * time.Microsecond

// work does what an end does with each message, and keeps what came of it.
type work struct {
	kind    string
	count   uint64
	sum     uint64
	sent    int64   // when the last message was made, in nanoseconds
	arrived []int64 // how long each message was under way
	took    []int64 // how long each send took
}

// newWork makes the work of one end. Nothing is allocated later.
func newWork(t trial) *work {
	w := &work{kind: t.Work}
	if t.Work == timing {
		w.arrived = make([]int64, 0, t.Warm+t.Count)
		w.took = make([]int64, 0, t.Warm+t.Count)
	}
	return w
}

// make makes a message, or a part of one, at the sender.
func (w *work) make(p []byte) {
	switch w.kind {
	case working:
		w.count++
		fill(p, w.count)
	case proving:
		w.count++
		fill(p, w.count*0x9e3779b97f4a7c15)
		w.sum = check(w.sum, p)
	case timing:
		w.rest()
		w.sent = now()
		binary.NativeEndian.PutUint64(p, uint64(w.sent))
	}
}

// rest ends the time of the last send, and waits.
func (w *work) rest() {
	w.finish()
	time.Sleep(pause)
}

// finish ends the time of the last send.
func (w *work) finish() {
	if w.sent != 0 {
		w.took = append(w.took, now()-w.sent)
	}
}

// take looks at a message, or a part of one, at the receiver.
func (w *work) take(p []byte) {
	switch w.kind {
	case working:
		w.sum += sum(p)
	case proving:
		w.sum = check(w.sum, p)
	case timing:
		w.arrived = append(w.arrived, now()-int64(binary.NativeEndian.Uint64(p)))
	}
}

// forget drops what came of the warm-up.
func (w *work) forget() { w.arrived, w.took, w.sent = w.arrived[:0], w.took[:0], 0 }

// now is CLOCK_MONOTONIC, which all processes share, in nanoseconds.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // every Linux has this clock
	}
	return t.Nano()
}

// check adds bytes to a checksum; where one part ends and the next begins does
// not matter.
func check(sum uint64, p []byte) uint64 {
	return uint64(crc32.Update(uint32(sum), crc32.MakeTable(crc32.Castagnoli), p))
}

// words are the whole 8-byte words of p, whose start must be aligned, and the rest.
func words(p []byte) (whole []uint64, rest []byte) {
	n := len(p) / 8
	if n == 0 {
		return nil, p
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(p))), n), p[n*8:]
}

// fill writes every byte of p, as memory's speed allows.
func fill(p []byte, seed uint64) {
	whole, rest := words(p)
	for len(whole) >= 4 {
		whole[0], whole[1], whole[2], whole[3] = seed, seed+1, seed+2, seed+3
		seed += 4
		whole = whole[4:]
	}
	for i := range whole {
		whole[i] = seed
		seed++
	}
	for i := range rest {
		rest[i] = byte(seed)
		seed++
	}
}

// sum reads every byte of p, as memory's speed allows.
func sum(p []byte) uint64 {
	whole, rest := words(p)
	var a, b, c, d uint64
	for len(whole) >= 4 {
		a, b, c, d = a+whole[0], b+whole[1], c+whole[2], d+whole[3]
		whole = whole[4:]
	}
	for _, v := range whole {
		a += v
	}
	for _, v := range rest {
		a += uint64(v)
	}
	return a + b + c + d
}
