package labs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/yamlfile"
)

// Kind is what a parameter draws.
type Kind string

// The kinds of parameters.
const (
	KindName   Kind = "name"   // a word of a list, not the one of another parameter
	KindPick   Kind = "pick"   // one of a list
	KindHex    Kind = "hex"    // that many hexadecimal digits
	KindNumber Kind = "number" // a number from From to To
	KindOrder  Kind = "order"  // all of a list, in some order
)

// Parameter is one thing that differs from one variant of a lab to another.
type Parameter struct {
	Name      string
	Kind      Kind
	List      []string // for KindName, KindPick, KindOrder
	Digits    int      // for KindHex
	From, To  int      // for KindNumber, both included
	Separator string   // for KindOrder: between the elements

	at yamlfile.Position // of its name
}

// Bits is how unlikely it is that two variants agree in the parameter: the
// base-2 logarithm of the number of its values.
func (p Parameter) Bits() float64 {
	switch p.Kind {
	case KindHex:
		return 4 * float64(p.Digits)
	case KindNumber:
		return math.Log2(float64(p.To - p.From + 1))
	case KindOrder:
		sum := 0.0
		for n := 2; n <= len(p.List); n++ {
			sum += math.Log2(float64(n))
		}
		return sum
	}
	return math.Log2(float64(len(p.List)))
}

// Distinctive tells whether a value of the parameter gives away whose variant
// it is from. It must be so long that nobody has it by chance, not even among
// thousands of students, and be found in any text: 8 hexadecimal digits or more.
func (p Parameter) Distinctive() bool { return p.Kind == KindHex && p.Digits >= 8 }

// draw gives the values of all parameters, by the names of placeholders.
func draw(parameters []Parameter, seed Seed) map[string]string {
	values := map[string]string{}
	var taken []string // names are given once
	for _, p := range parameters {
		s := newStream(seed, p.Name)
		switch p.Kind {
		case KindName:
			free := slices.DeleteFunc(slices.Clone(p.List), func(w string) bool { return slices.Contains(taken, w) })
			values[p.Name] = free[s.below(len(free))]
			taken = append(taken, values[p.Name])
		case KindPick:
			values[p.Name] = p.List[s.below(len(p.List))]
		case KindHex:
			values[p.Name] = s.hex(p.Digits)
		case KindNumber:
			values[p.Name] = strconv.Itoa(p.From + s.below(p.To-p.From+1))
		case KindOrder:
			p.drawOrder(s, values)
		}
	}
	return values
}

func (p Parameter) drawOrder(s *stream, values map[string]string) {
	list := slices.Clone(p.List)
	for i := len(list) - 1; i > 0; i-- { // Fisher and Yates
		j := s.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
	values[p.Name] = strings.Join(list, p.Separator)
	for i, element := range list {
		values[fmt.Sprintf("%s.%d", p.Name, i+1)] = element
	}
}

// stream is an endless sequence of bytes that only the seed and a parameter's
// name determine: a new parameter leaves the others' values as they are. Block
// n of 32 bytes is HMAC-SHA256 with the seed as the key over
// `ipclab-value-1 "NAME" n`.
type stream struct {
	mac   hash.Hash
	name  string
	block int
	rest  []byte
}

func newStream(seed Seed, name string) *stream {
	return &stream{mac: hmac.New(sha256.New, seed[:]), name: name}
}

func (s *stream) take(n int) []byte {
	for len(s.rest) < n {
		s.mac.Reset()
		fmt.Fprintf(s.mac, "ipclab-value-1 %q %d", s.name, s.block)
		s.rest = s.mac.Sum(s.rest)
		s.block++
	}
	taken := s.rest[:n:n]
	s.rest = s.rest[n:]
	return taken
}

// below is a number from 0 to n-1, each as likely as the others: the uneven
// end of the range of 8 bytes is drawn again.
func (s *stream) below(n int) int {
	whole := math.MaxUint64 - math.MaxUint64%uint64(n)
	for {
		if v := binary.BigEndian.Uint64(s.take(8)); v < whole {
			return int(v % uint64(n))
		}
	}
}

func (s *stream) hex(digits int) string { return fmt.Sprintf("%x", s.take((digits+1)/2))[:digits] }
