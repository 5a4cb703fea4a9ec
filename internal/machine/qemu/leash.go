package qemu

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// leashVariable tells a supervisor that it has a leash: leashHeld means that it
// is its descriptor leashFile.
const (
	leashVariable = "IPCLAB_LEASH"
	leashHeld     = "4"
	leashFile     = 4
)

// onLeash gives a context that ends when the last process has gone that holds
// the other end of the leash, killed or not. Without a leash it is ctx.
func onLeash(ctx context.Context) (context.Context, context.CancelFunc) {
	if os.Getenv(leashVariable) != leashHeld {
		return context.WithCancel(ctx)
	}
	unix.CloseOnExec(leashFile)
	return tether(ctx, os.NewFile(leashFile, "leash"))
}

// tether ends the context when there is nothing more to be read from the leash.
// Nobody ever writes to it.
func tether(ctx context.Context, leash *os.File) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		leash.Read(make([]byte, 1))
	}()
	return ctx, func() { cancel(); leash.Close() }
}
