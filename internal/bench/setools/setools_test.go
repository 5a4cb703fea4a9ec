package main

import (
	"os"
	"strings"
	"testing"

	"ipclab/internal/flow"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

const small = `
(type a_t) (type b_t) (type c_t) (type box_t) (boolean door false) (typeattributeset domain (a_t b_t c_t))
(allow a_t box_t (file (write))) (allow b_t box_t (file (read)))
(booleanif door (true (allow b_t c_t (fifo_file (write)))))
`

func smallModel(t *testing.T) *model.Model {
	t.Helper()
	base, err := os.ReadFile("../../proof/testdata/base.cil")
	if err != nil {
		t.Fatal(err)
	}
	m := model.New()
	if err := m.Read([]policy.Module{{File: "base.cil", Source: base}, {File: "small.cil", Source: []byte(small)}}); err != nil {
		t.Fatal(err)
	}
	return m
}

// fake answers as setools would that has these paths and no other.
type fake map[[2]string][]string

func (f fake) ask(o order) (r reply, err error) {
	for _, pair := range o.Pairs {
		r.Paths = append(r.Paths, f[pair])
	}
	return r, nil
}

func TestDifferencesAreFoundAndExplained(t *testing.T) {
	m := smallModel(t)
	s := set{name: "small", pairs: [][2]string{{"a_t", "b_t"}, {"b_t", "c_t"}, {"c_t", "a_t"}}}
	right := fake{{"a_t", "b_t"}: {"a_t", "box_t", "b_t"}, {"a_t", "box_t"}: {"a_t", "box_t"}, {"box_t", "b_t"}: {"box_t", "b_t"}}
	got := compared(t, m, right, s)
	if got.agree != 3 || got.found != 1 || len(got.differences) != 0 {
		t.Errorf("got %+v", got)
	}
	right[[2]string{"b_t", "c_t"}] = []string{"b_t", "c_t"} // as under the boolean
	delete(right, [2]string{"a_t", "b_t"})
	delete(right, [2]string{"box_t", "b_t"})
	got = compared(t, m, right, s)
	if got.agree != 1 || len(got.differences) != 2 {
		t.Fatalf("got %+v", got)
	}
	lost, more := got.differences[0].String(), got.differences[1].String()
	if !strings.Contains(lost, "ipclab goes from box_t to b_t in one step, which setools does not") || strings.Contains(lost, "from a_t to box_t in") {
		t.Error(lost)
	}
	if !strings.Contains(more, "setools goes from b_t to c_t in one step, for which ipclab has no rule") {
		t.Error(more)
	}
	if s.branches = true; len(compared(t, m, right, s).differences) != 1 {
		t.Error("all branches make no difference")
	}
}

func compared(t *testing.T, m *model.Model, f fake, s set) outcome {
	t.Helper()
	all, err := compare(m, f, []set{s}, func(outcome) {})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestSetsAreReproducibleAndWholeInSize(t *testing.T) {
	m := smallModel(t)
	g := []group{{name: "g", types: []string{"a_t", "b_t", "box_t"}}}
	all, err := sets(m, g, 100, 1)
	if err != nil || len(all) != 8 {
		t.Fatalf("%d sets, %v", len(all), err)
	}
	again, _ := sets(m, g, 100, 1)
	random := 0
	for i, s := range all {
		if s.pairs[0] != again[i].pairs[0] {
			t.Errorf("%s: another pair with the same seed", s.name)
		}
		for _, pair := range s.pairs {
			for _, e := range s.exclude {
				if e == pair[0] || e == pair[1] {
					t.Fatalf("%s: %v is excluded", s.name, pair)
				}
			}
		}
		if strings.HasPrefix(s.name, "random") {
			random += len(s.pairs)
		}
	}
	if last := all[3]; random != 600 || len(last.pairs) != 6 || last.trusted()[0].Name == "" {
		t.Errorf("%d random pairs; %+v", random, last)
	}
	if _, err := sets(m, []group{{name: "g", types: []string{"nothing_t"}}}, 1, 1); err == nil {
		t.Error("a type that the policy does not have is taken")
	}
}

func TestPermMapIsInSetoolsForm(t *testing.T) {
	m := smallModel(t)
	perms, err := flow.DefaultMap()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(permMap(m, perms), "\n")
	in := ""
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "class ") {
			in = line
		}
		if strings.HasPrefix(in, "class msgq ") && strings.HasPrefix(line, "  read ") && line != "  read r 10" {
			t.Errorf("got %q", line)
		}
	}
	if !strings.Contains(strings.Join(lines, "\n"), "\n  write w 10\n") || strings.Count(lines[0], " ") != 0 {
		t.Errorf("got %q", lines[:5])
	}
}
