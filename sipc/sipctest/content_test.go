package sipctest_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// An id tells which message this is: the how-manieth of which sender.
type id struct{ Session, Index uint32 }

func (i id) String() string { return fmt.Sprintf("message %d of sender %d", i.Index, i.Session) }

// idSize is how many bytes of a message its id takes.
const idSize = 8

// A script makes every message of a test from its seed, so that a receiver in
// another process knows what it should have got.
type script struct {
	Seed    uint64
	MaxSize int // bytes; messages are at least idSize
	noise   []byte
}

func newScript(seed uint64, maxSize int) *script {
	s := &script{Seed: seed, MaxSize: max(maxSize, idSize), noise: make([]byte, max(maxSize, idSize)+1<<16)}
	random := rand.NewChaCha8([32]byte{31: 1, 0: byte(seed), 1: byte(seed >> 8), 2: byte(seed >> 16)})
	random.Read(s.noise)
	return s
}

// message writes the message into buf, which has MaxSize bytes, and returns
// that part of it.
func (s *script) message(i id, buf []byte) []byte {
	mixed := s.mix(i)
	m := buf[:s.size(mixed)]
	binary.LittleEndian.PutUint32(m, i.Session)
	binary.LittleEndian.PutUint32(m[4:], i.Index)
	copy(m[idSize:], s.noise[mixed>>48:])
	return m
}

// check tells which message m is, and whether it is what was sent.
func (s *script) check(m []byte) (id, error) {
	if len(m) < idSize {
		return id{}, fmt.Errorf("a message of %d bytes: none is so short", len(m))
	}
	i := id{binary.LittleEndian.Uint32(m), binary.LittleEndian.Uint32(m[4:])}
	mixed := s.mix(i)
	if want := s.size(mixed); len(m) != want {
		return i, fmt.Errorf("%v has %d bytes: it was sent with %d", i, len(m), want)
	}
	if !bytes.Equal(m[idSize:], s.noise[mixed>>48:][:len(m)-idSize]) {
		return i, fmt.Errorf("%v has other bytes than were sent", i)
	}
	return i, nil
}

// mix is a number that depends on all of seed and id (splitmix64).
func (s *script) mix(i id) uint64 {
	z := s.Seed + (uint64(i.Session)<<32|uint64(i.Index)+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// size is a message's size: most are small, some have MaxSize.
func (s *script) size(mixed uint64) int {
	limit := s.MaxSize - idSize + 1
	switch mixed & 7 {
	case 0:
		return s.MaxSize
	case 1, 2:
		return idSize + int(mixed>>8%uint64(limit))
	default:
		return idSize + int(mixed>>8%uint64(min(limit, 64)))
	}
}
