package main

import (
	"os"
	"syscall"
)

// usage is the most memory that a finished process had resident, in MB.
func usage(s *os.ProcessState) (float64, bool) {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	return float64(u.Maxrss) / 1024, true
}
