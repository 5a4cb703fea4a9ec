package sysv

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// QueueLine is a line of /proc/sysvipc/msg.
type QueueLine struct {
	Key                 int32
	ID                  int
	UID                 uint32
	Bytes, Num          uint64
	LastSend, LastRecv  int   // process IDs; 0 none
	Stime, Rtime, Ctime int64 // seconds since 1970; 0 never
}

// SegmentLine is a line of /proc/sysvipc/shm.
type SegmentLine struct {
	Key      int32
	ID       int
	UID      uint32
	Size     uint64
	Creator  int // process ID
	Attached uint64
	Ctime    int64 // seconds since 1970
}

// Queues are the queues of the namespace, from /proc/sysvipc/msg.
func Queues() ([]QueueLine, error) {
	text, err := os.ReadFile("/proc/sysvipc/msg")
	if err != nil {
		return nil, err
	}
	return ParseQueues(text)
}

// Segments are the segments of the namespace, from /proc/sysvipc/shm.
func Segments() ([]SegmentLine, error) {
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		return nil, err
	}
	return ParseSegments(text)
}

// ParseQueues reads a text in the form of /proc/sysvipc/msg. Columns are found
// by their names.
func ParseQueues(text []byte) ([]QueueLine, error) {
	var list []QueueLine
	err := eachLine(text, func(l *line) {
		list = append(list, QueueLine{
			Key: int32(l.number("key")), ID: int(l.number("msqid")), UID: uint32(l.number("uid")),
			Bytes: uint64(l.number("cbytes")), Num: uint64(l.number("qnum")),
			LastSend: int(l.number("lspid")), LastRecv: int(l.number("lrpid")),
			Stime: l.number("stime"), Rtime: l.number("rtime"), Ctime: l.number("ctime"),
		})
	})
	return list, err
}

// ParseSegments reads a text in the form of /proc/sysvipc/shm.
func ParseSegments(text []byte) ([]SegmentLine, error) {
	var list []SegmentLine
	err := eachLine(text, func(l *line) {
		list = append(list, SegmentLine{
			Key: int32(l.number("key")), ID: int(l.number("shmid")), UID: uint32(l.number("uid")),
			Size: uint64(l.number("size")), Creator: int(l.number("cpid")),
			Attached: uint64(l.number("nattch")), Ctime: l.number("ctime"),
		})
	})
	return list, err
}

// line is one line below the heading.
type line struct {
	columns map[string]int
	fields  [][]byte
	err     error
}

// number is the field below that name. The key is the one that may be negative.
func (l *line) number(name string) int64 {
	at, ok := l.columns[name]
	if !ok || at >= len(l.fields) {
		l.err = fmt.Errorf("a line has no field %q", name)
		return 0
	}
	n, err := strconv.ParseInt(string(l.fields[at]), 10, 64)
	if err != nil || n < 0 && name != "key" {
		l.err = fmt.Errorf("field %q is %q", name, l.fields[at])
	}
	return n
}

// eachLine hands every line to take, until one turns out to be wrong.
func eachLine(text []byte, take func(*line)) error {
	heading, rest, _ := bytes.Cut(text, []byte("\n"))
	columns := map[string]int{}
	for i, name := range bytes.Fields(heading) {
		columns[string(name)] = i
	}
	for row := range bytes.Lines(rest) {
		l := line{columns: columns, fields: bytes.Fields(row)}
		if len(l.fields) == 0 {
			continue
		}
		if take(&l); l.err != nil {
			return l.err
		}
	}
	return nil
}
