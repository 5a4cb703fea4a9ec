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
// no end at all: its Channel gets nil, or does not look at it. Then who looks looks
// once, to know what is there before the first bit.
type Back struct {
	Leaker, Looker Side
	New            func(r Role, end End) Channel // r.Side is FromSide for who leaks, ToSide for who looks

	// Keeper is the part that the agent has, to keep the channel usable. Empty: none.
	Keeper Side
	// Keep is what the keeper does when all is open (first), and before each bit if
	// Each is set; nil: it only holds the object open.
	Keep func(end End, first bool) error
	Each bool
	// ByMaker says that the object's maker, a third subject, is the keeper: nobody
	// else can be.
	ByMaker bool
	// Clean removes what was made beside the object; nil: nothing was.
	Clean func(r Role) error
}

// backs are the back channels by kind and name, the names as in
// internal/flow/channels.map.
func backs() map[[2]string]Back {
	all := map[[2]string]Back{
		{"msgq", "full"}:   {Leaker: ToSide, Looker: FromSide, New: full},
		{"msgq", "filled"}: {Leaker: FromSide, Looker: FromSide, New: filled, Keeper: ToSide, Keep: drain, Each: true},
		{"msgq", "taken"}:  {New: taken, Keeper: FromSide, Keep: stockUp},

		{"shm", "attached"}: {New: attached},
		{"shm", "mapped"}:   {New: mapped},
		{"sem", "waiting"}:  {New: waiting, Keeper: FromSide, Keep: keepWaiting},

		{"fifo", "rendezvous"}: {New: rendezvous},
		{"fifo", "full"}:       {Leaker: ToSide, Looker: FromSide, New: full},
		{"fifo", "filled"}:     {Leaker: FromSide, Looker: FromSide, New: filled, Keeper: ToSide, Keep: drain, Each: true},
		{"fifo", "state"}:      {Leaker: ToSide, New: state, Keeper: FromSide, Keep: pour, Each: true},
		{"fifo", "capacity"}:   {New: capacity, Keeper: ToSide},

		{"file", "busy"}:    {New: busy, Keeper: MakerSide, Keep: putProgram},
		{"file", "watched"}: {New: watched},

		{"pipe", "full"}:           {Leaker: ToSide, Looker: FromSide, New: full},
		{"posix-mq", "queue"}:      {Leaker: ToSide, Looker: FromSide, New: full},
		{"unix-stream", "full"}:    {Leaker: ToSide, Looker: FromSide, New: full},
		{"unix-seqpacket", "full"}: {Leaker: ToSide, Looker: FromSide, New: full},
		{"unix-dgram", "full"}:     {Leaker: ToSide, Looker: FromSide, New: full},
		{"unix-dgram", "filled"}:   {Leaker: FromSide, Looker: FromSide, New: filledSocket, Keep: drain, Each: true, ByMaker: true},
	}
	for _, kind := range []string{"msgq", "shm", "sem"} {
		all[[2]string{kind, "refused"}] = Back{New: refusedSysV}
		all[[2]string{kind, "existence"}] = Back{New: existence, Clean: clearPosts}
		for name, make := range map[string]func(Role, End) Channel{"ipc-info": ipcInfo, "sysvipc": sysvipc} {
			b := Back{New: make, Clean: clearPosts}
			if kind == "msgq" {
				b.Keeper, b.Keep = FromSide, stockUp // something to take
			}
			all[[2]string{kind, name}] = b
		}
	}
	for _, kind := range []string{"file", "fifo", "posix-shm"} {
		all[[2]string{kind, "lock"}] = Back{New: locked}
	}
	for _, kind := range []string{"file", "posix-shm", "posix-mq"} {
		all[[2]string{kind, "refused"}] = Back{New: refusedPath}
	}
	return all
}

// FindBack finds the back channel of a kind of objects.
func FindBack(kind, name string) (Back, error) {
	b, ok := backs()[[2]string{kind, name}]
	if !ok {
		return Back{}, fmt.Errorf("no actor knows the back channel %q of %s", name, kind)
	}
	return b, nil
}
