package scenarios

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ipclab/internal/mechanism"
)

func TestGrammarDocumentsEverything(t *testing.T) {
	g := theGrammar()
	for _, s := range g.Sections {
		if s.About == "" {
			t.Errorf("section %s is not explained", s.Name)
		}
		if s.Name != "scenario" && !g.used(s.Name) {
			t.Errorf("no key has the form %s", s.Name)
		}
		for _, k := range s.Keys {
			if !strings.HasSuffix(k.About, ".") {
				t.Errorf("%s of %s is not explained in a sentence: %q", k.Name, s.Name, k.About)
			}
		}
	}
	for name, f := range g.Forms {
		if f.About == "" {
			t.Errorf("form %s is not explained", name)
		}
	}
}

func TestGrammarKnowsEveryMechanism(t *testing.T) {
	object, _ := theGrammar().section("object")
	kind, _ := object.key("kind")
	var want []string
	for _, k := range mechanism.Kinds() {
		want = append(want, string(k))
	}
	if !slices.Equal(kind.Words, want) {
		t.Errorf("kinds are %v, mechanisms %v", kind.Words, want)
	}
	maker, _ := object.key("maker")
	for _, m := range mechanism.All() {
		if made := slices.Contains(maker.Only.Values, string(m.Kind)); made != (m.Made != mechanism.ByNone) {
			t.Errorf("that a %s can have a maker is %v in the grammar, and otherwise for the mechanism", m.Kind, made)
		}
	}
}

func TestReadGrammarRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"unknown form": "forms: {}\nsections:\n  - {name: a, about: A., keys: {b: {form: c, about: B.}}}",
		"bad pattern":  "forms: {a: {about: a, pattern: \"(\"}}\nsections: []",
		"unknown key":  "forms: {}\nsectoins: []",
	} {
		if _, err := readGrammar([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestReferencePageIsUpToDate(t *testing.T) {
	page, err := os.ReadFile("../docs/scenario-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != Reference() {
		t.Error("the page is old: make it anew with `ipclab scenario reference > docs/scenario-reference.md`")
	}
}

// The model has a field for each key, and each is filled in.
func TestEveryKeyReachesTheModel(t *testing.T) {
	s := load(t, whole)
	for what, empty := range map[string]bool{
		"trusted": len(s.Trusted) == 0, "twins": len(s.Twins) == 0, "revocations": len(s.Revocations) == 0,
		"back channels": len(s.BackChannels) == 0, "about": s.About == "", "policy": s.Policy == nil,
	} {
		if empty {
			t.Errorf("%s are empty", what)
		}
	}
	for _, one := range []any{s.Flows[1], s.BackChannels[1], s.Revocations[0], s.Trusted[1]} {
		v := reflect.ValueOf(one)
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Field(i).IsZero() && name != "Syscall" && name != "Bound" { // of another layer, and of an open one
				t.Errorf("%s of %T is empty", name, one)
			}
		}
	}
}
