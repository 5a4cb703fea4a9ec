package yamlfile

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// pet is what the tests read.
type pet struct {
	name  string
	legs  int
	tame  bool
	naps  time.Duration
	names []string
}

func readPet(text string) (pet, error) {
	var p pet
	d := &Decoder{Mistakes: Mistakes{File: "pet.yaml"}}
	d.Document([]byte(text), func(n ast.Node) {
		d.Mapping(n, "the pet",
			Must("name", d.Text(&p.name, "name", func(s string) error {
				if s == "x" {
					return errors.New("is too short")
				}
				return nil
			})),
			May("legs", d.Number(&p.legs, "legs", 1)),
			May("tame", d.Truth(&p.tame, "tame")),
			May("naps", d.Duration(&p.naps, "naps")),
			May("names", d.Texts(&p.names, "names")))
	})
	return p, d.Err()
}

func TestDecoderReads(t *testing.T) {
	p, err := readPet("name: Rex\nlegs: 4\ntame: true\nnaps: 1m\nnames: [a, b]")
	if err != nil || p.name != "Rex" || p.legs != 4 || !p.tame || p.naps != time.Minute || len(p.names) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDecoderNamesEveryMistake(t *testing.T) {
	for text, want := range map[string]string{
		"legs: 4":                `pet.yaml:1:1: the pet has no "name"`,
		"nam: Rex":               `pet.yaml:1:1: unknown key "nam" in the pet (did you mean "name"?)`,
		"name: a\nname: b":       `pet.yaml:2:1: key "name" in the pet stands twice, first in line 1`,
		"name: 7":                `pet.yaml:1:7: name must be a text, not a number: write "7", in quotes`,
		"name: ' '":              "name must not be empty",
		"name: x":                "pet.yaml:1:7: name: is too short",
		"name: a\nlegs: -1":      "pet.yaml:2:7: legs must be a number from 1, not -1",
		"name: a\nlegs: many":    "legs must be a whole number, not a text",
		"name: a\ntame: 1":       "tame must be true or false, not a number",
		"name: a\nnaps: 5":       "naps must be a time above zero with its unit",
		"name: a\nnames: []":     "names must not be empty",
		"name: a\nnames: {a: b}": "names must be a list, not a mapping",
		"name: &x a":             "an anchor, alias or tag",
		"- name":                 "the pet must be a mapping of keys and values, not a list",
		"":                       "the file holds 0 YAML documents; it must hold one",
		"name: [":                "not YAML: ",
	} {
		_, err := readPet(text)
		var m *Mistake
		if !errors.As(err, &m) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

func TestErrOrdersMistakes(t *testing.T) {
	m := &Mistakes{File: "f"}
	m.Add(Position{3, 1}, "third")
	m.Add(Position{1, 9}, "second")
	m.Add(Position{1, 2}, "first")
	m.Add(Position{}, "none")
	if got := m.Err().Error(); got != "f: none\nf:1:2: first\nf:1:9: second\nf:3:1: third" {
		t.Errorf("%s", got)
	}
	if (&Mistakes{}).Err() != nil {
		t.Error("no mistake is an error")
	}
}

func FuzzDocument(f *testing.F) {
	for _, text := range []string{"name: Rex", "a: &x {b: *x}", "? [a]\n: b", "<<: {}", "\xff", "name: |\n a\n", "- - -", "{{{"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := readPet(text); err == nil && p.name == "" {
			t.Errorf("%q is a pet without a name", text)
		}
	})
}
