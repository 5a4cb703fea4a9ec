package sipcdemo

import (
	"time"

	"ipclab/sipc"
)

// told is a step and who made it.
type told struct {
	Role Role
	step
}

// merger brings the steps of two processes into one order. Their clock is the
// same, but a step's time is taken after it was made, so two times can be the
// wrong way round. What cannot be is known: nothing is taken that was not sent,
// the queue holds no more than its capacity, a send blocks when the queue is full, and a
// take when it is empty.
type merger struct {
	capacity int
	waiting  map[Role][]step // steps not yet in order
	sent     int             // messages, in what is in order
	took     int
	last     time.Duration // of what was given out
}

func newMerger(capacity int) *merger {
	return &merger{capacity: capacity, waiting: map[Role][]step{}}
}

func (m *merger) add(r Role, s step) { m.waiting[r] = append(m.waiting[r], s) }

// next takes the steps that have come so far, in order. Times do not fall: where
// one is later than that of a step that must have come after it, it is put right.
func (m *merger) next() []told {
	var order []told
	for len(m.waiting[Sender])+len(m.waiting[Receiver]) > 0 {
		r := m.choose()
		s := m.waiting[r][0]
		m.waiting[r] = m.waiting[r][1:]
		m.count(s)
		order = append(order, told{r, s})
	}
	for i := len(order) - 2; i >= 0; i-- {
		order[i].At = min(order[i].At, order[i+1].At)
	}
	for i := range order {
		m.last = max(m.last, order[i].At)
		order[i].At = m.last
	}
	return order
}

// choose says whose step comes next: the earlier one of those that can.
func (m *merger) choose() Role {
	s, r := m.waiting[Sender], m.waiting[Receiver]
	switch {
	case len(s) == 0:
		return Receiver
	case len(r) == 0:
		return Sender
	case s[0].Kind == sipc.Sent && !m.canSend(r):
		return Receiver
	case r[0].Kind == sipc.Took && !m.canTake(s):
		return Sender
	case s[0].At <= r[0].At:
		return Sender
	}
	return Receiver
}

// canSend says whether the next message can go into the queue before these
// steps of the receiver: it has room, and none of them finds it empty although
// no more was taken than had been sent.
func (m *merger) canSend(receiver []step) bool {
	if m.sent-m.took == m.capacity {
		return false
	}
	took := m.took
	for _, s := range receiver {
		switch {
		case s.Kind == sipc.Blocked && took == m.sent:
			return false
		case s.Kind == sipc.Took && took == m.sent:
			return true
		case s.Kind == sipc.Took:
			took++
		}
	}
	return true
}

// canTake says whether the next message can be taken before these steps of the
// sender: it is there, and none of them finds the queue full although no more
// was sent than fits beside it.
func (m *merger) canTake(sender []step) bool {
	if m.sent == m.took {
		return false
	}
	sent := m.sent
	for _, s := range sender {
		switch {
		case s.Kind == sipc.Blocked && sent-m.took == m.capacity:
			return false
		case s.Kind == sipc.Sent && sent-m.took == m.capacity:
			return true
		case s.Kind == sipc.Sent:
			sent++
		}
	}
	return true
}

func (m *merger) count(s step) {
	switch s.Kind {
	case sipc.Sent:
		m.sent++
	case sipc.Took:
		m.took++
	}
}
