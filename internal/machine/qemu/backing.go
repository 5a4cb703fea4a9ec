package qemu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// backing reads which file a qcow2 disk lies over; empty is none. A cache that
// was moved has disks whose backing files are not there any more.
func backing(disk string) (string, error) {
	f, err := os.Open(disk)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var header struct {
		Magic   [4]byte
		Version uint32
		Offset  uint64 // of the backing file's name
		Length  uint32 // of it
	}
	if err := binary.Read(io.NewSectionReader(f, 0, 20), binary.BigEndian, &header); err != nil {
		return "", fmt.Errorf("%s: %w", disk, err)
	}
	const longest = 1023 // as the format has it
	if !bytes.Equal(header.Magic[:], []byte("QFI\xfb")) || header.Length > longest {
		return "", fmt.Errorf("%s is no qcow2 disk", disk)
	}
	if header.Offset == 0 {
		return "", nil
	}
	name := make([]byte, header.Length)
	if _, err := f.ReadAt(name, int64(header.Offset)); err != nil {
		return "", fmt.Errorf("%s: %w", disk, err)
	}
	return string(name), nil
}
