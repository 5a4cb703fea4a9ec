package glob

import "testing"

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.c", "writer.c", true},
		{"*.c", "lib/deep/writer.c", true},
		{"*.c", "writer.h", false},
		{"Makefile", "lib/Makefile", true},
		{"lib/*.c", "lib/a.c", true},
		{"lib/*.c", "a.c", false},
		{"lib/*.c", "lib/deep/a.c", false},
		{"lib/*.c", "x/lib/a.c", false},
		{"[ab].c", "b.c", true},
		{"[a", "a", false},
		{"*", "lib/a.c", true},
	} {
		if got := Match(test.pattern, test.name); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.pattern, test.name, got)
		}
	}
}

func TestMatchAny(t *testing.T) {
	if !MatchAny(nil, "a") || !MatchAny([]string{"b", "a"}, "a") || MatchAny([]string{"b"}, "a") {
		t.Error("no patterns mean all, some mean any of them")
	}
}

func TestValid(t *testing.T) {
	for pattern, want := range map[string]bool{"*.c": true, "a/b": true, "[a": false, `\`: false, "/a": false, "a/**": false} {
		if err := Valid(pattern); (err == nil) != want {
			t.Errorf("Valid(%q) = %v", pattern, err)
		}
	}
}
