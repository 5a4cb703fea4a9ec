package flow

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// The ends write and read a queue of their own; the rest is constraints.
const constrained = "(typeattribute kept_t_types)(typeattributeset kept_t_types (note_t))"

func TestConstraintsAreNamedWhereTheyTouchThePath(t *testing.T) {
	for _, tt := range []struct {
		name, more string
		want       []string // keyword, permissions, compared things and whether it denies, of each
	}{
		{"users", "(constrain (msgq (write enqueue)) (eq u1 u2))", []string{"constrain write users"}},
		{"levels", "(mlsconstrain (msgq (read write)) (and (dom h1 h2) (neq t1 note_t)))",
			[]string{"mlsconstrain write levels", "mlsconstrain read levels"}},
		{"another class", "(constrain (sem (write)) (eq u1 u2))", nil},
		{"another permission", "(constrain (msgq (destroy)) (eq u1 u2))", nil},
		{"holds by the types", "(constrain (msgq (write)) (or (eq u1 u2) (neq t1 kept_t_types)))", nil},
		{"holds by a list of types", "(constrain (msgq (write)) (or (eq r1 r2) (eq t2 (note_t helper_t))))", nil},
		{"fails by the types", "(constrain (msgq (write)) (and (eq u1 u2) (not (eq t1 sender_t))))", []string{"constrain write users denies"}},
		{"compares the types", "(constrain (msgq (write)) (eq t1 t2))", []string{"constrain write types denies"}},
		{"the reader acts", "(constrain (msgq (read)) (eq t1 receiver_t))", nil},
		{"an operator of tomorrow", "(constrain (msgq (write)) (near t1 r1))", []string{"constrain write roles,types"}},
		{"a new label", "(validatetrans msgq (eq u1 u2))(mlsvalidatetrans msgq (eq l1 l2))", nil},
		{"a set of permissions", "(classpermission w)(classpermissionset w (msgq (write)))(constrain w (eq r1 r2))", []string{"constrain write roles"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, graph(t, Options{}, constrained+tt.more), Query{From: "sender_t", To: "receiver_t", Trusted: trusted()})
			if got := summaries(viaQueue(a.Constraints())); !slices.Equal(got, tt.want) {
				t.Errorf("%s\ngot %q, want %q", a, got, tt.want)
			}
		})
	}
}

// viaQueue leaves out those about other classes, which the shortest path may take.
func viaQueue(all []Constraint) []Constraint {
	return slices.DeleteFunc(all, func(c Constraint) bool { return c.Class != "msgq" })
}

func summaries(all []Constraint) []string {
	var got []string
	for _, c := range all {
		text := c.Keyword + " " + strings.Join(c.Permissions, " ") + " " + strings.Join(c.Compares, ",")
		if c.Denies {
			text += " denies"
		}
		got = append(got, text)
	}
	return got
}

func TestNewLabelsAreConstrained(t *testing.T) {
	g := graph(t, Options{}, constrained+`(validatetrans file (or (eq u1 u2) (eq t3 note_t)))(mlsvalidatetrans file (or (eq l1 l2) (eq t2 note_t)))`)
	all, err := g.Constraints("sender_t", "note_t", "file", "relabelto", "read")
	if err != nil || !slices.Equal(summaries(all), []string{"validatetrans relabelto users"}) {
		t.Errorf("got %v, %v", all, err)
	}
	if all, err := g.Constraints("note_t", "helper_t", "file", "relabelfrom"); err != nil || !slices.Equal(summaries(all), []string{"mlsvalidatetrans relabelfrom levels,types"}) &&
		!slices.Equal(summaries(all), []string{"mlsvalidatetrans relabelfrom types,levels"}) {
		t.Errorf("got %v, %v", all, err)
	}
	if notes := ConstraintNotes(all); len(notes) != 1 || !strings.Contains(notes[0], "validatetrans on file (relabelto), which compares users and may deny 1 (sender_t → note_t)") {
		t.Errorf("got %q", notes)
	}
	if _, err := g.Constraints("sendr_t", "note_t", "file", "read"); err == nil || err.(*NameError).Nearest != "sender_t" {
		t.Errorf("got %v", err)
	}
	if _, err := g.Constraints("sender_t", "note_t", "fiel", "read"); err == nil || err.(*NameError).Nearest != "file" {
		t.Errorf("got %v", err)
	}
}

func TestAPolicyOfAnotherVersion(t *testing.T) {
	more := `(class teleport (send))(classorder (unordered teleport))(handleunknown allow)(constrain (teleport (send)) (eq u1 u2))
(allow sender_t note_t (teleport (send)))(allow bystander_t note_t (teleport (send)))`
	m := model.New()
	if err := m.Read([]policy.Module{{File: "new.cil", Source: []byte("(type sender_t)(type note_t)(type bystander_t)" + more)}}); err != nil {
		t.Fatal(err)
	}
	_, err := NewGraph(m, Options{})
	if cover, ok := errors.AsType[*CoverError](err); !ok || !slices.Equal(cover.Missing, []string{"teleport:send"}) || cover.Hint() == "" {
		t.Fatalf("got %v", err)
	}
	g, err := NewGraph(m, Options{Guess: true})
	if err != nil {
		t.Fatal(err)
	}
	a := ask(t, g, Query{From: "sender_t", To: "bystander_t"})
	if len(a.Path) != 2 || !strings.Contains(a.Path[0].Why, "both ways") || len(a.Constraints()) != 2 {
		t.Errorf("%s: %v", a, a.Path)
	}
	notes := strings.Join(g.Notes(), "\n")
	for _, want := range []string{"1 constraints", "teleport:send", "handleunknown allow"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in %s", want, notes)
		}
	}
}
