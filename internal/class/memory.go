package class

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// availableMemory is what the kernel can give away without swapping, in bytes:
// MemAvailable of proc(5). Where it cannot be read it is no limit.
func availableMemory() uint64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return math.MaxInt64
	}
	defer f.Close()
	return parseAvailable(f)
}

func parseAvailable(meminfo io.Reader) uint64 {
	for lines := bufio.NewScanner(meminfo); lines.Scan(); {
		var kB uint64
		if _, err := fmt.Sscanf(strings.TrimSpace(lines.Text()), "MemAvailable: %d kB", &kB); err == nil {
			return kB << 10
		}
	}
	return math.MaxInt64
}
