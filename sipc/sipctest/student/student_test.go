// Package student_test holds the reference solution of the lab sipc against
// package sipc: it is a second implementation of the protocol, in C, written from
// the protocol's page. It is tried with the conformance vectors, and with our
// ends both ways. It has no code of its own.
package student_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipclab/sipc"
	"ipclab/sipc/internal/sysv"
)

// slotOfStudents is small, so that most messages are chunked.
const slotOfStudents = 64

// students are the lab's programs, and a key path of their own.
type students struct{ dir, path string }

func buildStudents(t *testing.T) students {
	t.Helper()
	s := students{t.TempDir(), t.TempDir()}
	if err := os.CopyFS(s.dir, os.DirFS(filepath.Join("..", "..", "..", "labs", "sipc", "solution"))); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"make", "gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s here", tool)
		}
	}
	if out, err := exec.Command("make", "-s", "-C", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return s
}

// run is one of the programs, with what it is to read.
func (s students) run(ctx context.Context, name, stdin string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.dir, name), append(args, s.path)...)
	if name == "helper" {
		cmd.Args = []string{name, s.path, fmt.Sprint(slotOfStudents)}
	}
	cmd.Stdin = strings.NewReader(stdin)
	return cmd
}

// channel has the student's helper make a channel.
func (s students) channel(t *testing.T) sipc.Descriptor {
	t.Helper()
	out, err := s.run(t.Context(), "helper", "").Output()
	if err != nil {
		t.Fatal(err)
	}
	d, err := sipc.ParseDescriptor(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	return d
}

// ours has ours make it.
func (s students) ours(t *testing.T) sipc.Descriptor {
	t.Helper()
	d, err := sipc.Create(sipc.Config{Mode: sipc.Strict, SlotSize: slotOfStudents, KeyPath: s.path, GID: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	return d
}

// lines are texts to be sent: empty ones, short ones, and such as need chunks.
func lines(random *rand.Rand) []string {
	var all []string
	for range 200 {
		line := make([]byte, random.IntN(4*slotOfStudents))
		for i := range line {
			line[i] = byte('a' + random.IntN(26))
		}
		all = append(all, string(line))
	}
	return all
}

func joined(lines []string) string { return strings.Join(lines, "\n") + "\n" }

func TestStudentsEndsWithOurs(t *testing.T) {
	s := buildStudents(t)
	text := lines(rand.New(rand.NewPCG(1, 2)))
	makers := map[string]func(*testing.T) sipc.Descriptor{"its helper": s.channel, "our helper": s.ours}
	senders := map[string]func(context.Context, sipc.Descriptor, []string) error{"its sender": s.send, "our sender": sendOurs}
	receivers := map[string]func(context.Context, sipc.Descriptor) (string, error){"its receiver": s.receive, "our receiver": receiveOurs}
	for maker, create := range makers {
		for sender, send := range senders {
			for receiver, receive := range receivers {
				t.Run(maker+", "+sender+", "+receiver, func(t *testing.T) {
					d := create(t)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					sent := make(chan error, 1)
					go func() { sent <- send(ctx, d, text) }()
					got, err := receive(ctx, d)
					if err := errors.Join(err, <-sent); err != nil {
						t.Fatal(err)
					}
					if got != joined(text) {
						t.Errorf("%d bytes came, and not the %d that were sent", len(got), len(joined(text)))
					}
				})
			}
		}
	}
}

func (s students) send(ctx context.Context, _ sipc.Descriptor, text []string) error {
	return s.run(ctx, "sender", joined(text)).Run()
}

func (s students) receive(ctx context.Context, _ sipc.Descriptor) (string, error) {
	out, err := s.run(ctx, "receiver", "").Output()
	return string(out), err
}

func sendOurs(ctx context.Context, d sipc.Descriptor, text []string) error {
	s, err := sipc.OpenSender(ctx, d)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, line := range text {
		if err := s.Send(ctx, []byte(line)); err != nil {
			return err
		}
	}
	return s.Finish(ctx)
}

func receiveOurs(ctx context.Context, d sipc.Descriptor) (string, error) {
	r, err := sipc.OpenReceiver(ctx, d)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var text strings.Builder
	buf := make([]byte, 4*slotOfStudents)
	for {
		n, err := r.Recv(ctx, buf)
		if errors.Is(err, io.EOF) {
			return text.String(), nil
		}
		if err != nil {
			return text.String(), err
		}
		text.Write(append(buf[:n:n], '\n'))
	}
}

// hexText are bytes as the vectors write them.
type hexText []byte

func (h *hexText) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(strings.ReplaceAll(string(text), " ", ""))
	return err
}

// vectorCase is a case of the conformance vectors, a sender's or a receiver's.
type vectorCase struct {
	Name     string
	Header   hexText
	Steps    []vectorStep // what a sender does that a receiver is held against
	Messages []vectorStep // what a sender has to do
	Receive  []struct {
		Message   *hexText
		Violation string
		End       bool
	}
	Do []struct {
		Send   *hexText
		Finish bool
	}
}

type vectorStep struct {
	Type int
	Body hexText
	Slot *struct {
		At    int
		Bytes hexText
	}
}

// vectorCases are those of a file that are about channels as the lab has them:
// in strict mode, with the lab's slot and without checksums.
func vectorCases(t *testing.T, file string) []vectorCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	var all, ours struct{ Cases []vectorCase }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	plain := []byte{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, slotOfStudents, 0, 0, 0, 0, 0, 0, 0}
	for _, c := range all.Cases {
		if bytes.Equal(c.Header[8:32], plain) {
			ours.Cases = append(ours.Cases, c)
		}
	}
	if len(ours.Cases) == 0 {
		t.Fatalf("%s has no case in strict mode", file)
	}
	return ours.Cases
}

// segmentOf has a case's header in it.
func segmentOf(t *testing.T, d sipc.Descriptor, header []byte) sysv.Segment {
	t.Helper()
	segment, err := sysv.Attach(d.Segment, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { segment.Detach() })
	copy(segment.Bytes, header)
	return segment
}

func TestStudentsReceiverByVectors(t *testing.T) {
	s := buildStudents(t)
	for _, c := range vectorCases(t, "receiver.json") {
		t.Run(c.Name, func(t *testing.T) {
			d := s.channel(t)
			segment := segmentOf(t, d, c.Header)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r := s.run(ctx, "receiver", "")
			var out bytes.Buffer
			r.Stdout = &out
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- r.Wait() }()
			play(d, segment, c.Steps, ended)
			want, code := c.outcome()
			if code == waits {
				drain(d)
				r.Process.Kill()
			}
			<-ended
			if got := r.ProcessState.ExitCode(); got != code || out.String() != want {
				t.Errorf("it ended with %d and printed %q; it had to end with %d and print %q", got, out.String(), code, want)
			}
		})
	}
}

// waits is the exit code of a receiver that was still waiting, and was killed.
const waits = -1

// outcome is what a receiver prints and how it ends.
func (c vectorCase) outcome() (text string, code int) {
	code = waits
	for _, r := range c.Receive {
		switch {
		case r.Message != nil:
			text += string(*r.Message) + "\n"
		case r.End:
			code = 0
		case r.Violation != "":
			code = 4
		}
	}
	return text, code
}

// play does a sender's steps, as long as there is a receiver.
func play(d sipc.Descriptor, segment sysv.Segment, steps []vectorStep, ended chan error) {
	for _, step := range steps {
		if step.Slot != nil {
			copy(segment.Bytes[step.Slot.At:], step.Slot.Bytes)
		}
		for errors.Is(sysv.MsgSend(d.Queue, step.Type, step.Body, sysv.NoWait), syscall.EAGAIN) {
			select {
			case err := <-ended:
				ended <- err
				return
			case <-time.After(time.Millisecond):
			}
		}
	}
}

// drain waits until the queue is empty.
func drain(d sipc.Descriptor) {
	for {
		q, err := sysv.MsgStat(d.Queue)
		if err != nil || q.Num == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestStudentsSenderByVectors(t *testing.T) {
	s := buildStudents(t)
	for _, c := range vectorCases(t, "sender.json") {
		text, ok := c.lines()
		if !ok {
			continue // what a program that reads lines cannot be told
		}
		t.Run(c.Name, func(t *testing.T) {
			d := s.channel(t)
			segment := segmentOf(t, d, c.Header)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			sender := s.run(ctx, "sender", text)
			if err := sender.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { cancel(); sender.Wait() }()
			for i, want := range c.Messages {
				body := make([]byte, 64)
				typ, n, err := sysv.MsgReceive(d.Queue, body, 0, 0)
				if err != nil || typ != want.Type || !bytes.Equal(body[:n], want.Body) {
					t.Fatalf("message %d is of type %d, % x (%v), and not of type %d, % x", i, typ, body[:n], err, want.Type, want.Body)
				}
				if want.Slot != nil && !bytes.HasPrefix(segment.Bytes[want.Slot.At:], want.Slot.Bytes) {
					t.Errorf("when message %d came, the slot did not hold % x", i, want.Slot.Bytes)
				}
			}
		})
	}
}

// lines is what a case sends, as input; false if it does something else than to
// send, or sends bytes that would end a line.
func (c vectorCase) lines() (string, bool) {
	var text strings.Builder
	for _, do := range c.Do {
		if do.Send == nil && !do.Finish || do.Send != nil && bytes.ContainsRune(*do.Send, '\n') {
			return "", false
		}
		if do.Send != nil {
			text.Write(append(*do.Send, '\n'))
		}
	}
	return text.String(), true
}
