package grader

import (
	"strings"
	"testing"

	"ipclab/internal/guest/api"
)

// echo prints its last argument, with the digits of it that say returns true
// for turned round.
func echo(wrong int) program {
	return func(r *fakeRun) api.Exit {
		row := []byte(r.spec.Argv[len(r.spec.Argv)-1])
		for i := range wrong {
			row[i] ^= 1
		}
		return prints(string(row)+"\n", "", 0)(r)
	}
}

func TestRandomAndAgree(t *testing.T) {
	tests := []struct {
		name    string
		script  string
		writer  program
		verdict Verdict
		says    string
	}{
		{"all right", "agree -least=16 $BITS", echo(0), Pass, ""},
		{"enough right", "agree -least=13 $BITS", echo(3), Pass, ""},
		{"too many wrong", "agree -least=14 $BITS", echo(3), Fail, "is right in 13 of 16 places, and must be in at least 14"},
		{"nothing printed", "agree -least=1 $BITS", exits(0), Fail, "is right in 0 of 16"},
		{"too short", "agree -least=16 $BITS", prints("1", "", 0), Fail, "of 16 places"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newFake()
			g.programs["writer"] = test.writer
			res := try(t, g, "build\nrandom BITS 16\nrun writer $BITS\n"+test.script+"\n")
			fault := NoFault
			if test.verdict == Fail {
				fault = Student
			}
			want(t, res, test.verdict, fault, test.says)
		})
	}
}

func TestRandomDiffers(t *testing.T) {
	seen := map[string]bool{}
	for range 4 {
		g := newFake()
		g.programs["writer"] = exits(0)
		want(t, try(t, g, "build\nrandom BITS 64\nrun writer $BITS\n"), Pass, NoFault, "")
		argv := g.specs[len(g.specs)-1].Argv
		row := argv[len(argv)-1]
		if len(row) != 64 || strings.Trim(row, "01") != "" || seen[row] {
			t.Errorf("the row is %q", row)
		}
		seen[row] = true
	}
}

func TestSignal(t *testing.T) {
	g := newFake()
	var got string
	g.programs["writer"] = func(r *fakeRun) api.Exit {
		got = <-r.signals
		return exits(0)(r)
	}
	want(t, try(t, g, "build\nspawn w writer\nsignal w USR1\nwaitfor w\n"), Pass, NoFault, "")
	if got != "USR1" {
		t.Errorf("it was sent %q", got)
	}
}
