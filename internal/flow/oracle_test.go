package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ipclab/internal/policy/model"
)

// The search is compared with a plain one: every flow of every rule as an edge
// between two names, and a queue. It shares the map with the search, and
// nothing else.
type oracle map[string][]string // from → to

func (o oracle) add(from, to string, d Direction) {
	if d&Write != 0 {
		o[from] = append(o[from], to)
	}
	if d&Read != 0 {
		o[to] = append(o[to], from)
	}
}

// newOracle makes the edges of all rules.
func newOracle(t *testing.T, m *model.Model, perms *Map) oracle {
	t.Helper()
	o := oracle{}
	acting := map[string]bool{}
	for _, r := range m.Rules {
		from, to := typesOf(t, m, r.From), []string{"self"}
		if r.To != "self" {
			to = typesOf(t, m, r.To)
		}
		for _, a := range r.Access {
			names := m.Permissions(a.Class)
			a.Perms.Each(func(i int) {
				p, _ := perms.Permission(a.Class, names[i])
				for _, s := range from {
					acting[s] = acting[s] || len(p.Flows) > 0
					for _, target := range to {
						o.permission(perms, s, strings.Replace(target, "self", s, 1), a.Class, p)
					}
				}
			})
		}
	}
	for s := range acting {
		for _, class := range []string{"file", "dir", "lnk_file"} {
			if acting[s] {
				o.add(s, s+":"+class, Read|Write)
			}
		}
	}
	return o
}

func (o oracle) permission(perms *Map, from, to, class string, p Permission) {
	for _, f := range p.Flows {
		object := to + ":" + class
		switch {
		case f.Medium == "class":
			object = "@" + class
		case f.Medium != "":
			object = "@" + f.Medium
		case f.Side != "":
			object += "." + f.Side
		case perms.process(class):
			object = to
		}
		o.add(from, object, f.Dir)
	}
}

func typesOf(t *testing.T, m *model.Model, name string) (names []string) {
	t.Helper()
	s, err := m.TypesOf(name)
	if err != nil {
		t.Fatal(err)
	}
	s.Each(func(i int) { names = append(names, m.Types[i]) })
	return names
}

// distances gives how many steps it takes to each name, past nobody trusted.
func (o oracle) distances(from string, trusted []string) map[string]int {
	steps := map[string]int{from: 0}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && slices.Contains(trusted, at) {
			continue
		}
		for _, to := range o[at] {
			if _, ok := steps[to]; !ok {
				steps[to] = steps[at] + 1
				queue = append(queue, to)
			}
		}
	}
	return steps
}

// randomRules gives rules between a few types, of all classes.
func randomRules(r *rand.Rand, m *model.Model) string {
	var b strings.Builder
	names := []string{"sender_t", "receiver_t", "bystander_t", "note_t", "tool_exec_t", "ends", "all_t"}
	b.WriteString("(typeattribute all_t)(typeattributeset all_t (and (not (sender_t)) (bystander_t receiver_t note_t)))")
	classes := m.Classes()
	for range 2 + r.IntN(14) {
		class := classes[r.IntN(len(classes))]
		perms := m.Permissions(class)
		to := append(slices.Clone(names), "self")[r.IntN(len(names)+1)]
		fmt.Fprintf(&b, "(allow %s %s (%s (%s %s)))", names[r.IntN(len(names))], to, class, perms[r.IntN(len(perms))], perms[r.IntN(len(perms))])
	}
	return b.String()
}

func TestSearchAgreesWithAPlainOne(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 16))
	plain := graph(t, Options{}, "")
	possible := 0
	for range 150 {
		rules := randomRules(r, plain.model)
		g := graph(t, Options{}, rules)
		trusted := []string{"helper_t", "daemon_t"}
		for _, from := range []string{"receiver_t", "sender_t", "bystander_t"} {
			steps := newOracle(t, g.model, g.perms).distances(from, trusted)
			for _, to := range []string{"receiver_t", "sender_t", "bystander_t", "helper_t"} {
				if from == to {
					continue
				}
				a := ask(t, g, Query{From: from, To: to, Trusted: []Trust{{Name: "helper_t"}, {Name: "daemon_t"}}})
				if _, want := steps[to]; want != (len(a.Path) > 0) {
					t.Fatalf("%s\n%s → %s: %v, but the plain search says %v", rules, from, to, a.Path, want)
				}
				if len(a.Path) > 0 {
					possible++
					checkPath(t, a.Path, from, to)
					// the search counts processes, the plain one counts objects as well
					if len(a.Path) > 2*steps[to] {
						t.Errorf("%s\n%s → %s takes %d steps: %v", rules, from, to, steps[to], a.Path)
					}
				}
			}
		}
	}
	if t.Logf("%d of 1,350 flows are possible", possible); possible < 200 || possible > 1150 {
		t.Error("too few or too many to tell")
	}
}
