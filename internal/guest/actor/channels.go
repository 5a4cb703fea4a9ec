package actor

import "fmt"

// Channel is one subject's side of a back channel.
type Channel interface {
	// Signal does what a set bit is seen by, or undoes it. Only the one who leaks is asked.
	Signal(t *Trace, bit bool) error
	// Look tells which bit is seen. Only the one who looks is asked.
	Look(t *Trace) (bool, error)
	// Close lets go of what the channel itself holds; its End is closed by itself.
	Close()
}

// Back is a back channel as the table has it. Before the first bit, play makes the
// object and opens the ends as for a flow, in the parts that Leaker and Looker
// say: most back channels go from who receives to who sends. An empty side needs
// no end at all: its Channel gets nil.
type Back struct {
	Leaker, Looker Side
	New            func(r Role, end End) Channel // r.Side is FromSide for who leaks, ToSide for who looks
}

// backs are the back channels by kind and name, the names as in
// internal/flow/channels.map.
func backs() map[[2]string]Back {
	return map[[2]string]Back{}
}

// FindBack finds the back channel of a kind of objects.
func FindBack(kind, name string) (Back, error) {
	b, ok := backs()[[2]string{kind, name}]
	if !ok {
		return Back{}, fmt.Errorf("no actor knows the back channel %q of %s", name, kind)
	}
	return b, nil
}
