package actor

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipclab/sipc"
)

// played is a part that was played to its end.
type played struct {
	code     int
	out, err string
}

func (p played) String() string { return fmt.Sprintf("%d %q %q", p.code, p.out, p.err) }

// play plays a part on the channel of a key path.
func play(t *testing.T, key, line string) played {
	t.Helper()
	return playWith(t, key, "", strings.Fields(line)...)
}

func playWith(t *testing.T, key, stdin string, words ...string) played {
	t.Helper()
	var out, diag bytes.Buffer
	args := append([]string{words[0], "-key", key}, words[1:]...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code := Play(ctx, args, Stdio{strings.NewReader(stdin), &out, &diag})
	return played{code, out.String(), strings.TrimPrefix(diag.String(), "ready\n")}
}

// begin plays a part beside the test.
func begin(t *testing.T, key, line string) <-chan played {
	t.Helper()
	done := make(chan played, 1)
	go func() { done <- play(t, key, line) }()
	return done
}

// channel makes a channel with a helper's options, and gives its key path.
func channel(t *testing.T, options string) string {
	t.Helper()
	key := t.TempDir()
	made := play(t, key, "helper "+options)
	if strings.Contains(made.err, syscall.ENOSYS.Error()) || strings.Contains(made.err, "unsupported") {
		t.Skip("no System V IPC here")
	}
	want(t, made, Done, "made\n", "")
	t.Cleanup(func() {
		if d, err := sipc.Find(key); err == nil {
			d.Remove()
		}
	})
	return key
}

func want(t *testing.T, p played, code int, out, diag string) {
	t.Helper()
	if p.code != code || p.out != out || !strings.Contains(p.err, diag) || diag == "" && p.err != "" {
		t.Errorf("it ended with %v\nwant %d %q %q", p, code, out, diag)
	}
}

func TestMessagesArrive(t *testing.T) {
	for _, options := range []string{"-mode strict", "-mode strict -slot 64", "-mode pipelined -capacity 3 -checksum", "-mode paced -quantum 1ms"} {
		key := channel(t, options)
		receiver := begin(t, key, "recv")
		want(t, play(t, key, "send one two "+strings.Repeat("long", 40)), Done, "", "")
		want(t, <-receiver, Done, "one\ntwo\n"+strings.Repeat("long", 40)+"\n", "")
		want(t, play(t, key, "gc"), Done, "removed\n", "")
		want(t, play(t, key, "gc"), Failed, "", "sipc-gc: msgget: no such file")
	}
}

func TestLinesOfStdin(t *testing.T) {
	key := channel(t, "")
	receiver := begin(t, key, "recv")
	want(t, playWith(t, key, "first\n\nthird", "send"), Done, "", "")
	want(t, <-receiver, Done, "first\n\nthird\n", "")
}

func TestPackedRecords(t *testing.T) {
	key := channel(t, "-mode pipelined -slot 64")
	receiver := begin(t, key, "recv -packed")
	want(t, play(t, key, "send -packed a bc "+strings.Repeat("d", 50)), Done, "", "")
	want(t, <-receiver, Done, "a\nbc\n"+strings.Repeat("d", 50)+"\n", "")

	key = channel(t, "-mode pipelined")
	want(t, play(t, key, "send -packed a"), Done, "", "")
	want(t, play(t, key, "recv"), Failed, "", "packed records")
}

func TestPattern(t *testing.T) {
	key := channel(t, "-slot 128")
	receiver := begin(t, key, "recv -verify -delay 1ms -hold 1ms")
	want(t, play(t, key, "send -count 5 -size 300"), Done, "", "")
	want(t, <-receiver, Done, "5 messages, 1500 bytes\n", "")

	key = channel(t, "")
	receiver = begin(t, key, "recv -verify")
	play(t, key, "send nothing-of-the-kind")
	want(t, <-receiver, Failed, "", "message 1 is not the one")
}

// A sender that leaves out a NOOP overwrites what is being read, and a receiver
// that reads late finds out.
func TestOverwritingShows(t *testing.T) {
	key := channel(t, "-slot 64")
	receiver := begin(t, key, "recv -count 1 -hold 300ms -timeout 20s")
	want(t, play(t, key, "raw slot:0:right data:0:5 noop1:0 slot:0:wrong noop2:0"), Done, "", "")
	want(t, <-receiver, Done, "wrong\n", "")
	key = channel(t, "-slot 64")
	receiver = begin(t, key, "recv -count 1 -hold 300ms -timeout 20s")
	want(t, play(t, key, "raw slot:0:right data:0:5 noop1:0 noop2:0 slot:0:wrong"), Done, "", "")
	want(t, <-receiver, Done, "right\n", "")
}

// Whatever breaks the protocol is found, and is the sender's fault.
func TestViolations(t *testing.T) {
	for steps, field := range map[string]string{
		"data:0:65":                         "length",
		"data:0:5 noop2:0":                  "type",
		"data:0:5:8":                        "flags",
		"data:0:5:3:1":                      "checksum",
		"data:0:0:1":                        "length",
		"data:0:5 noop1:0 noop2:0 data:7:5": "sequence",
		"type:77":                           "type",
		"short":                             "message size",
		"long":                              "message size",
	} {
		options := "-slot 64"
		if steps == "long" {
			options += " -mode pipelined" // a queue of one message has no room for a longer one
		}
		key := channel(t, options)
		receiver := begin(t, key, "recv -verify -timeout 20s")
		liar := begin(t, key, "raw -timeout 1s slot:0:\x00\x07\x0e\x15\x1c "+steps)
		want(t, <-receiver, Violation, "", field)
		<-liar
	}
}

func TestTakeShowsMessages(t *testing.T) {
	key := channel(t, "")
	taker := begin(t, key, "take")
	want(t, play(t, key, "send hello"), Done, "", "")
	want(t, <-taker, Done, "DATA 0 5 3 24\nNOOP-1 0 0 0 24\nNOOP-2 0 0 0 24\nEND 1 0 0 24\n", "")

	key = channel(t, "-mode pipelined")
	want(t, play(t, key, "raw short long type:9"), Done, "", "")
	want(t, play(t, key, "take -count 3"), Done, "DATA - - - 23\nDATA 0 0 0 32\ntype 9 0 0 0 24\n", "")
}

func TestRawWritesWhereItIsTold(t *testing.T) {
	key := channel(t, "-mode pipelined -slot 64")
	want(t, play(t, key, "raw fill:1:65 slot:1:a:b header:8:07000000"), Done, "", "")
	want(t, play(t, key, "recv"), Violation, "", "mode is 7")
	want(t, play(t, key, "raw header:8:02000000 data:0:2 wait:1ms data:1:4 end:2"), Done, "", "")
	want(t, play(t, key, "recv"), Done, "\x00\x00\na:bA\n", "")
	for _, bad := range []string{"slot:999999:x", "slot:-99:x", "header:zz:00", "dance", "data:1:2:3:4:5", "wait:x"} {
		if got := play(t, key, "raw "+bad); got.code != Failed || got.err == "" {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

func TestTimeouts(t *testing.T) {
	key := channel(t, "")
	want(t, play(t, key, "recv -timeout 50ms"), Timeout, "", "it took too long")
	want(t, play(t, key, "send -timeout 50ms one"), Timeout, "", "it took too long")
	want(t, play(t, t.TempDir(), "recv -timeout 50ms"), Timeout, "", "it took too long")
}

// A channel may be made after its ends have begun to look for it.
func TestEndsWaitForTheChannel(t *testing.T) {
	key := t.TempDir()
	receiver := begin(t, key, "recv")
	time.Sleep(30 * time.Millisecond)
	want(t, play(t, key, "helper"), Done, "made\n", "")
	t.Cleanup(func() { play(t, key, "gc") })
	want(t, play(t, key, "send late"), Done, "", "")
	want(t, <-receiver, Done, "late\n", "")
}

func TestMistakes(t *testing.T) {
	for _, line := range []string{"helper -mode loose", "helper -perm 9", "helper -group nobody-at-all", "helper x", "recv x", "send -size", "take -count x"} {
		if got := play(t, t.TempDir(), line); got.code != Failed || got.out != "" || got.err == "" {
			t.Errorf("%s: %v", line, got)
		}
	}
	var diag bytes.Buffer
	if code := Play(t.Context(), []string{"dance"}, Stdio{Err: &diag}); code != Failed || !strings.Contains(diag.String(), "want a part") {
		t.Errorf("%d %s", code, &diag)
	}
	diag.Reset()
	if code := Play(t.Context(), []string{"recv"}, Stdio{Err: &diag}); code != Failed || !strings.Contains(diag.String(), "-key is missing") {
		t.Errorf("%d %s", code, &diag)
	}
}
