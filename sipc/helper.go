package sipc

import "errors"

// Create makes a channel: the segment first, with its header, then the queue.
// Whatever fails, nothing is left behind. A key that is taken is an [*Error] with
// EEXIST, a config that cannot be a [*ConfigError].
func Create(c Config) (Descriptor, error) { return Descriptor{}, errors.ErrUnsupported }

// Find is the channel that a helper made with this key path. The segment is
// NoSegment if there is none yet.
func Find(keyPath string) (Descriptor, error) { return Descriptor{}, errors.ErrUnsupported }

// Remove removes queue and segment. What is already gone is no error. Ends that
// have the segment attached keep it until they close.
func (d Descriptor) Remove() error { return errors.ErrUnsupported }
