// Command ipclab-guest runs inside the teaching machine. Installed as
// /usr/lib/ipclab/agent it is the host's hand there; installed as
// /usr/lib/ipclab/sftp, under another SELinux type, it hands files to those who
// log in; as /usr/lib/ipclab/sipc, under a third one, it plays the ends of a
// channel of package sipc, as a subject of a lab, or is an actor of a scenario.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"ipclab/internal/guest"
	"ipclab/internal/guest/actor"
	sipc "ipclab/sipc/actor"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ipclab-guest:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: ipclab-guest serve | sftp | actor | sipc PART OPTIONS…")
	}
	switch args[0] {
	case "serve":
		return serve()
	case "sftp":
		return guest.ServeSFTP()
	case "actor":
		return actor.Serve()
	case "parent":
		return guest.StartParent(args[1:])
	case "child":
		return guest.StartChild(args[1:])
	case "sipc":
		os.Exit(sipc.Play(context.Background(), args[1:], sipc.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
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
