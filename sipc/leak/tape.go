package leak

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A tape is a file of numbers that a process notes down for the one that started
// it. It is mapped, so that noting costs no system call and what is noted
// survives a kill. Nothing of it goes to the other end.
type tape struct{ words []int64 }

// makeTape makes a file for so many numbers.
func makeTape(path string, length int) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Truncate(int64(length+1) * 8)
}

// openTape maps it, touched: its pages are not to be made while it is measured.
func openTape(path string) (*tape, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return &tape{words: unsafe.Slice((*int64)(unsafe.Pointer(&memory[0])), len(memory)/8)}, nil
}

// note adds a number. It says whether there is room for another one.
func (t *tape) note(value int64) bool {
	n := t.words[0] + 1
	t.words[n] = value
	t.words[0] = n
	return int(n)+1 < len(t.words)
}

// readTape is what was noted.
func readTape(path string) ([]int64, error) {
	t, err := openTape(path)
	if err != nil {
		return nil, err
	}
	noted := append([]int64(nil), t.words[1:1+t.words[0]]...)
	return noted, t.close()
}

func (t *tape) close() error {
	return unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(&t.words[0])), len(t.words)*8))
}
