package sipctest_test

import (
	"fmt"
	"slices"
	"testing"
)

// A sent is what one sender did: it began with so many messages, one after the
// other. Of the Unsure ones, in order, the library did not say that they are sent.
type sent struct {
	Started uint32
	Unsure  []uint32
}

// A got is what one receiver got. If it Died, the message that it was taking or had
// just taken may be lost: the protocol says so.
type got struct {
	IDs  []id
	Died bool
}

// A history is what went into a channel and what came out of it. It is the
// model that the library is held against.
type history struct {
	Sent []sent // one after the other
	Got  []got  // one after the other
	// Complete: the last sender finished and the last receiver saw the end. If
	// not, what was last sent may still lie in the queue.
	Complete bool
}

// check tells where a history is not what the protocol promises: everything
// arrives once, in order, unless a crash has taken it along.
func (h history) check() error {
	c := checker{sent: h.Sent}
	for n, g := range h.Got {
		for _, i := range g.IDs {
			if err := c.take(i); err != nil {
				return fmt.Errorf("receiver %d: %w", n, err)
			}
			c.mayLose = 0
		}
		if g.Died {
			c.mayLose++
		}
	}
	if h.Complete {
		return c.end()
	}
	return nil
}

// A checker walks through what was sent.
type checker struct {
	sent    []sent
	next    id  // the one that comes next
	mayLose int // how many may be missing here
}

// take is told that message i came.
func (c *checker) take(i id) error {
	if int(i.Session) >= len(c.sent) || i.Index >= c.sent[i.Session].Started {
		return fmt.Errorf("%v came: nobody sent it", i)
	}
	if i.Session < c.next.Session || i.Session == c.next.Session && i.Index < c.next.Index {
		return fmt.Errorf("%v came where %v was due: again, or too late", i, c.next)
	}
	for c.next != i {
		if err := c.skip(); err != nil {
			return fmt.Errorf("%v came: %w", i, err)
		}
	}
	c.next.Index++
	return nil
}

// skip passes over the next message, if it may be missing.
func (c *checker) skip() error {
	s := c.sent[c.next.Session]
	switch {
	case c.next.Index >= s.Started:
		c.next = id{Session: c.next.Session + 1}
		return nil
	case slices.Contains(s.Unsure, c.next.Index): // its sender died over it, or gave it up
	case c.mayLose > 0:
		c.mayLose--
	default:
		return fmt.Errorf("%v is missing", c.next)
	}
	c.next.Index++
	return nil
}

// end is told that nothing more comes.
func (c *checker) end() error {
	for int(c.next.Session) < len(c.sent) {
		if err := c.skip(); err != nil {
			return fmt.Errorf("the end came: %w", err)
		}
	}
	return nil
}

// ids are messages from to to of a session.
func ids(session, from, to uint32) []id {
	var all []id
	for n := from; n < to; n++ {
		all = append(all, id{session, n})
	}
	return all
}

// The model finds what is wrong: a test that cannot fail shows nothing.
func TestModel(t *testing.T) {
	whole := []sent{{Started: 5}}
	for _, c := range []struct {
		name string
		h    history
		ok   bool
	}{
		{"all", history{whole, []got{{IDs: ids(0, 0, 5)}}, true}, true},
		{"one missing", history{whole, []got{{IDs: append(ids(0, 0, 2), ids(0, 3, 5)...)}}, true}, false},
		{"last missing", history{whole, []got{{IDs: ids(0, 0, 4)}}, true}, false},
		{"last still on its way", history{whole, []got{{IDs: ids(0, 0, 4)}}, false}, true},
		{"twice", history{whole, []got{{IDs: append(ids(0, 0, 3), ids(0, 2, 5)...)}}, true}, false},
		{"never sent", history{whole, []got{{IDs: ids(0, 0, 6)}}, true}, false},
		{"swapped", history{whole, []got{{IDs: []id{{0, 1}, {0, 0}}}}, false}, false},
		{"sender died over one", history{[]sent{{3, []uint32{2}}, {Started: 1}}, []got{{IDs: append(ids(0, 0, 2), id{1, 0})}}, true}, true},
		{"and it came through", history{[]sent{{3, []uint32{2}}, {Started: 1}}, []got{{IDs: append(ids(0, 0, 3), id{1, 0})}}, true}, true},
		{"sender died, too much lost", history{[]sent{{3, []uint32{2}}, {Started: 1}}, []got{{IDs: append(ids(0, 0, 1), id{1, 0})}}, true}, false},
		{"receiver died", history{whole, []got{{ids(0, 0, 2), true}, {IDs: ids(0, 3, 5)}}, true}, true},
		{"receiver died, nothing lost", history{whole, []got{{ids(0, 0, 2), true}, {IDs: ids(0, 2, 5)}}, true}, true},
		{"receiver died, two lost", history{whole, []got{{ids(0, 0, 2), true}, {IDs: ids(0, 4, 5)}}, true}, false},
		{"lost later", history{whole, []got{{ids(0, 0, 2), true}, {IDs: []id{{0, 2}, {0, 4}}}}, true}, false},
		{"two died", history{whole, []got{{ids(0, 0, 2), true}, {nil, true}, {IDs: ids(0, 4, 5)}}, true}, true},
		{"receiver left", history{whole, []got{{IDs: ids(0, 0, 2)}, {IDs: ids(0, 3, 5)}}, true}, false},
	} {
		if err := c.h.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
