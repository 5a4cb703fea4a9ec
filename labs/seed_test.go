package labs

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// The vectors of this file say what students of running courses were given.
// They must never change. They were computed by another program, from the
// description alone.

func TestSeedVectors(t *testing.T) {
	for _, v := range []struct{ secret, lab, student, seed, print, token string }{
		{"secret", "pipe", "ann", "7707427b7bfd82fa4bbe1acb6e269afb", "8001c6eb81564c3a",
			"pipe.o4du-e633-7wbp-us56-dlfw-4ju2-7nna-77to"},
		{"secret", "pipe", " Ann ", "7707427b7bfd82fa4bbe1acb6e269afb", "8001c6eb81564c3a",
			"pipe.o4du-e633-7wbp-us56-dlfw-4ju2-7nna-77to"},
		{"secret", "other-lab", "ann", "53f3fde8ea24b145d091b94b0c23d1f6", "356790294fdc630b",
			"other-lab.kpz7-32hk-esyu-luer-xffq-yi6r-6zie-jcwx"},
		{"", "pipe", "Ünal 7", "99afc47343a1f3a2535492ceb57f1d0a", "639d0e14355f983c",
			"pipe.tgx4-i42d-uhz2-eu2u-slhl-k7y5-blhu-cp53"},
	} {
		s := NewSeed([]byte(v.secret), v.lab, v.student)
		if got := fmt.Sprintf("%x", s[:]); got != v.seed || s.Fingerprint() != v.print || s.Token(v.lab) != v.token {
			t.Errorf("%s/%s: {%q, %q, %q}", v.lab, v.student, got, s.Fingerprint(), s.Token(v.lab))
		}
	}
}

func vectorParameters() []Parameter {
	return []Parameter{
		{Name: "word", Kind: KindName, List: []string{"heron", "ibis", "stork"}},
		{Name: "other", Kind: KindName, List: []string{"heron", "ibis", "stork", "crane"}},
		{Name: "signal", Kind: KindPick, List: []string{"USR1", "USR2"}},
		{Name: "key", Kind: KindHex, Digits: 33},
		{Name: "long", Kind: KindHex, Digits: 64},
		{Name: "size", Kind: KindNumber, From: 10, To: 1000000},
		{Name: "stages", Kind: KindOrder, List: []string{"a", "b", "c", "d"}, Separator: "-"},
	}
}

func TestValueVectors(t *testing.T) {
	for _, v := range []struct {
		seed Seed
		want string
	}{
		{DefaultSeed(), "map[key:2f2c9043ff52edfc6a26cc7e57e9e7a88 long:2a2987e72ed3a03db344b77db4b0d7b9316faa02410a9d93c61b98b761cce2c7 other:crane signal:USR1 size:783229 stages:b-a-d-c stages.1:b stages.2:a stages.3:d stages.4:c word:heron]"},
		{NewSeed([]byte("secret"), "pipe", "ann"), "map[key:733261a5df86a09586da948c94359ad1f long:a63abcdeec092a3ccf84d5d581dcc3601aa02324674457d69931bffd0e61a5db other:ibis signal:USR2 size:950803 stages:c-a-b-d stages.1:c stages.2:a stages.3:b stages.4:d word:stork]"},
	} {
		if got := fmt.Sprint(draw(vectorParameters(), v.seed)); got != v.want {
			t.Errorf("got %s", got)
		}
	}
}

// A parameter that comes to a lab leaves the others as they are.
func TestValuesAreIndependent(t *testing.T) {
	all := draw(vectorParameters(), DefaultSeed())
	for _, p := range vectorParameters() {
		if p.Kind == KindName {
			continue
		}
		if alone := draw([]Parameter{p}, DefaultSeed()); alone[p.Name] != all[p.Name] {
			t.Errorf("%s is %s alone and %s among others", p.Name, alone[p.Name], all[p.Name])
		}
	}
}

// Every value must be drawn as often as any other. The bound is five standard
// deviations; the seeds are fixed, so the outcome is too.
func TestDrawingIsEven(t *testing.T) {
	const draws, sides = 20000, 7
	counts := map[string]int{}
	orders := map[string]int{}
	parameters := []Parameter{
		{Name: "die", Kind: KindNumber, From: 1, To: sides},
		{Name: "order", Kind: KindOrder, List: []string{"a", "b", "c"}},
	}
	for i := range draws {
		v := draw(parameters, NewSeed([]byte("even"), "lab", fmt.Sprint(i)))
		counts[v["die"]]++
		orders[v["order"]]++
	}
	even := func(counts map[string]int, n int) {
		t.Helper()
		p := 1 / float64(n)
		bound := 5 * math.Sqrt(draws*p*(1-p))
		for value, count := range counts {
			if math.Abs(float64(count)-draws*p) > bound {
				t.Errorf("%s was drawn %d times of %d", value, count, draws)
			}
		}
		if len(counts) != n {
			t.Errorf("%d values of %d were drawn", len(counts), n)
		}
	}
	even(counts, sides)
	even(orders, 6)
}

func TestNamesDiffer(t *testing.T) {
	for i := range 200 {
		v := draw(vectorParameters(), NewSeed([]byte("names"), "lab", fmt.Sprint(i)))
		if v["word"] == v["other"] {
			t.Fatalf("%d: both are %s", i, v["word"])
		}
	}
}

func TestParseToken(t *testing.T) {
	s := NewSeed([]byte("secret"), "pipe", "ann")
	token := s.Token("pipe")
	letters := strings.TrimPrefix(token, "pipe.")
	for _, text := range []string{
		token, " " + token + "\n", "Pipe." + strings.ToUpper(letters), "pipe." + strings.ReplaceAll(letters, "-", ""),
		"pipe." + strings.ReplaceAll(letters, "-", " "), "pipe." + strings.NewReplacer("o", "0", "l", "1", "b", "8").Replace(letters),
	} {
		if got, err := ParseToken("pipe", text); err != nil || got != s {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseTokenRefuses(t *testing.T) {
	token := NewSeed([]byte("secret"), "pipe", "ann").Token("pipe")
	other := NewSeed([]byte("secret"), "box", "ann").Token("box")
	for text, want := range map[string]string{
		"":                   "it has no dot after a lab's name",
		token[5:]:            "it has no dot",
		other:                `it is for the lab "box"`,
		"pipe" + other[3:]:   "a letter of it is wrong",
		token[:len(token)-1]: "it has not the 32 letters of a token, but 31",
		token + "a":          "but 33, or other",
		"pipe.ä":             "other characters",
	} {
		_, err := ParseToken("pipe", text)
		var bad *TokenError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || !strings.Contains(bad.Hint(), "pipe.") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A checksum that is right by chance is one in four thousand millions.
func TestEveryWrongLetterIsFound(t *testing.T) {
	token := NewSeed([]byte("secret"), "pipe", "ann").Token("pipe")
	for i := len("pipe."); i < len(token); i++ {
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
			if wrong := token[:i] + string(c) + token[i+1:]; token[i] != '-' && wrong != token {
				if _, err := ParseToken("pipe", wrong); err == nil {
					t.Fatalf("%s was taken", wrong)
				}
			}
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add("pipe." + strings.Repeat("aaaa-", 8))
	f.Add(NewSeed(nil, "pipe", "").Token("pipe"))
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseToken("pipe", text); err == nil {
			if again, err := ParseToken("pipe", s.Token("pipe")); err != nil || again != s {
				t.Errorf("%q gave %x", text, s)
			}
		}
	})
}
