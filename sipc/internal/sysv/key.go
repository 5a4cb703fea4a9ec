package sysv

import "syscall"

// Key is ftok: 8 bits of the project, 8 of the device, 16 of the inode
// (sysvipc/ftok.c of glibc).
func Key(path string, project byte) (int32, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return 0, err
	}
	return int32(uint32(project)<<24 | uint32(st.Dev&0xff)<<16 | uint32(st.Ino&0xffff)), nil
}
