package qemu

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestTetherHoldsUntilTheLastWriterIsGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, letGo := tether(t.Context(), r)
	defer letGo()
	if ctx.Err() != nil {
		t.Fatal("it ended while somebody held the leash")
	}
	w.Close()
	<-ctx.Done()
}

func TestTetherEndsWithItsContext(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	parent, cancel := context.WithCancel(t.Context())
	ctx, letGo := tether(parent, r)
	cancel()
	<-ctx.Done()
	letGo()
}

func TestWithoutALeashNothingIsTied(t *testing.T) {
	t.Setenv(leashVariable, "")
	ctx, letGo := onLeash(t.Context())
	defer letGo()
	if ctx.Err() != nil {
		t.Error("it ended for no reason")
	}
}

func TestACloneEndsWithItsLeash(t *testing.T) {
	st := fakeStore(t)
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	st.Leash = r
	c, err := st.Start(t.Context(), order("fifo"), supervisor("good"))
	must(t, err)
	if _, err := st.Find("fifo"); err != nil {
		t.Fatalf("it does not run on its leash: %v", err)
	}
	must(t, w.Close())
	waitGone(t, st)
	for !gone(c.QEMU) {
		time.Sleep(time.Millisecond)
	}
}
