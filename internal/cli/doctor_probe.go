package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"syscall"

	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/machine/qemu"
)

// probe is how doctor looks at a computer. Tests put another in its place.
type probe struct {
	arch     string // as Go names it
	user     string
	root     bool
	dirs     host.Dirs
	guest    string // the program that belongs beside ipclab
	readFile func(path string) ([]byte, error)
	exists   func(path string) bool
	look     func(program string) (string, error)
	version  func(qemu string) (string, error)
	openKVM  func() error
	useless  func() (why string) // what was found out about KVM before
	unshare  func() error        // tries what building an image as root needs
	free     func(dir string) (int64, error)
	image    func() (imageLine, error)
	running  func() ([]*qemu.Clone, error)
	alive    func(pid int) bool
	leftover func() []string
}

// newProbe looks at this computer.
func newProbe(ctx context.Context, h *host.Host) *probe {
	return &probe{
		arch: runtime.GOARCH, user: userName(), root: os.Geteuid() == 0, dirs: h.Dirs, guest: h.Agent,
		readFile: os.ReadFile, exists: exists, look: image.FindTool,
		version:  func(path string) (string, error) { return qemu.Version(ctx, path) },
		openKVM:  openKVM,
		useless:  func() string { _, why, _ := h.Hardware(ctx); return why },
		unshare:  tryUnshare,
		free:     image.Free,
		image:    func() (imageLine, error) { return describeImage(h, false) },
		running:  h.Machines().Running,
		alive:    func(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH },
		leftover: func() []string { return h.Images().Leftovers() },
	}
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func openKVM() error {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// tryUnshare asks for mounts of one's own, which containers often refuse.
func tryUnshare() error {
	return exec.Command("unshare", "--mount", "--propagation", "unchanged", "--", "true").Run()
}

// examine looks at everything, from the ground up.
func (p *probe) examine() []finding {
	var all []finding
	for _, look := range []func() []finding{
		p.computer, p.qemu, p.kvm, p.memory, p.programs, p.imageState, p.builder, p.namespaces, p.space, p.sockets, p.machines, p.remains,
	} {
		all = append(all, look()...)
	}
	return all
}

func ok(name, text string) []finding        { return []finding{{name, levelOK, text, ""}} }
func warn(name, text, fix string) []finding { return []finding{{name, levelWarn, text, fix}} }
func bad(name, text, fix string) []finding  { return []finding{{name, levelBad, text, fix}} }

// text is a small file's content; nothing if it cannot be read.
func (p *probe) text(path string) string {
	data, _ := p.readFile(path)
	return string(data)
}

// ready tells whether there is an image, so that none need be built.
func (p *probe) ready() bool {
	line, err := p.image()
	return err == nil && line.State == stateReady
}

// forBuilding is bad when an image must yet be built, and else a warning.
func (p *probe) forBuilding(name, text, fix string) []finding {
	if p.ready() {
		return warn(name, text+"; only needed to build another image", fix)
	}
	return bad(name, text, fix+"; or take an image from elsewhere: ipclab image import FILE")
}
