package play

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// noticed is the answer of a receiver that a signal has ended or stopped: it cannot
// report that itself, so its conductor does. False: the signal is none of these.
func (a *attempt) noticed() (outcome, bool) {
	signal := a.object.Signal
	if a.object.Kind != "signal" || signal != "KILL" && signal != "STOP" {
		return outcome{}, false
	}
	for deadline := time.Now().Add(receiveWait); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		state := stateOf(a.to.pid())
		if signal == "STOP" && state == 'T' {
			unix.Kill(a.to.pid(), unix.SIGCONT)
			return a.came("the agent sees it stopped"), true
		}
		if signal == "KILL" && (state == 'Z' || state == 'X') {
			a.to.reap()
			return a.came("the agent sees it ended by " + a.to.ended), true
		}
	}
	return outcome{Answer: actor.Answer{Errno: "EAGAIN"}}, true
}

// came reports that a signal came.
func (a *attempt) came(text string) outcome {
	a.tried.Steps = append(a.tried.Steps, api.Called{Actor: a.to.spec.Name, PID: a.to.pid(), Context: a.to.context, Call: "signal", Text: text})
	return outcome{Answer: actor.Answer{Data: []byte(a.object.Signal)}}
}

// stateOf is a process's state in proc(5): T is stopped, Z ended and not waited for,
// X gone.
func stateOf(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	at := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if err != nil || at < 0 || at+2 >= len(stat) {
		return 'X'
	}
	return stat[at+2]
}
