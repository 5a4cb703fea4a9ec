package actor

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// objectOf is an object of a kind that nobody else uses.
func objectOf(t *testing.T, kind string) Role {
	t.Helper()
	name := fmt.Sprintf("ipclab-actor-test-%d", os.Getpid())
	r := Role{Object: api.ObjectSpec{Name: name, Kind: kind, Path: filepath.Join(t.TempDir(), "o")}, UID: -1, GID: -1}
	switch kind {
	case "posix-mq", "posix-shm":
		r.Object.Path = "/" + name
	case "msgq", "shm", "sem":
		r.Key = int32(0x41000000 | os.Getpid()&0xffffff)
	case "tcp", "udp", "sctp":
		r.Object.Port = 20000 + os.Getpid()%10000
	}
	return r
}

// twoEnds opens both ends of an object, in the order in which a play does. The
// maker is one of them, unless that is MakerSide.
func twoEnds(t *testing.T, r Role, maker Side) (from, to End) {
	t.Helper()
	end := func(side Side) End {
		r.Side, r.Makes = side, side == maker
		e, err := New(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			e.Close()
			if err := e.Remove(); err != nil {
				t.Error(err)
			}
		})
		return e
	}
	from, to = end(FromSide), end(ToSide)
	who := map[Side]End{FromSide: from, ToSide: to}[maker]
	if who == nil {
		who = end(MakerSide)
	}
	if err := who.Make(NewTrace()); err != nil {
		lacking(t, err)
		t.Fatal(err)
	}
	for _, e := range []End{to, from} {
		if err := e.Open(NewTrace()); err != nil {
			t.Fatal(err)
		}
	}
	return from, to
}

// lacking ends a test of what this computer has not.
func lacking(t *testing.T, err error) {
	t.Helper()
	for _, missing := range []error{unix.EPROTONOSUPPORT, unix.ESOCKTNOSUPPORT, unix.ENOSYS} {
		if errors.Is(err, missing) {
			t.Skip(err)
		}
	}
}

// receive asks until something is there.
func receive(t *testing.T, e End) []byte {
	t.Helper()
	for range 2000 {
		data, err := e.Receive(NewTrace())
		if err == nil {
			return data
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.ENOMSG) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nothing came")
	return nil
}

// Whoever makes it, what one end sends the other one receives: a secret, and
// another one after it, as after a revocation.
func TestSecretsArrive(t *testing.T) {
	for _, test := range []struct {
		kind, how string
		makers    []Side
	}{
		{"msgq", "", []Side{FromSide, ToSide, MakerSide}},
		{"shm", "", []Side{FromSide, ToSide, MakerSide}},
		{"sem", "semop", []Side{FromSide, ToSide, MakerSide}},
		{"sem", "setval", []Side{FromSide, ToSide}},
		{"posix-mq", "", []Side{FromSide, ToSide, MakerSide}},
		{"posix-shm", "", []Side{FromSide, ToSide, MakerSide}},
		{"unix-stream", "", []Side{FromSide, ToSide}},
		{"unix-seqpacket", "", []Side{FromSide, ToSide}},
		{"unix-dgram", "", []Side{ToSide}},
		{"netlink", "", []Side{ToSide}},
		{"tcp", "", []Side{FromSide, ToSide, FromSide}},
		{"udp", "", []Side{ToSide}},
		{"sctp", "", []Side{FromSide, ToSide, FromSide}},
	} {
		for i, maker := range test.makers {
			t.Run(fmt.Sprintf("%s/%s/%d-%s", test.kind, test.how, i, maker), func(t *testing.T) {
				r := objectOf(t, test.kind)
				r.How = test.how
				from, to := twoEnds(t, r, maker)
				for range 2 {
					secret := make([]byte, SecretSize)
					rand.Read(secret)
					sent, err := from.Send(NewTrace(), secret)
					if err != nil {
						t.Fatal(err)
					}
					if got := receive(t, to); !bytes.Equal(got, sent) || len(sent) < 8 {
						t.Errorf("%x became %x", sent, got)
					}
				}
			})
		}
	}
}

// Before anything is sent there is nothing, and nobody waits for it.
func TestNothingIsReceivedBeforeItIsSent(t *testing.T) {
	for _, kind := range []string{"msgq", "shm", "sem", "posix-mq", "posix-shm", "unix-stream", "unix-dgram", "unix-seqpacket", "netlink", "tcp", "udp", "sctp"} {
		t.Run(kind, func(t *testing.T) {
			_, to := twoEnds(t, objectOf(t, kind), ToSide)
			tr := NewTrace()
			data, err := to.Receive(tr)
			if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.ENOMSG) || len(data) > 0 {
				t.Errorf("%x, %v", data, err)
			}
			if refused := (*RefusedError)(nil); !errors.As(err, &refused) || tr.call == "" {
				t.Errorf("%v after %s", err, tr.text())
			}
		})
	}
}

// What is dressed by its maker has the mode that was asked for.
func TestMakersDressWhatTheyMake(t *testing.T) {
	for _, kind := range []string{"fifo", "unix-stream", "posix-shm"} {
		r := objectOf(t, kind)
		r.Side, r.Makes, r.Mode, r.GID = MakerSide, true, 0o642, os.Getgid()
		e, err := New(r)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Remove()
		defer e.Close()
		if err := e.Make(NewTrace()); err != nil {
			t.Fatal(err)
		}
		path := r.Object.Path
		if kind == "posix-shm" {
			path = "/dev/shm" + path
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || st.Mode&0o7777 != 0o642 {
			t.Errorf("%s: mode %#o, %v", kind, st.Mode, err)
		}
	}
}
