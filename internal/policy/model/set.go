package model

import "math/bits"

// Set holds numbers: of types, or of a class's permissions. Sets that are
// combined have been made for the same size.
type Set []uint64

// NewSet gives an empty set for the numbers below size.
func NewSet(size int) Set { return make(Set, (size+63)/64) }

// Add puts a number into the set.
func (s Set) Add(i int) { s[i/64] |= 1 << (i % 64) }

// Has tells whether a number is in the set.
func (s Set) Has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// Each calls f for every member, in order.
func (s Set) Each(f func(int)) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			f(w*64 + bits.TrailingZeros64(word))
		}
	}
}

// Empty tells whether nothing is in the set.
func (s Set) Empty() bool {
	for _, word := range s {
		if word != 0 {
			return false
		}
	}
	return true
}

// Meets tells whether two sets have a member in common.
func (s Set) Meets(o Set) bool {
	for i, word := range s {
		if word&o[i] != 0 {
			return true
		}
	}
	return false
}

// Within tells whether all members of s are in o.
func (s Set) Within(o Set) bool {
	for i, word := range s {
		if word&^o[i] != 0 {
			return false
		}
	}
	return true
}

// Join puts all members of o into s.
func (s Set) Join(o Set) {
	for i, word := range o {
		s[i] |= word
	}
}

// Len is the number of members.
func (s Set) Len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// combine gives a new set, word by word.
func (s Set) combine(o Set, f func(a, b uint64) uint64) Set {
	r := make(Set, len(s))
	for i := range s {
		r[i] = f(s[i], o[i])
	}
	return r
}

// Or gives what is in s or in o.
func (s Set) Or(o Set) Set { return s.combine(o, func(a, b uint64) uint64 { return a | b }) }

// And gives what is in s and in o.
func (s Set) And(o Set) Set { return s.combine(o, func(a, b uint64) uint64 { return a & b }) }

// Xor gives what is in one of s and o, not in both.
func (s Set) Xor(o Set) Set { return s.combine(o, func(a, b uint64) uint64 { return a ^ b }) }

// Without gives what is in s and not in o.
func (s Set) Without(o Set) Set { return s.combine(o, func(a, b uint64) uint64 { return a &^ b }) }
