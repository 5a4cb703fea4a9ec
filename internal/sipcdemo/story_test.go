package sipcdemo

import (
	"strings"
	"testing"

	"ipclab/internal/sequence"
	"ipclab/sipc"
)

// One message of strict mode, as the slides show it.
func TestStory(t *testing.T) {
	d := &sequence.Diagram{Participants: []sequence.Participant{
		{ID: "sender", Name: "A"}, {ID: segment, Name: "segment"}, {ID: queue, Name: "queue"}, {ID: "receiver", Name: "B"},
	}}
	st := newStory()
	var lines []string
	for _, s := range []told{
		{Receiver, step{At: 5000000, Kind: sipc.Blocked}},
		{Sender, step{At: 6000000, Kind: sipc.Wrote, Text: `"wash"`}},
		{Sender, step{At: 7000000, Kind: sipc.Sent, Type: sipc.Data}},
		{Receiver, step{At: 7000000, Kind: sipc.Took, Type: sipc.Data}},
		{Sender, step{At: 8000000, Kind: sipc.Sent, Type: sipc.Noop1}},
		{Sender, step{At: 9000000, Kind: sipc.Blocked, Type: sipc.Noop2}},
		{Sender, step{At: 9000000, Kind: sipc.Blocked, Type: sipc.Noop2}},
		{Receiver, step{At: 9000000, Kind: sipc.Read, Text: `"wash"`}},
		{Receiver, step{At: 9000000, Kind: sipc.Took, Type: sipc.Noop1}},
		{Sender, step{At: 9000000, Kind: sipc.Sent, Type: sipc.Noop2}},
	} {
		for _, e := range st.tell(s) {
			lines = append(lines, strings.TrimSpace(d.Line(e)))
		}
	}
	want := `0.000 ms  B is blocked: the queue is empty
1.000 ms  A → segment: writes "wash"
1.000 ms  segment holds 0: "wash"
2.000 ms  A → queue: DATA_READY 0
2.000 ms  queue holds DATA_READY 0
2.000 ms  B goes on
2.000 ms  queue → B: DATA_READY 0
2.000 ms  queue holds nothing
3.000 ms  A → queue: NOOP-1
3.000 ms  queue holds NOOP-1
4.000 ms  A is blocked: the queue is full
4.000 ms  segment → B: reads "wash"
4.000 ms  queue → B: NOOP-1
4.000 ms  queue holds nothing
4.000 ms  A goes on
4.000 ms  A → queue: NOOP-2
4.000 ms  queue holds NOOP-2`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}
