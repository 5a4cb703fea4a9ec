package explain

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// AUDIT_ARCH_* of linux/audit.h.
const (
	archX86   = 0xc000003e
	archARM64 = 0xc00000b7
)

//go:embed syscalls.txt
var callData string

// callTable reads syscalls.txt, once: by architecture and number.
var callTable = sync.OnceValue(func() map[uint32]map[int]string {
	table := map[uint32]map[int]string{archX86: {}, archARM64: {}}
	for line := range strings.Lines(callData) {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] == "#" {
			continue
		}
		for i, arch := range []uint32{archX86, archARM64} {
			if n, err := strconv.Atoi(words[i+1]); err == nil {
				table[arch][n] = words[0]
			}
		}
	}
	return table
})

// callName names a system call; where it is not known, by its number.
func callName(arch uint32, number int) string {
	if name, ok := callTable()[arch][number]; ok {
		return name
	}
	return fmt.Sprintf("system call %d", number)
}

// callText tells a call with the arguments that say what was wanted: the flags
// of open, the number of kill. Other arguments are addresses.
func callText(name string, args [4]string) string {
	switch name {
	case "open":
		return "open(…, " + openFlags(args[1]) + ")"
	case "openat":
		return "openat(…, " + openFlags(args[2]) + ")"
	case "kill", "tgkill", "tkill":
		return name + "(…)"
	case "":
		return ""
	}
	if strings.HasPrefix(name, "system call ") {
		return name
	}
	return name + "()"
}

// Flags of open(2) on x86-64 and arm64 that change what is asked for.
const (
	openAccess = 0o3
	openCreate = 0o100
	openTrunc  = 0o1000
	openAppend = 0o2000
)

// openFlags tells the flags in words; interpreted text has them so already.
func openFlags(arg string) string {
	n, err := strconv.ParseUint(arg, 16, 64)
	if err != nil {
		if arg == "" || strings.ContainsFunc(arg, func(r rune) bool { return r != '|' && r != '_' && (r < 'A' || r > 'Z') }) {
			return "…"
		}
		return arg
	}
	words := []string{[]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR"}[n&openAccess]}
	for _, flag := range []struct {
		bit  uint64
		name string
	}{{openCreate, "O_CREAT"}, {openTrunc, "O_TRUNC"}, {openAppend, "O_APPEND"}} {
		if n&flag.bit != 0 {
			words = append(words, flag.name)
		}
	}
	return strings.Join(words, "|")
}
