package sipc

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipclab/sipc/internal/sysv"
)

// hexBytes are bytes in hexadecimal, with blanks between fields.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(text), " ", ""))
	*h = raw
	return err
}

// vectorMessage is a message on the queue, with what its slot holds.
type vectorMessage struct {
	Type int
	Name string
	Body hexBytes
	Slot *struct {
		At    int
		Bytes hexBytes
	}
}

func vectors[T any](t *testing.T, name string) []T {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		About string
		Cases []T
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 10 {
		t.Fatalf("%s has %d cases only", name, len(file.Cases))
	}
	return file.Cases
}

// fieldOf is the field of a violation, "" without one.
func fieldOf(err error) string {
	var violation *ProtocolError
	if errors.As(err, &violation) {
		return violation.Field
	}
	return ""
}

func TestHeaderVectors(t *testing.T) {
	type vector struct {
		Name, Violation string
		Header          hexBytes
		Segment         uint64
	}
	for _, v := range vectors[vector](t, "header.json") {
		t.Run(v.Name, func(t *testing.T) {
			raw := rawHeader(v.Header)
			h, err := parseHeader(&raw, v.Segment)
			if fieldOf(err) != v.Violation || err != nil && v.Violation == "" {
				t.Fatalf("%v, not %q", err, v.Violation)
			}
			if err != nil {
				return
			}
			again := make([]byte, atEnd)
			h.put(again)
			copy(again[atSessions:], v.Header[atSessions:])
			if !bytes.Equal(again, v.Header) {
				t.Errorf("it is written as % x", again)
			}
		})
	}
}

// vectorChannel makes the objects as a case describes them, without the help of
// what is to be tested.
func vectorChannel(t *testing.T, header []byte) (Descriptor, sysv.Segment) {
	t.Helper()
	raw := rawHeader(header)
	capacity, size := raw.u32(atCapacity), headerSize+int(raw.u32(atSlots)*raw.u64(atSlotSize))
	queue, err := sysv.MsgGet(0, 0o600|sysv.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sysv.MsgRemove(queue) })
	if err := sysv.MsgLimit(queue, os.Getuid(), os.Getgid(), 0o600, capacity*MessageSize); err != nil {
		t.Fatal(err)
	}
	id, err := sysv.ShmGet(0, size, 0o600|sysv.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sysv.ShmRemove(id) })
	segment, err := sysv.Attach(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { segment.Detach() })
	copy(segment.Bytes, header)
	return Descriptor{Queue: queue, Segment: id}, segment
}

type senderVector struct {
	Name   string
	Header hexBytes
	Do     []struct {
		Send, Fill *hexBytes
		Pack       []hexBytes
		Finish     bool
	}
	Messages       []vectorMessage
	Sessions, Next uint64
}

// run does what the case says.
func (v senderVector) run(ctx context.Context, s *Sender) error {
	for _, do := range v.Do {
		var err error
		switch {
		case do.Send != nil:
			err = s.Send(ctx, *do.Send)
		case do.Fill != nil:
			err = sendInPlace(ctx, s, *do.Fill)
		case do.Pack != nil:
			err = sendPacked(ctx, s, do.Pack)
		case do.Finish:
			err = s.Finish(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sendInPlace(ctx context.Context, s *Sender, p []byte) error {
	slot, err := s.Reserve(ctx, len(p))
	if err != nil {
		return err
	}
	copy(slot, p)
	return s.Commit(ctx, len(p))
}

func sendPacked(ctx context.Context, s *Sender, records []hexBytes) error {
	p := NewPacker(s)
	for _, record := range records {
		if err := p.Append(ctx, record); err != nil {
			return err
		}
	}
	return p.Flush(ctx)
}

func TestSenderVectors(t *testing.T) {
	for _, v := range vectors[senderVector](t, "sender.json") {
		t.Run(v.Name, func(t *testing.T) {
			d, segment := vectorChannel(t, v.Header)
			s := sender(t, d)
			done := make(chan error, 1)
			go func() { done <- v.run(t.Context(), s) }()
			for i, want := range v.Messages {
				takeExactly(t, d.Queue, segment, i, want)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			var body [64]byte
			if _, _, err := sysv.MsgReceive(d.Queue, body[:], 0, sysv.NoWait); err != syscall.ENOMSG {
				t.Errorf("after the last message there is more, or %v", err)
			}
			if sessions, next := *word(segment.Bytes, atSessions), *word(segment.Bytes, atNext); sessions != v.Sessions || next != v.Next {
				t.Errorf("sessions is %d, not %d; next is %d, not %d", sessions, v.Sessions, next, v.Next)
			}
		})
	}
}

// takeExactly takes a message, which must be that one.
func takeExactly(t *testing.T, queue int, segment sysv.Segment, i int, want vectorMessage) {
	t.Helper()
	var body [64]byte
	typ, n, err := sysv.MsgReceive(queue, body[:], 0, 0)
	for err == syscall.EINTR {
		typ, n, err = sysv.MsgReceive(queue, body[:], 0, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if typ != want.Type || !bytes.Equal(body[:n], want.Body) {
		t.Fatalf("message %d is of type %d: % x\nnot %s: % x", i, typ, body[:n], want.Name, want.Body)
	}
	if slot := want.Slot; slot != nil {
		if got := segment.Bytes[slot.At : slot.At+len(slot.Bytes)]; !bytes.Equal(got, slot.Bytes) {
			t.Fatalf("at message %d the slot at %d holds % x\nnot % x", i, slot.At, got, slot.Bytes)
		}
	}
}

type receiverVector struct {
	Name    string
	Header  hexBytes
	Steps   []vectorMessage
	Receive []struct {
		Message    *hexBytes
		Records    []hexBytes
		End, Waits bool
		Violation  string
	}
}

// outcomes is what should come out, one line each. Where one chunk's records end
// cannot be told.
func (v receiverVector) outcomes() []string {
	var list []string
	for _, o := range v.Receive {
		switch {
		case o.Message != nil:
			list = append(list, fmt.Sprintf("message %x", []byte(*o.Message)))
		case o.End:
			list = append(list, "end")
		case o.Waits:
			list = append(list, "waits")
		case o.Violation != "":
			list = append(list, "violation: "+o.Violation)
		}
		for _, record := range o.Records {
			list = append(list, fmt.Sprintf("record %x", []byte(record)))
		}
	}
	return list
}

// packed says whether the case is about packed records.
func (v receiverVector) packed() bool {
	for _, o := range v.Receive {
		if o.Records != nil || o.Violation == FieldRecord || o.Violation == FieldRecordRest {
			return true
		}
	}
	return false
}

// play plays the sender.
func (v receiverVector) play(queue int, segment sysv.Segment) {
	for _, step := range v.Steps {
		if step.Slot != nil {
			copy(segment.Bytes[step.Slot.At:], step.Slot.Bytes)
		}
		err := error(syscall.EINTR)
		for err == syscall.EINTR {
			err = sysv.MsgSend(queue, step.Type, step.Body, 0)
		}
		if err != nil {
			return // the receiver has given up, and the queue was removed
		}
	}
}

func TestReceiverVectors(t *testing.T) {
	for _, v := range vectors[receiverVector](t, "receiver.json") {
		t.Run(v.Name, func(t *testing.T) {
			d, segment := vectorChannel(t, v.Header)
			played := make(chan struct{})
			go func() {
				defer close(played)
				v.play(d.Queue, segment)
			}()
			r := receiver(t, d)
			got := receiveAll(t.Context(), r, v.packed(), func() bool {
				stat, err := sysv.MsgStat(d.Queue)
				select {
				case <-played:
					return err == nil && stat.Num == 0
				default:
					return false
				}
			})
			sysv.MsgRemove(d.Queue)
			<-played
			if want := v.outcomes(); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("the receiver says:\n%s\nnot:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// receiveAll is what the receiver says, until it ends, or waits although all has
// been played and taken.
func receiveAll(ctx context.Context, r *Receiver, packed bool, idle func() bool) []string {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for ctx.Err() == nil && !(idle() && r.tid.Load() != 0) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	receive, kind := receiveMessage(r), "message"
	if packed {
		receive, kind = NewUnpacker(r).Next, "record"
	}
	var list []string
	for {
		p, err := receive(ctx)
		switch {
		case err == nil:
			list = append(list, fmt.Sprintf("%s %x", kind, p))
			continue
		case err == io.EOF:
			return append(list, "end")
		case errors.Is(err, context.Canceled):
			return append(list, "waits")
		case fieldOf(err) != "":
			return append(list, "violation: "+fieldOf(err))
		}
		return append(list, err.Error())
	}
}

func receiveMessage(r *Receiver) func(context.Context) ([]byte, error) {
	buf := make([]byte, math.MaxUint16)
	return func(ctx context.Context) ([]byte, error) {
		n, err := r.Recv(ctx, buf)
		return buf[:n], err
	}
}
