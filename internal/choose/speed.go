package choose

import (
	"encoding/json"
	"fmt"
)

// Computer is where speeds were measured.
type Computer struct {
	Date, Processor, Kernel, Go string
	Processors                  int
	Rounds                      int
}

// Speed is how fast a mechanism was between two processes: medians.
type Speed struct {
	// PerSecond is how many messages of so many bytes went through in a second, one
	// after the other.
	Small, Large Rate
	// Latency is how long a small message was under way to a sleeping receiver, in
	// microseconds.
	Latency float64
}

// Rate is how many messages of a size went through in a second.
type Rate struct {
	Size      int // bytes
	PerSecond float64
}

// Speeds are those of all mechanisms, by their names.
type Speeds struct {
	Computer Computer
	Of       map[string]Speed
}

// ReadSpeeds reads speed.json.
func ReadSpeeds(data []byte) (*Speeds, error) {
	var s Speeds
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("speed.json: %w", err)
	}
	for name, one := range s.Of {
		if one.Small.PerSecond <= 0 || one.Large.PerSecond <= 0 || one.Large.Size <= one.Small.Size || one.Latency <= 0 {
			return nil, fmt.Errorf("speed.json: what it says of %s is not whole", name)
		}
	}
	return &s, nil
}

// Encode writes the speeds as speed.json has them.
func (s *Speeds) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

// PerSecond tells about how many messages of a size go through in a second: the
// time of one grows with its size as between the two that were measured.
func (s Speed) PerSecond(size int) float64 {
	small, large := 1/s.Small.PerSecond, 1/s.Large.PerSecond
	byteTime := max(0, (large-small)/float64(s.Large.Size-s.Small.Size))
	return 1 / (small + byteTime*float64(max(0, size-s.Small.Size)))
}
