package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	"github.com/spf13/cobra"

	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
)

func newVM(a *app) *cobra.Command {
	c := &cobra.Command{Use: "vm", Short: "Reach into a running machine"}
	c.AddCommand(newVMExec(a), newVMCopy(a), newVMConfig(a), newVMConnect(a))
	return c
}

// clone finds the machine that a vm command is about.
func (a *app) clone(name string) (*qemu.Clone, error) {
	h, err := a.host()
	if err != nil {
		return nil, err
	}
	var args []string
	if name != "" {
		args = []string{name}
	}
	name, err = a.which(h, args)
	if err != nil {
		return nil, err
	}
	return h.Machines().Find(name)
}

func newVMExec(a *app) *cobra.Command {
	var root bool
	var name string
	c := &cobra.Command{
		Use: "exec [--lab LAB] [--root] -- COMMAND…", Short: "Run a command in the machine",
		Long: "exec runs a command and ends with its exit code (128 + n when signal n ended it).\n" +
			"Standard input, output and error are carried as they are, byte for byte.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("want a command after --")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			clone, err := a.clone(name)
			if err != nil {
				return err
			}
			user := machine.Student
			if root {
				user = machine.Admin
			}
			return a.remote(c.Context(), clone, user, shellLine(args))
		},
	}
	c.Flags().BoolVar(&root, "root", false, "as root, unconfined")
	c.Flags().StringVar(&name, "lab", "", "the `LAB` whose machine is meant")
	c.Flags().SetInterspersed(false)
	return c
}

func newVMCopy(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "cp FROM TO", Short: "Copy a file into or out of a machine",
		Long: "cp copies one file or folder. The side in the machine is written LAB:PATH:\n" +
			"  ipclab vm cp notes.txt fifo:/lab/home/notes.txt\n" +
			"  ipclab vm cp fifo:/var/log/boot.log .",
		Args: exactly(2, "two places, one of them written LAB:PATH"),
		RunE: func(c *cobra.Command, args []string) error { return a.copy(c.Context(), args[0], args[1]) },
	}
}

// place is one side of a copy.
type place struct{ lab, path string }

func parsePlace(s string) place {
	lab, rest, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(lab, "/.") {
		return place{path: s}
	}
	return place{lab: lab, path: rest}
}

func (a *app) copy(ctx context.Context, from, to string) error {
	f, t := parsePlace(from), parsePlace(to)
	if (f.lab == "") == (t.lab == "") {
		return usagef("cp %s %s: exactly one side must be LAB:PATH", from, to)
	}
	clone, err := a.clone(f.lab + t.lab)
	if err != nil {
		return err
	}
	client := machine.NewClient(clone.Dial)
	defer client.Close()
	files, err := client.SFTP(ctx)
	if err != nil {
		return err
	}
	defer files.Close()
	if t.lab != "" {
		return upload(files, f.path, t.path)
	}
	return download(files, f.path, t.path)
}

func upload(files *sftp.Client, from, to string) error {
	if info, err := files.Stat(to); err == nil && info.IsDir() {
		to = path.Join(to, filepath.Base(from))
	}
	root := os.DirFS(filepath.Dir(from))
	return walk(root, filepath.Base(from), func(rel string, dir bool, mode os.FileMode) error {
		target := path.Join(to, rel)
		if dir {
			return files.MkdirAll(target)
		}
		in, err := root.Open(path.Join(filepath.Base(from), rel))
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := files.Create(target)
		if err != nil {
			return fmt.Errorf("write %s in the machine: %w", target, err)
		}
		if _, err := out.ReadFrom(in); err != nil {
			out.Close()
			return fmt.Errorf("write %s in the machine: %w", target, err)
		}
		out.Chmod(mode.Perm())
		return out.Close()
	})
}

func download(files *sftp.Client, from, to string) error {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, path.Base(from))
	}
	walker := files.Walk(from)
	for walker.Step() {
		if err := walker.Err(); err != nil {
			return fmt.Errorf("read %s in the machine: %w", from, err)
		}
		rel := strings.TrimPrefix(walker.Path(), from)
		target := filepath.Join(to, filepath.FromSlash(rel))
		var err error
		switch mode := walker.Stat().Mode(); {
		case mode.IsDir():
			err = os.MkdirAll(target, 0o755)
		case mode.IsRegular():
			err = fetch(files, walker.Path(), target, mode)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fetch(files *sftp.Client, from, to string, mode os.FileMode) error {
	in, err := files.Open(from)
	if err != nil {
		return fmt.Errorf("read %s in the machine: %w", from, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode.Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func newVMConfig(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "ssh-config [LAB]", Short: "Print a configuration with which plain ssh gets in",
		Long: "ssh-config prints a host entry for OpenSSH, so that ssh, scp, rsync and editors get in:\n" +
			"  ipclab vm ssh-config fifo >> ~/.ssh/config\n  ssh ipclab-fifo",
		Args: atMostOne("the name of a lab"), ValidArgsFunction: a.completeLabs,
		RunE: func(_ *cobra.Command, args []string) error {
			clone, err := a.clone(strings.Join(args, ""))
			if err != nil {
				return err
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			known, err := writeKnownHosts(clone)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "Host ipclab-%[1]s\n  User %[2]s\n  HostKeyAlias ipclab-%[1]s\n  UserKnownHostsFile \"%[3]s\"\n"+
				"  ProxyCommand \"%[4]s\" vm connect %[1]s\n  PreferredAuthentications none\n  StrictHostKeyChecking yes\n",
				clone.Name, machine.Student, known, self)
			return nil
		},
	}
}

// writeKnownHosts notes the clone's own host key beside it.
func writeKnownHosts(c *qemu.Clone) (string, error) {
	file := filepath.Join(c.Dir, "known_hosts")
	return file, os.WriteFile(file, []byte("ipclab-"+c.Name+" "+c.HostKey+"\n"), 0o600)
}

// newVMConnect is the ProxyCommand of ssh-config.
func newVMConnect(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "connect LAB", Hidden: true, Args: exactly(1, "the name of a lab"),
		RunE: func(c *cobra.Command, args []string) error {
			clone, err := a.clone(args[0])
			if err != nil {
				return err
			}
			conn, err := clone.Dial(c.Context())
			if err != nil {
				return err
			}
			go func() {
				io.Copy(conn, a.in)
				conn.Close()
			}()
			_, err = io.Copy(a.out, conn)
			return err
		},
	}
}
