package actor

import (
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// What an actor finds open when it starts.
const (
	ControlFD = 3 // orders and answers, one datagram each (SOCK_SEQPACKET)
	ParcelFD  = 4 // descriptors
)

// MaxDatagram bounds an order and an answer in bytes.
const MaxDatagram = 32 << 10

// Step is what an order asks for.
type Step string

// The steps. All but the first and the last are an End's or a Channel's.
const (
	StepSetup   Step = "setup" // the first: put the filter on and say who you are
	StepMake    Step = "make"
	StepOpen    Step = "open"
	StepSend    Step = "send"
	StepReceive Step = "receive"
	StepSignal  Step = "signal"
	StepLook    Step = "look"
	StepKeep    Step = "keep"    // what the keeper of a back channel does
	StepSignals Step = "signals" // many bits, by the clock
	StepLooks   Step = "looks"   // the same at the other end
	StepClose   Step = "close"   // everything, of all ends
)

// Order is one step that an actor is to make.
type Order struct {
	Step   Step        `json:"step"`
	Filter *api.Filter `json:"filter,omitempty"` // of setup
	Role   Role        `json:"role"`
	Back   *Role       `json:"back,omitempty"` // of signal and look: the part in the back channel
	Secret []byte      `json:"secret,omitempty"`
	Bit    bool        `json:"bit,omitempty"`

	// Of signals and looks: the bits, of which who looks takes the number only, when
	// the first slot begins (CLOCK_MONOTONIC) and how long each is, in nanoseconds.
	Bits  []bool `json:"bits,omitempty"`
	Begin int64  `json:"begin,omitempty"`
	Slot  int64  `json:"slot,omitempty"`
}

// Answer is what came of it.
type Answer struct {
	PID     int    `json:"pid,omitempty"`     // of setup: its own, in its pid namespace
	Context string `json:"context,omitempty"` // of setup: its SELinux context

	Call    string `json:"call,omitempty"` // the last system call
	Text    string `json:"text,omitempty"` // all of them
	Errno   string `json:"errno,omitempty"`
	Data    []byte `json:"data,omitempty"`   // what was sent or received
	Bit     bool   `json:"bit,omitempty"`    // what was seen
	Bits    []bool `json:"bits,omitempty"`   // likewise, of looks
	Passed  []Side `json:"passed,omitempty"` // for whom descriptors wait in the parcel socket
	Taken   int    `json:"taken,omitempty"`  // how many descriptors it took from there
	Trouble string `json:"trouble,omitempty"`
}

// hear reads an order. It is false when there will be none any more.
func hear(fd int) (Order, bool, error) {
	buf := make([]byte, MaxDatagram)
	var o Order
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return o, false, fmt.Errorf("hear an order: %w", err)
		case n == 0:
			return o, false, nil
		}
		if err := json.Unmarshal(buf[:n], &o); err != nil {
			return o, false, fmt.Errorf("read an order: %w", err)
		}
		return o, true, nil
	}
}

// say writes an answer.
func say(fd int, a Answer) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	for {
		err = unix.Sendto(fd, data, 0, nil)
		if err != unix.EINTR {
			return err
		}
	}
}
