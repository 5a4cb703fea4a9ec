package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// load is what all processors have done since the computer was started.
type load struct {
	at    time.Time
	busy  float64 // seconds, of all processors and processes
	taken float64 // seconds that a host gave to others
	own   float64 // seconds of this process and those that it has waited for
}

// ticks is how many a second /proc/stat counts (USER_HZ, the same on every Linux).
const ticks = 100

// readLoad reads the first line of /proc/stat (proc(5)).
func readLoad() (load, error) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return load{}, err
	}
	var user, nice, system, idle, iowait, irq, softirq, steal float64
	line, _, _ := strings.Cut(string(data), "\n")
	if _, err := fmt.Sscanf(line, "cpu %g %g %g %g %g %g %g %g", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal); err != nil {
		return load{}, fmt.Errorf("/proc/stat: %w", err)
	}
	own, err := ownTime()
	busy := (user + nice + system + irq + softirq) / ticks
	return load{time.Now(), busy, steal / ticks, own}, err
}

// ownTime is the seconds of this process and its ended children.
func ownTime() (float64, error) {
	var total int64
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			return 0, os.NewSyscallError("getrusage", err)
		}
		total += u.Utime.Nano() + u.Stime.Nano()
	}
	return float64(total) / 1e9, nil
}

// since says which shares of the processors' time other processes and the host had.
func (l load) since(before load) string {
	all := l.at.Sub(before.at).Seconds() * float64(runtime.NumCPU())
	others := max(0, (l.busy-before.busy)-(l.own-before.own))
	return fmt.Sprintf("Meanwhile other processes had %.0f %% of the processors' time, and the host took %.0f %%.", 100*others/all, 100*(l.taken-before.taken)/all)
}
