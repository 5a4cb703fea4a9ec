package grader

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ipclab/labs"
)

func TestLint(t *testing.T) {
	tests := []struct{ script, says string }{
		{"", "no command"},
		{"# only a comment", "no command"},
		{"exec ls", `:1: the command "exec" is not allowed`},
		{"build\n\ncp a b", `:3: the command "cp" is not allowed`},
		{"cmp a b", `"cmp" is not allowed`},
		{"cd /", `"cd" is not allowed`},
		{"skip", `"skip" is not allowed`},
		{"! exec ls", `"exec" is not allowed`},
		{"[linux] build", "conditions in brackets"},
		{"[!short] exec ls", "conditions in brackets"},
		{"do 0 build", `no command "do"`},
		{"'build'", `no command "'build'"`},
		{"$CHANNEL", `no command "$CHANNEL"`},
		{"buidl", `no command "buidl"; did you mean "build"?`},
		{"!", "a ! stands alone"},
		{"! build", `"build" cannot be negated`},
		{"! allowed alice : read $CHANNEL", "cannot be negated"},
		{"build -v", "takes no arguments"},
		{"run writer", ":1: writer runs before the command build"},
		{"build\nrun nothing", `makes no program "nothing"; it makes writer, reader`},
		{"build\nrun -as mallory writer", `no subject "mallory"; it has alice, bob, writer, reader`},
		{"build\nrun -umask 999 writer", "must be octal"},
		{"build\nrun -stdin x writer", "no such file follows"},
		{"build\nrun -timeout 5 writer", "parse error"},
		{"build\nrun -timeout -5s writer", "more than nothing"},
		{"build\nrun -frob writer", "not defined: -frob"},
		{"build\nrun", "no program is named"},
		{"run @frob x", "no actor @frob"},
		{"run @sipc-frob -key /k", "no actor @sipc-frob"},
		{"run @sipc-send /k", "@sipc-send needs 2 arguments"},
		{"await msgq:/run/c:Q nattch=1", `no "nattch"; it has kind, mode`},
		{"await msgq:/run/c", "does not name a System V object"},
		{"allowed writer : msgsnd shm:/run/c:S", `no operation "msgsnd" on such an object; there are [shmget`},
		{"allowed writer : stat $CHANNEL", `no operation "stat" on such an object`},
		{"denied reader : msgsnd msgq:/run/c:Q by selinux msgq write", "no positive control"},
		{"mark msgq:run/c:Q", "not a plain absolute one"},
		{"run @write x", "@write needs 2 arguments"},
		{"spawn w", "usage: spawn"},
		{"spawn -as alice w", "usage: spawn"},
		{"spawn a @watch /run\nspawn a @watch /run", ":2: \"a\" is running already"},
		{"waitfor w", `nothing was spawned as "w"`},
		{"stop w", `nothing was spawned as "w"`},
		{"spawn a @watch /run\nstop a\nwaitfor a", ":3: \"a\" was waited for or stopped already"},
		{"signal w USR1", "nothing that is still running"},
		{"spawn a @watch /run\nsignal a FOO", `no signal "FOO"`},
		{"spawn a @watch /run\nsignal a", "usage: signal"},
		{"random BITS", "usage: random"},
		{"random BITS 0", `"0" is not a number of digits from 1 to 256`},
		{"random 'A=B' 8", "usage: random"},
		{"random BITS 8\nagree -least=4 $BITS", "agree has nothing to look at"},
		{"run @watch /run\nagree 0101", "usage: agree"},
		{"run @watch /run\nagree -least=5 0101", "5 places can never agree with a text of 4"},
		{"await w hello", "nothing that is still running"},
		{"await $CHANNEL hello x", "usage: await"},
		{"await w", "usage: await"},
		{"exited 3", "nothing has ended yet"},
		{"run @watch /run\nexited x", `"x" is no exit code`},
		{"stdout x", "nothing has ended yet"},
		{"run @watch /run\nstdout (", "no regular expression"},
		{"run @watch /run\nstdout -count=0 x", "-count="},
		{"run @watch /run\n! stdout -count=2 x", "-count="},
		{"run @watch /run\nstdout", "usage: stdout"},
		{"grep x", "usage: grep [-count=N] PATTERN FILE"},
		{"object $CHANNEL", "usage: object"},
		{"object $CHANNEL color=red", `no "color"`},
		{"object $CHANNEL mode=rw", "not octal"},
		{"object $CHANNEL kind", "not KEY=VALUE"},
		{"object relative kind=fifo", "absolute"},
		{"replaced $CHANNEL", "was not marked"},
		{"same x", "absolute"},
		{"object $CHANEL kind=fifo", "no variable $CHANEL; did you mean $CHANNEL?"},
		{"object $NOTHING kind=fifo", "no variable $NOTHING"},
		{"env X", "not NAME=VALUE"},
		{"run @write $CHANNEL 'a", "never closed"},
		{"allowed alice read $CHANNEL", "usage: allowed"},
		{"allowed alice : frob $CHANNEL", `no operation "frob"`},
		{"allowed alice : read channel", "not absolute"},
		{"allowed mallory : read $CHANNEL", "no subject"},
		{"allowed alice : read $CHANNEL by dac", "usage: allowed"},
		{"denied bob : read $CHANNEL", "usage: allowed"},
		{"denied bob : read $CHANNEL by dac", "no positive control"},
		{"allowed bob : read $CHANNEL\ndenied bob : read $CHANNEL by dac", ":2: no positive control"},
		{"allowed alice : read $CHANNEL\ndenied bob : write $CHANNEL by dac", "no positive control"},
		{"allowed alice : read /run/x\ndenied bob : read $CHANNEL by dac", "no positive control"},
		{"denied bob : read $CHANNEL by dac\nallowed alice : read $CHANNEL", ":1: no positive control"},
		{"allowed alice : read $CHANNEL\ndenied bob : read $CHANNEL by luck", `not to "luck"`},
		{"allowed alice : read $CHANNEL\ndenied bob : read $CHANNEL by dac fifo_file read", "only with selinux"},
		{"allowed alice : read $CHANNEL\ndenied bob : read $CHANNEL by selinux fifo_file", "only with selinux"},
		{"build\n-- x --\n-- x --\n", "comes twice"},
		{"build\n-- --", "has no name"},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			lab := testLab(t, "10s", [2]string{"one", test.script + "\n"})
			errs := Lint(lab)
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), test.says) || errs[0].Check != "one" || !strings.HasPrefix(errs[0].Error(), "checks/one.txtar") {
				t.Fatalf("got %v\nwant …%s…", errs, test.says)
			}
			g := newFake()
			res := try(t, g, test.script+"\n")
			want(t, res, Broken, Lab, test.says)
			if len(g.calls) > 0 {
				t.Errorf("the guest was asked %v", g.calls)
			}
		})
	}
}

func TestLintAccepts(t *testing.T) {
	for _, script := range []string{
		"allowed alice : rdwr $CHANNEL\ndenied bob : write $CHANNEL by dac",
		"allowed alice : read $CHANNEL\ndenied writer : read $CHANNEL by selinux fifo_file read", // same user, other domain
		"env P=/run/x\nobject ${P} kind=fifo # with a comment",
		"run @write $CHANNEL 'it''s $5' ${CHANNEL@R}$$",
		"spawn a @watch /run\nstop a\nspawn a @watch /run",
		"policy\nreview\nbuild",
	} {
		if errs := Lint(testLab(t, "10s", [2]string{"one", script + "\n"})); len(errs) > 0 {
			t.Errorf("%q: %v", script, errs)
		}
	}
}

func TestEmbeddedLabsAreAccepted(t *testing.T) {
	catalog, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, lab := range catalog.All() {
		for _, err := range Lint(lab) {
			t.Errorf("lab %s: %v", lab.Name, err)
		}
	}
}

func TestMissingScript(t *testing.T) {
	lab := testLab(t, "10s", [2]string{"one", "build\n"})
	if err := deleteScript(lab); err != nil {
		t.Fatal(err)
	}
	if errs := Lint(lab); len(errs) != 1 || !strings.Contains(errs[0].Error(), "checks/one.txtar: the script cannot be read") {
		t.Errorf("got %v", errs)
	}
}

// Every built-in command of testscript is either ours or refused by name.
func TestNoBuiltinIsForgotten(t *testing.T) {
	for _, name := range builtins() {
		if judgeName(name) == "" && !slices.Contains(commandNames(), name) {
			t.Errorf("the built-in %q is accepted", name)
		}
		if strings.HasPrefix(judgeName(name), "there is no") {
			t.Errorf("the built-in %q is not known", name)
		}
	}
}

// Words are split as testscript splits them.
func TestSplitWords(t *testing.T) {
	lines := []string{"a b", "  a\tb\r", "'a b' c", "a'b c'd", "it''s", "'it''s'", "''", "a '' b", "$X", "'$X'", "${X}y$X", "a#b", "a #b", "'#' c",
		"${X@R}", "$$", "x'$X'$X", "' '", "''''", "$", "a$ b", "'a''b'", "€ü'ß x'"}
	env := map[string]string{"X": "a.b c", "$": "$"}
	for _, line := range lines {
		got, err := splitWords(" "+line, expander(env))
		theirs := wordsOfTestscript(t, line)
		if err != nil || !slices.Equal(got, theirs) {
			t.Errorf("%q: got %q, %v; testscript has %q", line, got, err, theirs)
		}
	}
}

func wordsOfTestscript(t *testing.T, line string) (words []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(file, []byte("words "+line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	st := &scriptT{}
	testscript.RunT(st, testscript.Params{Files: []string{file}, WorkdirRoot: t.TempDir(),
		Setup: func(e *testscript.Env) error { e.Vars = []string{"X=a.b c", "$=$"}; return nil },
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"words": func(_ *testscript.TestScript, _ bool, w []string) { words = w }},
	})
	if st.failed {
		t.Fatal(st.message)
	}
	return words
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü €\n\tx": "plain ü €\n\tx",
		"\x1b[31mred":    `\x1b[31mred`,
		"a\rb\x00\x7f":   `a\rb\x00\x7f`,
		"\xff\xfe":       `\xff\xfe`,
		"\u202etfel":     `\u202etfel`,
		"\u2028\ufeff":   `\u2028\ufeff`,
		"\u009b31m":      `\u009b31m`,
		`back\slash`:     `back\slash`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzScript(f *testing.F) {
	f.Add("build\nrun -as writer writer 'a''b' $CHANNEL # c\n-- x --\ny\n")
	f.Add("! [x] exec\n!\n$\n''\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := readScript("x", []byte(text))
		if err != nil {
			return
		}
		for i, line := range s.lines {
			if st, ok := splitStatement(line); ok && st.name != "do" {
				t.Errorf("line %d of %q reaches testscript as %q", i+1, text, line)
			}
		}
		fmt.Fprint(io.Discard, judgeScriptOf(t, s))
	})
}
