package sipctest_test

import (
	"encoding/binary"
	"fmt"
	"os"
)

// What a journal tells of.
const (
	noteStart uint32 = iota + 1 // a send begins
	noteDone                    // the library says that it is sent
	noteGot                     // a message came, and is what was sent
	noteEnd                     // a sender has finished, a receiver saw the end
)

// noteSize is the size of one note: its kind, and a message's id.
const noteSize = 4 + idSize

// A journal is a file that a child writes what it does to. The kernel has
// each note as soon as it is written: a killed child's are all there. The zero
// value keeps nothing.
type journal struct{ file *os.File }

func openJournal(path string) (journal, error) {
	if path == "" {
		return journal{}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return journal{file}, err
}

func (j journal) note(kind uint32, i id) error {
	if j.file == nil {
		return nil
	}
	var note [noteSize]byte
	binary.LittleEndian.PutUint32(note[:], kind)
	binary.LittleEndian.PutUint32(note[4:], i.Session)
	binary.LittleEndian.PutUint32(note[8:], i.Index)
	_, err := j.file.Write(note[:])
	return err
}

// A report is what a journal says.
type report struct {
	sent sent
	got  []id
	end  bool
}

// readJournal reads the journal of a child, which may have died before it
// had one.
func readJournal(path string) (report, error) {
	var r report
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return r, nil
	}
	if len(raw)%noteSize != 0 {
		return r, fmt.Errorf("%s: half a note at its end", path)
	}
	for ; len(raw) > 0; raw = raw[noteSize:] {
		i := id{binary.LittleEndian.Uint32(raw[4:]), binary.LittleEndian.Uint32(raw[8:])}
		switch kind := binary.LittleEndian.Uint32(raw); kind {
		case noteStart:
			r.sent.Started = i.Index + 1
			r.sent.Unsure = []uint32{i.Index}
		case noteDone:
			r.sent.Unsure = nil
		case noteGot:
			r.got = append(r.got, i)
		case noteEnd:
			r.end = true
		default:
			return r, fmt.Errorf("%s: a note of kind %d", path, kind)
		}
	}
	return r, err
}
