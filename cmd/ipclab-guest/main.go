// Command ipclab-guest runs inside the teaching machine. Installed as
// /usr/lib/ipclab/agent it is the host's hand there; installed as
// /usr/lib/ipclab/probe, under another SELinux type, it attempts operations in
// a subject's place.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"ipclab/internal/guest"
	"ipclab/internal/guest/api"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ipclab-guest:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: ipclab-guest serve | sftp | try OP PATH | act ACTOR ARGS…")
	}
	switch args[0] {
	case "serve":
		return serve()
	case "sftp":
		return guest.ServeSFTP()
	case "try":
		if len(args) != 3 {
			return errors.New("usage: ipclab-guest try OP PATH")
		}
		return guest.Try(os.Stdin, os.Stdout, api.Op(args[1]), args[2])
	case "act":
		return guest.Act(args[1:])
	}
	return fmt.Errorf("no command %q", args[0])
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	trail, err := guest.OpenTrail()
	if err != nil {
		return err
	}
	go trail.Read(ctx)
	if err := guest.MountScratch(); err != nil {
		return err
	}
	groups, err := guest.NewGroups()
	if err != nil {
		return err
	}
	agent, err := guest.NewAgent(trail, groups)
	if err != nil {
		return err
	}
	return guest.ServePort(ctx, guest.PortPath, agent.ServeConn)
}
