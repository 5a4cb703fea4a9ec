package play

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ipclab/internal/guest/actor"
	"ipclab/internal/guest/api"
)

// keyed is a host that tells keys of System V objects.
type keyed struct{ *host }

func (k keyed) Dress(o api.ObjectSpec, r *actor.Role) error {
	r.Key = int32(0x42000000 | os.Getpid()&0xfffff)
	return k.host.Dress(o, r)
}

// backs are back channels between processes, each of another sort: with a keeper
// and without, with ends and without, by the agent, a subject and a third one.
func backs(t *testing.T) api.PlaySpec {
	dir := t.TempDir()
	spec := api.PlaySpec{
		Actors: []api.ActorSpec{{Name: "a"}, {Name: "b"}, {Name: "third"}},
		Objects: []api.ObjectSpec{
			{Name: "fifo", Kind: "fifo", Path: filepath.Join(dir, "fifo")},
			{Name: "pipe", Kind: "pipe", Maker: "third"},
			{Name: "queue", Kind: "msgq", Maker: "a"},
			{Name: "numbers", Kind: "sem", Maker: "third"},
			{Name: "stream", Kind: "unix-stream", Path: filepath.Join(dir, "stream"), Maker: "b"},
			{Name: "inbox", Kind: "unix-dgram", Path: filepath.Join(dir, "inbox"), Maker: "third"},
		},
	}
	for _, way := range [][2]string{{"fifo", "full"}, {"fifo", "filled"}, {"fifo", "state"}, {"fifo", "capacity"}, {"pipe", "full"},
		{"queue", "taken"}, {"queue", "existence"}, {"numbers", "waiting"}, {"stream", "full"}, {"inbox", "filled"}} {
		spec.Tries = append(spec.Tries, api.Try{What: api.TryBackChannel, From: "a", To: "b", Via: way[0], How: way[1]})
	}
	return spec
}

func TestBackChannelsBetweenProcesses(t *testing.T) {
	spec := backs(t)
	r, err := Play(context.Background(), keyed{newHost(t)}, spec)
	if err != nil {
		t.Fatal(err)
	}
	for i, tried := range r.Tried {
		what := spec.Tries[i].Via + " " + spec.Tries[i].How
		if !tried.Through || tried.Trouble != "" || len(tried.Steps) == 0 {
			t.Errorf("%s: %+v", what, tried)
		}
		if tried.Rate < 0 {
			t.Errorf("%s: %v bits/s", what, tried.Rate)
		}
	}
}

// Who fills a queue of which one of the two is the reader has no keeper.
func TestAKeeperIsAThird(t *testing.T) {
	spec := backs(t)
	spec.Objects[5].Maker = "b"
	spec.Tries = spec.Tries[len(spec.Tries)-1:]
	r, err := Play(context.Background(), keyed{newHost(t)}, spec)
	if err != nil || r.Tried[0].Trouble == "" || r.Tried[0].Through {
		t.Errorf("%+v, %v", r, err)
	}
}

// A misread bit costs all that it must cost.
func TestRates(t *testing.T) {
	var sent, same, other, random []bool
	for i := range 400 {
		bit := i%3 == 0 || i%7 == 0
		sent, same, other = append(sent, bit), append(same, bit), append(other, !bit)
		random = append(random, i%5 == 0 || i%11 < 4)
	}
	for name, test := range map[string]struct {
		seen        []bool
		least, most float64
	}{
		"all right":   {same, 380, 400},
		"all wrong":   {other, 380, 400}, // which tells just as much
		"independent": {random, 0, 20},
	} {
		if rate := rateOf(sent, test.seen, time.Second); rate < test.least || rate > test.most {
			t.Errorf("%s: %v bits/s", name, rate)
		}
	}
	if rate := rateOf(nil, nil, time.Second); rate != 0 {
		t.Error(fmt.Sprint(rate))
	}
}
