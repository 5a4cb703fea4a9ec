package guest

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// message makes a datagram as the kernel sends it.
func message(kind uint16, body string) []byte {
	m := make([]byte, unix.SizeofNlMsghdr)
	binary.NativeEndian.PutUint32(m[0:], uint32(len(body)))
	binary.NativeEndian.PutUint16(m[4:], kind)
	return append(m, body...)
}

func newTrail() *Trail {
	t := &Trail{next: 1, marks: map[string]bool{}}
	t.cond = sync.NewCond(&t.mu)
	return t
}

// record is an AVC record of a process.
func record(serial, pid int) string {
	return fmt.Sprintf(`audit(1795251870.360:%d): avc:  denied  { write } for  pid=%d comm="probe" scontext=a tcontext=b tclass=file`, serial, pid)
}

func TestTrailKeepsRecordsInOrder(t *testing.T) {
	trail := newTrail()
	for i := range 3 {
		trail.take(message(1400, record(i, 40+i)))
	}
	trail.take(message(auditFirstUser-1, "control messages are no records"))
	if len(trail.records) != 3 || trail.last() != 3 {
		t.Fatalf("%d records, last %d; want 3 and 3", len(trail.records), trail.last())
	}
	for i, r := range trail.records {
		if r.Seq != uint64(i+1) || r.Type != 1400 || r.Text != record(i, 40+i) {
			t.Errorf("record %d is %+v", i, r)
		}
	}
}

func TestTrailForgetsTheOldest(t *testing.T) {
	trail := newTrail()
	for i := range keep + 1 {
		trail.take(message(1400, record(i, 1)))
	}
	if len(trail.records) > keep {
		t.Errorf("it holds %d records, more than %d", len(trail.records), keep)
	}
	newest := trail.records[len(trail.records)-1]
	if newest.Seq != keep+1 || newest.Text != record(keep, 1) {
		t.Errorf("the newest is %+v", newest)
	}
}

func TestTrailCountsLostRecords(t *testing.T) {
	trail := newTrail()
	status := make([]byte, 4*statusWords)
	binary.NativeEndian.PutUint32(status[4*statusLost:], 7)
	trail.take(message(auditGet, string(status)))
	if trail.lost != 7 || trail.answers != 1 {
		t.Errorf("lost %d, answers %d; want 7 and 1", trail.lost, trail.answers)
	}
	trail.take(message(auditGet, "short"))
	if trail.lost != 7 || trail.answers != 1 {
		t.Error("an answer that is too short was taken")
	}
}

// Only a record with the agent's own pid is a mark, whatever it says.
func TestMarksCannotBeForged(t *testing.T) {
	const text = "ipclab-mark-1-"
	for name, test := range map[string]struct {
		body string
		want bool
	}{
		"own":           {fmt.Sprintf("audit(1.0:1): pid=%d uid=0 msg='%s'", os.Getpid(), text), true},
		"another's":     {fmt.Sprintf("audit(1.0:1): pid=%d uid=1000 msg='%s'", os.Getpid()+1, text), false},
		"own, no mark":  {fmt.Sprintf("audit(1.0:1): pid=%d uid=0 msg='hello'", os.Getpid()), false},
		"prefix of pid": {fmt.Sprintf("audit(1.0:1): pid=%d0 uid=0 msg='%s'", os.Getpid(), text), false},
	} {
		t.Run(name, func(t *testing.T) {
			trail := newTrail()
			trail.marks[text] = false
			trail.take(message(auditUserMark, test.body))
			if trail.marks[text] != test.want {
				t.Errorf("taken for a mark: %v, want %v", trail.marks[text], test.want)
			}
			if isRecord := len(trail.records) == 1; isRecord == test.want {
				t.Errorf("kept as a record: %v", isRecord)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]bool{
		record(1, 42):       true,
		record(1, 421):      false,
		record(1, 4):        false,
		"ends with pid=42":  true,
		"ppid=42 and no id": false,
		"":                  false,
	} {
		if got := names(text, 42); got != want {
			t.Errorf("names(%q, 42) = %v", text, got)
		}
	}
}

func FuzzTake(f *testing.F) {
	f.Add(message(1400, record(1, 2)))
	f.Add(message(auditGet, ""))
	f.Add(message(auditUserMark, "ipclab-mark-1-"))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, datagram []byte) {
		trail := newTrail()
		trail.marks["ipclab-mark-1-"] = false
		trail.take(datagram)
		for _, r := range trail.records {
			if r.Type < auditFirstUser {
				t.Errorf("kept a control message: %+v", r)
			}
		}
	})
}
