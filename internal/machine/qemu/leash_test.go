package qemu

import (
	"context"
	"os"
	"testing"
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
