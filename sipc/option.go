package sipc

// Option is a choice in opening an end.
type Option func(*options)

type options struct {
	trace   func(Event)
	segment *Config
}

// WithTrace has f called for every step of an end, in the goroutine that makes
// it. f must neither block for long nor use the end.
func WithTrace(f func(Event)) Option { return func(o *options) { o.trace = f } }

// WithSegment has a sender make the segment, where the descriptor has none, from
// the config that the helper made the queue from. Without a key path in it, the
// sender finds the queue's key in /proc/sysvipc/msg. A segment that a sender
// before it made is used as it is.
func WithSegment(c Config) Option { return func(o *options) { o.segment = &c } }

func newOptions(list []Option) options {
	var o options
	for _, option := range list {
		option(&o)
	}
	return o
}
