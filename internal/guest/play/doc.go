// Package play plays a scenario in the machine: it starts an actor for each
// subject, makes the objects, and has the two ends of each flow, back channel and
// revocation make their steps one after the other. It reports what each system
// call gave, and which audit records the kernel wrote meanwhile of that very
// process. It judges nothing (internal/observed does, on the host), and knows no
// mechanism (package actor does).
//
// All that it asks of the agent is the interface Stage, so that it can be tested
// with actors that are ordinary processes of this computer.
package play
