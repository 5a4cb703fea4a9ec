package flow

import (
	"errors"
	"os"
	"strings"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// Every class and permission of Debian's policy is in the map, with a reason.
func TestDefaultMapCoversThePolicy(t *testing.T) {
	perms, err := DefaultMap()
	if err != nil {
		t.Fatal(err)
	}
	base, err := os.ReadFile("../proof/testdata/base.cil")
	if err != nil {
		t.Fatal(err)
	}
	m := model.New()
	if err := m.Read([]policy.Module{{File: "base.cil", Source: base}}); err != nil {
		t.Fatal(err)
	}
	if len(m.Classes()) < 130 {
		t.Fatalf("%d classes", len(m.Classes()))
	}
	if err := perms.missing(m.Classes(), m.Permissions); err != nil {
		t.Fatal(err)
	}
	for _, class := range m.Classes() {
		for _, name := range m.Permissions(class) {
			if p, _ := perms.Permission(class, name); p.Why == "" {
				t.Errorf("%s:%s has no reason", class, name)
			}
		}
	}
}

// What seinfoflow hides by default is not hidden here.
func TestNothingIsHidden(t *testing.T) {
	perms, err := DefaultMap()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		class, name string
		dir         Direction
	}{
		{"unix_stream_socket", "connectto", Read | Write}, {"fd", "use", Read | Write}, {"process", "sigkill", Write}, {"process", "sigstop", Write},
		{"process", "signull", Read}, {"process", "sigchld", Write}, {"process", "transition", Write}, {"file", "entrypoint", Read},
		{"msgq", "getattr", Read}, {"msgq", "read", Read}, {"msgq", "write", Write}, {"shm", "lock", Write},
	} {
		found, ok := perms.Permission(p.class, p.name)
		var dir Direction
		for _, f := range found.Flows {
			dir |= f.Dir
		}
		if !ok || dir != p.dir {
			t.Errorf("%s:%s is %v", p.class, p.name, found)
		}
	}
	if names := strings.Join(perms.names("file"), " "); !strings.Contains(names, "lock") {
		t.Errorf("back channels of files: %s", names)
	}
}

const smallMap = `
common file
	read: read: its contents
class file of file
	look: read narrow .side, write @everywhere: why: because
class process process
	kill: write: ends it
	fork: none: its own
`

func TestParseMap(t *testing.T) {
	m, err := ParseMap("m", []byte(smallMap))
	if err != nil {
		t.Fatal(err)
	}
	p, ok := m.Permission("file", "look")
	if !ok || len(p.Flows) != 2 || p.Flows[0] != (Flow{Dir: Read, Narrow: true, Side: "side"}) || p.Flows[1] != (Flow{Dir: Write, Medium: "everywhere"}) || p.Why != "why: because" {
		t.Errorf("got %+v", p)
	}
	if p, ok := m.Permission("process", "fork"); !ok || p.Flows != nil || !m.process("process") || m.process("file") {
		t.Errorf("got %+v", p)
	}
	if _, ok := m.Permission("file", "read"); !ok {
		t.Error("what a class has from its common is missing")
	}
}

func TestMistakesInAMapHaveALine(t *testing.T) {
	for text, line := range map[string]int{
		"file":                        1,
		"\nclass a of b":              2,
		"class a b":                   1,
		"class a\nclass a":            2,
		"common a\ncommon a":          2,
		"common a process":            1,
		" read: read: why":            1,
		"class a\n read: read":        2,
		"class a\n read: read:":       2,
		"class a\n : read: why":       2,
		"class a\n read: : why":       2,
		"class a\n read: red: why":    2,
		"class a\n x: read x: why":    2,
		"class a\n x: read .: why":    2,
		"class a\n x: read .a .b: w":  2,
		"class a\n x: read,: why":     2,
		"class a\n x x: read: why":    2,
		"class a\n narrow: narrow: w": 2,
	} {
		_, err := ParseMap("m", []byte(text))
		if e, ok := errors.AsType[*MapError](err); !ok || e.Line != line {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, line := range map[string]int{
		"file full":                               1,
		"# full\nfile full: read: how":            2,
		"full: read -> read: how":                 1,
		"file full: read -> fly: how":             1,
		"file full:  -> read: how":                1,
		"cloud full: read -> read: how":           1,
		"machine full: read -> read: how":         1,
		"machine full: file:owner -> anyone: how": 1,
		"file full: read -> read+file: how":       1,
		"file full: read -> read+file:fly: how":   1,
		"machine full: a:b:c:d -> anyone: h":      1,
		"note file: what":                         1,
		"note cloud rain: what":                   1,
		"note file rain: ":                        1,
	} {
		m, err := ParseMap("m", []byte(smallMap))
		if err != nil {
			t.Fatal(err)
		}
		err = m.ParseChannels("c", []byte(text))
		if e, ok := errors.AsType[*MapError](err); !ok || e.Line != line {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseMap(f *testing.F) {
	f.Add(permissionsSource, channelsSource)
	f.Add([]byte(smallMap), []byte("file full: read -> owner read+file:look: how\nmachine all: file:read -> anyone: how\nnote file n: what\n"))
	f.Fuzz(func(t *testing.T, perms, channels []byte) {
		m, err := ParseMap("m", perms)
		if err == nil {
			err = m.ParseChannels("c", channels)
		}
		if err == nil {
			checkMap(t, m)
		} else if e, ok := errors.AsType[*MapError](err); !ok || e.Line < 1 || e.Msg == "" {
			t.Fatalf("got %T %v", err, err)
		}
	})
}

// checkMap: nothing is without a reason, and channels are about permissions
// that there are.
func checkMap(t *testing.T, m *Map) {
	t.Helper()
	for name, c := range m.classes {
		for perm, p := range c.perms {
			if p.Why == "" || p.Name != perm {
				t.Fatalf("%s:%s: %+v", name, perm, p)
			}
		}
	}
	for _, c := range m.Channels {
		for _, e := range append(c.Sent, c.Seen...) {
			if _, ok := m.Permission(e.Class, e.Perm); !ok && e.Perm != owner && e.Perm != anyone {
				t.Fatalf("%+v", c)
			}
		}
	}
}

// Whatever a module says, a question is answered or refused, and what is
// impossible is certified.
func FuzzAsk(f *testing.F) {
	base, err := os.ReadFile("../proof/testdata/base.cil")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("(allow ends note_t (file (read write lock)))(booleanif leaky (true (allow sender_t self (msgq (all)))))")
	f.Add("(typepermissive sender_t)(typeattribute a)(typeattributeset a (not (receiver_t)))(allow a self (fifo_file (all)))")
	f.Add("(allow receiver_t bystander_t (process (signal)))(allow bystander_t ends (unix_stream_socket (connectto)))")
	f.Fuzz(func(t *testing.T, module string) {
		m := model.New()
		if m.Read([]policy.Module{{File: "base.cil", Source: base}, {File: "lab.cil", Source: []byte(channel)}, {File: "s.cil", Source: []byte(module)}}) != nil {
			return
		}
		g, err := NewGraph(m, Options{})
		if err != nil {
			return
		}
		a, err := g.Ask(backwards())
		if err != nil {
			t.Fatal(err)
		}
		if a.Impossible() {
			if err := a.Certify(); err != nil {
				t.Fatal(err)
			}
			return
		}
		way := a.Path
		if way == nil {
			way = a.Leak
		}
		checkPath(t, way, "receiver_t", "sender_t")
	})
}
