package mechanism_test

import (
	"slices"
	"strings"
	"testing"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
)

func TestEveryKindIsKnownAndNoOther(t *testing.T) {
	var kinds []mechanism.Kind
	for _, m := range mechanism.All() {
		kinds = append(kinds, m.Kind)
	}
	if !slices.Equal(kinds, mechanism.Kinds()) {
		t.Errorf("mechanisms.yaml has %v, and the kinds are %v", kinds, mechanism.Kinds())
	}
	if _, ok := mechanism.Find("pigeon"); ok {
		t.Error("a mechanism was found that there is not")
	}
}

// The usual ways have the names that the trusted probe gives its operations, as
// far as it has them.
func TestWaysAreFound(t *testing.T) {
	for kind, want := range map[mechanism.Kind]string{
		mechanism.FIFO: string(api.OpWrite), mechanism.File: string(api.OpWrite), mechanism.Queue: string(api.OpMsgsnd),
		mechanism.Segment: string(api.OpShmatRW), mechanism.Semaphores: string(api.OpSemop), mechanism.Exit: "exit",
	} {
		m, _ := mechanism.Find(kind)
		if w, ok := m.Way(""); !ok || w.Name != want {
			t.Errorf("the usual way of %s is %q, not %q", kind, w.Name, want)
		}
	}
	fifo, _ := mechanism.Find(mechanism.FIFO)
	if w, ok := fifo.Way(string(api.OpAppend)); !ok || w.From[0].Needs[1].Permissions[0] != "append" {
		t.Errorf("append: %+v", w)
	}
	if _, ok := fifo.Way("whistle"); ok {
		t.Error("a way was found that there is not")
	}
	if names := fifo.Names(); !slices.Equal(names, []string{"write", "append", "rdwr"}) {
		t.Errorf("ways of a FIFO: %v", names)
	}
}

// Each mechanism that both ends must use tells what both do; where the kernel
// asks an end at every message, a rule taken away stops it.
func TestWhatIsAskedAgain(t *testing.T) {
	again := map[mechanism.Kind]bool{}
	for _, m := range mechanism.All() {
		w, _ := m.Way("")
		for _, c := range slices.Concat(w.From, w.To) {
			again[m.Kind] = again[m.Kind] || c.Each && len(c.Needs) > 0
		}
	}
	for _, once := range []mechanism.Kind{mechanism.Segment, mechanism.POSIXSegment, mechanism.POSIXQueue, mechanism.Exit} {
		if again[once] {
			t.Errorf("%s is asked once only", once)
		}
		delete(again, once)
	}
	for kind, ok := range again {
		if !ok {
			t.Errorf("%s is asked at every message", kind)
		}
	}
}

func TestOnly(t *testing.T) {
	for _, tt := range []struct {
		only  mechanism.Only
		maker bool
		want  bool
	}{{"", true, true}, {"", false, true}, {"maker", true, true}, {"maker", false, false}, {"other", true, false}, {"other", false, true}} {
		if got := tt.only.Applies(tt.maker); got != tt.want {
			t.Errorf("%q of maker %v: %v", tt.only, tt.maker, got)
		}
	}
}

func TestMistakesAreErrors(t *testing.T) {
	const good = "- {kind: exit, title: t, about: a, classes: [process], made: none, ways: [{name: exit, about: a, from: [{name: exit, syscalls: [exit], needs: [{on: to, class: process, permissions: [signal]}]}]}]}"
	if _, err := mechanism.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"title:", "titel:"}, {"kind: exit", "kind: pigeon"}, {"about: a", "about: ''"}, {"made: none", "made: nobody"}, {"made: none", "made: agent"},
		{"classes: [process]", "classes: []"}, {"name: exit", "name: ''"}, {"syscalls: [exit]", "syscalls: []"}, {"on: to", "on: top"}, {"on: to", "by: me, on: to"},
		{"syscalls: [exit]", "syscalls: [exit], mode: x"}, {"syscalls: [exit]", "syscalls: [exit], directory: r"}, {"syscalls: [exit]", "syscalls: [exit], directory: x"}, {"syscalls: [exit]", "syscalls: [exit], only: one"},
		{"syscalls: [exit]", "syscalls: [exit], overrides: [kill]"}, {"permissions: [signal]", "permissions: []"}, {"title: t", "title: t, place: nowhere"},
		{"title: t", "title: t, namespace: mind"}, {"about: a, from", "about: a, receiver: other, from"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%v changes nothing", change)
		}
		if _, err := mechanism.Parse([]byte(bad)); err == nil {
			t.Errorf("no error with %q", change[1])
		}
	}
}

// What is in a namespace is looked up by a call, and what is in none by none.
func TestWhatIsInANamespaceIsFound(t *testing.T) {
	for _, m := range mechanism.All() {
		for _, w := range m.Ways {
			finds := slices.ContainsFunc(slices.Concat(w.From, w.To), func(c mechanism.Call) bool { return c.Finds })
			if finds != (m.Namespace != "") {
				t.Errorf("%s %s: finds %v in namespace %q", m.Kind, w.Name, finds, m.Namespace)
			}
		}
	}
}

func TestAlways(t *testing.T) {
	calls := mechanism.Always()
	if len(calls) < 20 || !slices.Contains(calls, "exit_group") || slices.Contains(calls, "openat") || slices.ContainsFunc(calls, func(c string) bool { return strings.ContainsAny(c, "# \n") }) {
		t.Errorf("always: %q", calls)
	}
}

func TestSignalPermission(t *testing.T) {
	for signal, want := range map[string]string{"USR1": "signal", "0": "signull", "KILL": "sigkill", "STOP": "sigstop", "CHLD": "sigchld", "CONT": "signal"} {
		if got := mechanism.SignalPermission(signal); got != want {
			t.Errorf("%s asks for %s", signal, got)
		}
	}
}
