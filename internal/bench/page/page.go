// Package page has what the pages that benchmarks write have in common: which
// computer it was, medians and spreads, and a file that is there as a whole or
// not at all. What is measured, and how it is said, belongs to each benchmark.
package page

import (
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Processor names this computer's processor.
func Processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// Kernel names the kernel and its version, without what a vendor adds to that.
func Kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "Linux"
	}
	release, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
	return "Linux " + release
}

// Sorted is a sorted copy.
func Sorted(values []float64) []float64 { return slices.Sorted(slices.Values(values)) }

// Median is the middle of the values, of which there is at least one.
func Median(values []float64) float64 {
	s := Sorted(values)
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
