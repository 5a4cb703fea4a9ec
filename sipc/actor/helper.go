package actor

import (
	"context"
	"fmt"
	"io/fs"
	"os/user"
	"strconv"

	"ipclab/sipc"
)

// helper makes a channel and says so.
func helper(ctx context.Context, args []string, std Stdio) error {
	o := newOptions(std).withKey()
	c := sipc.Config{Mode: sipc.Strict}
	o.Func("mode", "", func(s string) (err error) { c.Mode, err = sipc.ParseMode(s); return err })
	o.IntVar(&c.Capacity, "capacity", 0, "")
	o.IntVar(&c.SlotSize, "slot", 0, "")
	o.BoolVar(&c.Checksum, "checksum", false, "")
	o.DurationVar(&c.Quantum, "quantum", 0, "")
	o.Float64Var(&c.Hold, "hold", 0, "")
	o.DurationVar(&c.Alive, "alive", 0, "")
	o.BoolVar(&c.QueueOnly, "queue-only", false, "")
	o.Func("perm", "", func(s string) (err error) { c.Perm, err = mode(s); return err })
	o.Func("group", "", func(s string) (err error) { c.GID, err = group(s); return err })
	if err := o.read(args, 0); err != nil {
		return err
	}
	c.KeyPath = o.key
	if _, err := sipc.Create(c); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.Out, "made")
	return err
}

func mode(text string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(text, 8, 9)
	return fs.FileMode(n), err
}

func group(name string) (int, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(g.Gid)
}

// destroy removes a channel and says so.
func destroy(ctx context.Context, args []string, std Stdio) error {
	o := newOptions(std).withKey()
	if err := o.read(args, 0); err != nil {
		return err
	}
	d, err := sipc.Find(o.key)
	if err != nil {
		return err
	}
	if err := d.Remove(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, "removed")
	return err
}
