//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package sysv

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ShmGet finds or makes a segment. A mode is part of the flags.
func ShmGet(key int32, size, flags int) (int, error) {
	id, _, errno := syscall.Syscall(unix.SYS_SHMGET, uintptr(key), uintptr(size), uintptr(flags))
	return int(id), asError(errno)
}

// Segment is an attached segment.
type Segment struct {
	Bytes []byte // all of it
	addr  uintptr
}

// Attach is shmat, with the flag ReadOnly or 0. It learns the size from
// /proc/self/maps, for IPC_STAT is a right of its own.
func Attach(id, flags int) (Segment, error) {
	addr, _, errno := syscall.Syscall(unix.SYS_SHMAT, uintptr(id), 0, uintptr(flags))
	if errno != 0 {
		return Segment{}, errno
	}
	size, err := mappedSize(addr, id)
	if err != nil {
		shmdt(addr)
		return Segment{}, err
	}
	return Segment{Bytes: view(addr, size), addr: addr}, nil
}

// view makes a slice of memory that is not Go's.
func view(addr uintptr, size int) []byte {
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&addr))), size)
}

// Detach is shmdt. Whoever uses the bytes afterwards crashes.
func (s Segment) Detach() error { return asError(shmdt(s.addr)) }

func shmdt(addr uintptr) syscall.Errno {
	_, _, errno := syscall.Syscall(unix.SYS_SHMDT, addr, 0, 0)
	return errno
}

func mappedSize(addr uintptr, id int) (int, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, err
	}
	return ParseMaps(maps, uint64(addr), id)
}

// ParseMaps looks in what /proc/PID/maps says for the segment that is attached
// at addr, and returns its size. The inode of a segment is its identifier
// (proc_pid_maps(5), ipc/shm.c).
func ParseMaps(maps []byte, addr uint64, id int) (int, error) {
	for line := range bytes.Lines(maps) {
		fields := bytes.Fields(line)
		if len(fields) < 6 || !bytes.HasPrefix(fields[5], []byte("/SYSV")) {
			continue
		}
		from, to, ok := bytes.Cut(fields[0], []byte("-"))
		if !ok {
			continue
		}
		begin, err := strconv.ParseUint(string(from), 16, 64)
		if err != nil || begin != addr {
			continue
		}
		end, err := strconv.ParseUint(string(to), 16, 64)
		inode, err2 := strconv.ParseUint(string(fields[4]), 10, 64)
		if err == nil && err2 == nil && end > begin && end-begin <= 1<<62 && inode == uint64(id) {
			return int(end - begin), nil
		}
	}
	return 0, fmt.Errorf("no mapping of segment %d begins at %#x", id, addr)
}

// shmid is struct shmid64_ds of 64-bit computers (asm-generic/shmbuf.h).
type shmid struct {
	Perm                perm
	Size                uint64
	Atime, Dtime, Ctime int64
	Creator, Last       int32
	Attached            uint64
	_, _                uint64
}

// ShmSegment is what IPC_STAT tells of a segment.
type ShmSegment struct {
	Key                 int32
	UID, GID            uint32
	Mode                uint32
	Size                uint64
	Atime, Dtime, Ctime int64 // seconds since 1970; 0 never
	Creator, Last       int32 // process IDs
	Attached            uint64
}

// ShmStat is IPC_STAT.
func ShmStat(id int) (ShmSegment, error) {
	var ds shmid
	if err := shmctl(id, cmdStat, &ds); err != nil {
		return ShmSegment{}, err
	}
	return ShmSegment{
		Key: ds.Perm.Key, UID: ds.Perm.UID, GID: ds.Perm.GID, Mode: ds.Perm.Mode, Size: ds.Size,
		Atime: ds.Atime, Dtime: ds.Dtime, Ctime: ds.Ctime, Creator: ds.Creator, Last: ds.Last, Attached: ds.Attached,
	}, nil
}

// ShmOwn sets owner, group and mode of a segment.
func ShmOwn(id, uid, gid int, mode uint32) error {
	return shmctl(id, cmdSet, &shmid{Perm: perm{UID: uint32(uid), GID: uint32(gid), Mode: mode}})
}

// ShmRemove is IPC_RMID. The segment goes when nobody has it attached any more.
func ShmRemove(id int) error { return shmctl(id, cmdRemove, nil) }

func shmctl(id, cmd int, ds *shmid) error {
	_, _, errno := syscall.Syscall(unix.SYS_SHMCTL, uintptr(id), uintptr(cmd), uintptr(unsafe.Pointer(ds)))
	return asError(errno)
}

// Populate has the kernel make and map all pages now (MADV_POPULATE_WRITE, Linux
// 5.14): the first touch of a page is slow, and a lack of memory is an error
// here and a crash there.
func (s Segment) Populate() error { return unix.Madvise(s.Bytes, unix.MADV_POPULATE_WRITE) }

// PopulateRead is Populate for a segment that is attached read-only.
func (s Segment) PopulateRead() error { return unix.Madvise(s.Bytes, unix.MADV_POPULATE_READ) }
