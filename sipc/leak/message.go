package leak

import (
	"encoding/binary"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// dataMessage is a DATA that every receiver believes: a message in one chunk.
func dataMessage(sequence uint64) sysv.Message {
	const firstAndLast = 3
	m := sysv.Message{Type: int(sipc.Data)}
	binary.NativeEndian.PutUint64(m.Body[0:], sequence)
	binary.NativeEndian.PutUint32(m.Body[8:], payload)
	binary.NativeEndian.PutUint32(m.Body[12:], firstAndLast)
	return m
}
