package model_test

import (
	"errors"
	"slices"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

const labelled = base + `
(sidcontext port (system_u object_r a ((s0) (s0))))
(portcon tcp (1 1023) (system_u object_r a ((s0) (s0))))
(portcon tcp 80 (system_u object_r old ((s0) (s0))))
(type c)(type d)
(typetransition both d file c)
(typetransition a d file special b)
`

func TestTypesOfWhatIsMade(t *testing.T) {
	m, err := read(t, labelled)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		from, in, class, name string
		socket                bool
		want                  string
	}{
		{from: "a", in: "d", class: "file", want: "c"},
		{from: "a", in: "d", class: "file", name: "special", want: "b"},
		{from: "b", in: "d", class: "file", name: "special", want: "c"},
		{from: "c", in: "d", class: "file", want: "d"},
		{from: "a", in: "d", class: "fifo_file", want: "d"},
		{from: "a", in: "a", class: "tcp_socket", socket: true, want: "a"},
	} {
		if got, err := m.TypeOfMade(tt.from, tt.in, tt.class, tt.name, tt.socket); err != nil || got != tt.want {
			t.Errorf("%+v: %s, %v", tt, got, err)
		}
	}
	for port, want := range map[int]string{80: "b", 81: "a", 2000: "a"} {
		if got := m.TypeOfPort("tcp", port); got != want {
			t.Errorf("port %d has %s", port, got)
		}
	}
}

func TestLabelsThatCannotBeRead(t *testing.T) {
	for _, source := range []string{"(portcon tcp 1)", "(portcon tcp (1) (u r a (s0)))", "(portcon tcp x (u r a (s0)))", "(sidcontext port)"} {
		_, err := read(t, base, source)
		if _, ok := errors.AsType[*model.UnreadError](err); !ok {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestConditions(t *testing.T) {
	m, err := read(t, base+"(boolean w true)(booleanif (and door (xor w door)) (true (allow a b (file (read)))))(booleanif w (true (allow a b (file (write)))))")
	if err != nil {
		t.Fatal(err)
	}
	both, one := m.Rules[3].When, m.Rules[4].When
	if !slices.Equal(both.Names(), []string{"door", "w", "door"}) || !slices.Equal(one.Names(), []string{"w"}) {
		t.Errorf("booleans %v and %v", both.Names(), one.Names())
	}
	var always *model.Condition
	for _, tt := range []struct {
		when   *model.Condition
		values map[string]bool
		want   bool
	}{{both, nil, false}, {both, map[string]bool{"w": false}, true}, {one, nil, true}, {one, map[string]bool{"w": false}, false}, {always, nil, true}} {
		if got, err := m.Holds(tt.when, tt.values); err != nil || got != tt.want {
			t.Errorf("%v with %v: %v, %v", tt.when, tt.values, got, err)
		}
	}
}

func TestCloneLeavesTheOriginal(t *testing.T) {
	m, err := read(t, base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.TypesOf("both"); err != nil {
		t.Fatal(err)
	}
	one, two := m.Clone(), m.Clone()
	for i, c := range []*model.Model{one, two} {
		name := string(rune('x' + i))
		source := "(type " + name + ")(typeattributeset both (" + name + "))(allow " + name + " a (file (read)))"
		if err := c.Read([]policy.Module{{File: "m.cil", Source: []byte(source)}}); err != nil {
			t.Fatal(err)
		}
		if s, err := c.TypesOf("both"); err != nil || s.Len() != 3 || !s.Has(2) || len(c.Rules) != 4 || c.Rules[3].From != name || c.Types[2] != name {
			t.Errorf("%s: both is %v, the rules %v", name, s, c.Rules)
		}
	}
	if s, _ := m.TypesOf("both"); s.Len() != 2 || len(m.Rules) != 3 || len(m.Types) != 2 {
		t.Errorf("the original has changed: %v", m)
	}
}
