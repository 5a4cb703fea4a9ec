package proof

import "math/bits"

// set holds numbers: of types, or of a class's permissions.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// each calls f for every member, in order.
func (s set) each(f func(int)) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			f(w*64 + bits.TrailingZeros64(word))
		}
	}
}

func (s set) empty() bool {
	for _, word := range s {
		if word != 0 {
			return false
		}
	}
	return true
}

// combine gives a new set, word by word.
func (s set) combine(o set, f func(a, b uint64) uint64) set {
	r := make(set, len(s))
	for i := range s {
		r[i] = f(s[i], o[i])
	}
	return r
}

func (s set) or(o set) set  { return s.combine(o, func(a, b uint64) uint64 { return a | b }) }
func (s set) and(o set) set { return s.combine(o, func(a, b uint64) uint64 { return a & b }) }
func (s set) xor(o set) set { return s.combine(o, func(a, b uint64) uint64 { return a ^ b }) }

// without gives what is in s and not in o.
func (s set) without(o set) set { return s.combine(o, func(a, b uint64) uint64 { return a &^ b }) }
