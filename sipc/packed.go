package sipc

import (
	"context"
	"encoding/binary"
	"fmt"
)

// recordPrefix is the size of a record's length, and what records are padded to.
const recordPrefix = 4

// Fields of a [ProtocolError] about packed records.
const (
	FieldRecord     = "length of a packed record"
	FieldRecordRest = "rest of the packed records"
)

// recordSize is what a record of n bytes takes in a chunk.
func recordSize(n int) int { return recordPrefix + (n+recordPrefix-1)&^(recordPrefix-1) }

// RecordSizeError says that a record is larger than one slot can hold. Send it as a
// message of its own, or have the helper make larger slots.
type RecordSizeError struct {
	Size, Max int // bytes
}

func (e *RecordSizeError) Error() string {
	return fmt.Sprintf("sipc: a record of %d bytes: a slot holds one of at most %d", e.Size, e.Max)
}

// Hint says what to do.
func (e *RecordSizeError) Hint() string {
	return "send it as a message of its own, or make the channel with larger slots"
}

// A Packer puts many small records into one chunk, so that not each of them
// costs a system call. A record goes out when its chunk is full or when Flush is
// called, and not before. A Packer is for one goroutine, and while it holds
// records nothing else may be sent with its Sender.
type Packer struct {
	s    *Sender
	slot []byte // reserved; nil if there is none
	used int    // bytes of it
}

// NewPacker makes a Packer that sends with s.
func NewPacker(s *Sender) *Packer { return &Packer{s: s} }

// Append adds a record, which may be empty. It copies it into the segment; where
// it does not fit beside the ones before it, it sends those first, which may
// block. After an error the record has not been added, and those before it are
// kept: Append can be tried again. A record larger than a slot less 4 bytes is a
// *RecordSizeError.
func (p *Packer) Append(ctx context.Context, record []byte) error {
	size := recordSize(len(record))
	if size > len(p.slot)-p.used {
		if err := p.room(ctx, size); err != nil {
			return err
		}
	}
	at := p.slot[p.used : p.used+size]
	binary.NativeEndian.PutUint32(at[size-recordPrefix:], 0) // the padding
	binary.NativeEndian.PutUint32(at, uint32(len(record)))
	copy(at[recordPrefix:], record)
	p.used += size
	return nil
}

// room makes room for size bytes in a slot.
func (p *Packer) room(ctx context.Context, size int) error {
	slotSize := p.s.Header().SlotSize
	if size > slotSize {
		return &RecordSizeError{Size: size - recordPrefix, Max: slotSize - recordPrefix}
	}
	if err := p.Flush(ctx); err != nil {
		return err
	}
	slot, err := p.s.Reserve(ctx, slotSize)
	if err != nil {
		return err
	}
	p.slot = slot
	return nil
}

// Flush sends the records that have been added and not been sent. After an
// error they are kept, and Flush can be tried again.
func (p *Packer) Flush(ctx context.Context) error {
	if p.used == 0 {
		return nil
	}
	if err := p.s.commit(ctx, p.used, flagFirst|flagLast|flagPacked); err != nil {
		return err
	}
	p.slot, p.used = nil, 0
	return nil
}

// ErrNotPacked says that a message came which holds no packed records: its
// sender used Send where the receiver uses an Unpacker.
var ErrNotPacked error = notPacked{}

type notPacked struct{}

func (notPacked) Error() string { return "sipc: the message does not hold packed records" }

// Hint says what to do.
func (notPacked) Hint() string {
	return "receive with Recv, or have the sender pack its records"
}

// An Unpacker takes records out of the chunks that a Packer filled. Each chunk
// is copied into private memory first, in one go, and its slot released; no
// length is read from the segment. An Unpacker is for one goroutine.
type Unpacker struct {
	r    *Receiver
	copy []byte // of the chunk
	rest []byte // of copy: what has not been returned
}

// NewUnpacker makes an Unpacker that receives from r.
func NewUnpacker(r *Receiver) *Unpacker { return &Unpacker{r: r} }

// Next returns the next record, in private memory that stays as it is until the next
// call. At the end it returns io.EOF. A chunk that is no row of records is a
// *ProtocolError, which is final; a message that is not packed at all gives
// ErrNotPacked and is dropped.
func (u *Unpacker) Next(ctx context.Context) ([]byte, error) {
	for len(u.rest) == 0 {
		if err := u.fetch(ctx); err != nil {
			return nil, err
		}
	}
	record, rest, err := cutRecord(u.rest)
	if err != nil {
		return nil, err // rest stays: the error is final
	}
	u.rest = rest
	return record, nil
}

// Buffered is how many bytes of records have been taken and not returned yet. If
// it is 0, Next may have to wait.
func (u *Unpacker) Buffered() int { return len(u.rest) }

// fetch copies the next chunk.
func (u *Unpacker) fetch(ctx context.Context) error {
	chunk, err := u.r.Borrow(ctx)
	if err != nil {
		return err
	}
	switch {
	case !chunk.Packed && chunk.First:
		return ErrNotPacked
	case !chunk.Packed: // the rest of such a message
		return nil
	}
	u.copy = append(u.copy[:0], chunk.Bytes...)
	u.rest = u.copy
	return u.r.Release(ctx)
}

// cutRecord splits the first record off a row, which is private and not empty.
func cutRecord(row []byte) (record, rest []byte, err error) {
	if len(row) < recordPrefix {
		return nil, nil, &ProtocolError{
			Field: FieldRecordRest, Got: uint64(len(row)), Want: "a whole record",
		}
	}
	length, room := uint64(binary.NativeEndian.Uint32(row)), len(row)-recordPrefix
	padded := (length + recordPrefix - 1) &^ (recordPrefix - 1)
	if padded > uint64(room) {
		return nil, nil, &ProtocolError{
			Field: FieldRecord, Got: length, Want: fmt.Sprintf("at most %d, which is left of the chunk", room),
		}
	}
	end := recordPrefix + int(length)
	return row[recordPrefix:end:end], row[recordPrefix+int(padded):], nil
}
