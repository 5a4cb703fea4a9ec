package sipc

import (
	"fmt"
	"strconv"
	"strings"
)

// NoSegment stands for the segment in the descriptor of a channel whose sender
// makes the segment.
const NoSegment = -1

// Descriptor names a channel: the identifiers of its queue and its segment. It
// is good for as long as those exist; identifiers are not used again soon.
type Descriptor struct {
	Queue   int
	Segment int // or NoSegment
}

const descriptorPrefix = "sipc:1:"

// String is the form that a helper prints: "sipc:1:QUEUE:SEGMENT".
func (d Descriptor) String() string {
	segment := "-"
	if d.Segment != NoSegment {
		segment = strconv.Itoa(d.Segment)
	}
	return descriptorPrefix + strconv.Itoa(d.Queue) + ":" + segment
}

// ParseDescriptor reads what [Descriptor.String] writes, and nothing else but
// white space around it.
func ParseDescriptor(s string) (Descriptor, error) {
	s = strings.TrimSpace(s)
	rest, ok := strings.CutPrefix(s, descriptorPrefix)
	queue, segment, both := strings.Cut(rest, ":")
	if !ok || !both {
		return Descriptor{}, &DescriptorError{Text: s}
	}
	d := Descriptor{Segment: NoSegment}
	var err error
	if d.Queue, err = parseID(queue); err != nil {
		return Descriptor{}, &DescriptorError{Text: s}
	}
	if segment == "-" {
		return d, nil
	}
	if d.Segment, err = parseID(segment); err != nil {
		return Descriptor{}, &DescriptorError{Text: s}
	}
	return d, nil
}

// parseID reads an identifier: a number that the kernel's int can hold, in the
// one way to write it.
func parseID(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, err
	}
	if n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%q is no identifier", s)
	}
	return int(n), nil
}
