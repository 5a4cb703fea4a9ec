package model_test

import (
	"errors"
	"slices"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

const base = `
(common file (read write))
(class file (entrypoint))
(classcommon file file)
(classmap cm (use))
(classmapping cm use (file (read entrypoint)))
(boolean door true)
(type a)(type b)(typealias old)(typealiasactual old b)
(typeattribute both)(typeattributeset both (a old))
(allow both self (file (read)))
(booleanif (not door) (true (allow a old (cm (use)))) (false (allow b a (file (all)))))
(typepermissive a)
(typetransition a b process b)
(genfscon proc "/sysvipc" (system_u object_r old ((s0) (s0))))
(handleunknown deny)
(mlsconstrain (cm (use)) (dom h1 h2)) (validatetrans file (eq u1 u2))
`

func read(t testing.TB, sources ...string) (*model.Model, error) {
	t.Helper()
	m := model.New()
	for _, source := range sources {
		if err := m.Read([]policy.Module{{File: "m.cil", Source: []byte(source)}}); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func TestRead(t *testing.T) {
	m, err := read(t, base)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Types, []string{"a", "b"}) || !m.Booleans["door"] || len(m.Moves) != 1 || len(m.Permissive) != 1 || len(m.Rules) != 3 {
		t.Fatalf("got %+v", m)
	}
	if want := (model.Genfs{FS: "proc", Path: "/sysvipc", Type: "b"}); len(m.Genfs) != 1 || m.Genfs[0] != want {
		t.Errorf("labelled: %v", m.Genfs)
	}
	if i, ok := m.Number("old"); i != 1 || !ok || !slices.Equal(m.Classes(), []string{"file"}) {
		t.Errorf("old is %d, %v; the classes are %v", i, ok, m.Classes())
	}
	if s, err := m.TypesOf("both"); err != nil || s.Len() != 2 {
		t.Errorf("both is %v, %v", s, err)
	}
	if r := m.Rules[0]; r.To != "self" || r.When != nil {
		t.Errorf("first rule: %+v", r)
	}
	r := m.Rules[1]
	if r.To != "b" || r.When == nil || !r.When.Is || r.When.Expr.String() != "(not door)" || m.Rules[2].When.Is {
		t.Errorf("second rule: %+v", r)
	}
	if names := m.Permissions("file"); len(r.Access) != 1 || r.Access[0].Perms.Len() != 2 || !r.Access[0].Perms.Has(slices.Index(names, "entrypoint")) {
		t.Errorf("second rule: %+v of %v", r.Access, names)
	}
}

func TestConstraintsAreKept(t *testing.T) {
	m, err := read(t, base)
	if err != nil || len(m.Constraints) != 2 || m.Unknown != "deny" {
		t.Fatalf("got %+v, %v", m, err)
	}
	levels, label := m.Constraints[0], m.Constraints[1]
	if levels.Keyword != "mlsconstrain" || len(levels.Access) != 1 || levels.Access[0].Perms.Len() != 2 || levels.Relabels() || levels.Expr.String() != "(dom h1 h2)" {
		t.Errorf("got %+v", levels)
	}
	if !label.Relabels() || len(label.Access) != 1 || label.Access[0].Class != "file" || label.Source.String() != "(validatetrans file (eq u1 u2))" {
		t.Errorf("got %+v", label)
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, source := range []string{
		"(block b)", "(type)", "(type a)", "(boolean door false)", "(allow a c (file (read)))", "(allow a b (file (fly)))",
		"(classpermissionset)", "(classpermissionset x)", "(classmapping cm use)", "(typetransition a b)", "(booleanif door (perhaps))", "(genfscon proc)",
		"(constrain)", "(constrain (file (fly)) (eq u1 u2))", "(mlsconstrain nothing (eq l1 l2))", "(validatetrans nothing (eq u1 u2))",
		"(validatetrans (file (read)) (eq u1 u2))", "(handleunknown)",
	} {
		_, err := read(t, base, source)
		if unread, ok := errors.AsType[*model.UnreadError](err); !ok || unread.Pos.Line != 1 {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(base)
	f.Add("(constrain (file (all)) (or (eq u1 u2) (neq t1 (a both))))(classmap e ())(allow a b (e (all)))")
	f.Add("(classpermission p)(classpermissionset p (file (not (read))))(allow a b p)")
	f.Fuzz(func(t *testing.T, source string) {
		m, err := read(t, base, source)
		if err != nil {
			return
		}
		for _, name := range m.Attributes() {
			_, _ = m.TypesOf(name)
		}
	})
}
