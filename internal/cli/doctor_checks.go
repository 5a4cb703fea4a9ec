package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/image"
	"ipclab/internal/machine/qemu"
)

// computer looks at what nobody can install.
func (p *probe) computer() []finding {
	if p.arch != "amd64" {
		return bad("computer", "its processor is "+p.arch+"; the labs' machines are for amd64 and start on nothing else yet",
			"use a computer with an Intel or AMD processor")
	}
	switch {
	case strings.Contains(strings.ToLower(p.text("/proc/version")), "microsoft"):
		return ok("computer", p.distribution().name+", amd64, in WSL")
	case p.contained():
		return ok("computer", p.distribution().name+", amd64, in a container")
	}
	return ok("computer", p.distribution().name+", amd64")
}

// contained tells whether this is a container, as container engines mark it.
func (p *probe) contained() bool {
	return p.exists("/.dockerenv") || p.exists("/run/.containerenv") ||
		strings.Contains(p.text("/proc/1/environ"), "container=")
}

func (p *probe) qemu() []finding {
	path, err := p.look("qemu-system-x86_64")
	if err != nil {
		return bad("QEMU", "qemu-system-x86_64 is missing", p.install("qemu-system-x86_64", "qemu-img"))
	}
	version, err := p.version(path)
	var old *qemu.TooOldError
	switch {
	case errors.As(err, &old):
		return append(bad("QEMU", old.Error(), "install a newer one: Debian 12, Ubuntu 22.04 and Fedora 36 have it"), p.qemuImg()...)
	case err != nil:
		return append(bad("QEMU", err.Error(), "install it again: "+p.install("qemu-system-x86_64")), p.qemuImg()...)
	}
	return append(ok("QEMU", version), p.qemuImg()...)
}

func (p *probe) qemuImg() []finding {
	if _, err := p.look("qemu-img"); err != nil {
		return bad("qemu-img", "it is missing, and makes every machine's disk", p.install("qemu-img"))
	}
	return nil
}

// kvm is never bad: software emulation does the same, more slowly.
func (p *probe) kvm() []finding {
	const slow = "; software emulation is used, which is slower"
	err := p.openKVM()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return warn("KVM", "there is no /dev/kvm"+slow,
			"switch virtualisation on in the firmware (BIOS), or in the settings of the virtual machine that this is")
	case errors.Is(err, fs.ErrPermission):
		return warn("KVM", p.user+" may not open /dev/kvm"+slow, "sudo usermod -a -G kvm "+p.user+", then log in again")
	case err != nil:
		return warn("KVM", err.Error()+slow, "sudo modprobe kvm_intel || sudo modprobe kvm_amd")
	}
	if why := p.useless(); why != "" {
		return warn("KVM", "/dev/kvm is there, but a machine failed under it ("+why+")"+slow,
			"nothing need be done; after a repair: rm "+filepath.Join(p.dirs.Cache, "kvm-useless.json"))
	}
	return ok("KVM", "/dev/kvm can be opened; the first machine shows whether it works")
}

// Memory that one machine takes, and that two and a build take, in bytes.
const (
	memoryLeast = 512 << 20
	memoryGood  = 1 << 30
)

func (p *probe) memory() []finding {
	free, found := memoryAvailable(p.text("/proc/meminfo"))
	text := image.Bytes(free) + " free"
	switch {
	case !found:
		return nil
	case free < memoryLeast:
		return bad("memory", text+"; a machine takes up to "+image.Bytes(memoryLeast), "end other programs, or stop machines: ipclab stop --all")
	case free < memoryGood:
		return warn("memory", text+"; more than one machine may not fit", "end other programs, or stop machines: ipclab stop --all")
	}
	return ok("memory", text)
}

// memoryAvailable reads MemAvailable (proc_meminfo(5)), in bytes.
func memoryAvailable(meminfo string) (int64, bool) {
	for line := range strings.Lines(meminfo) {
		rest, found := strings.CutPrefix(line, "MemAvailable:")
		if !found {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		return kb << 10, err == nil
	}
	return 0, false
}

func (p *probe) programs() []finding {
	var all []finding
	if _, err := p.look("secilc"); err != nil {
		all = bad("secilc", "the SELinux policy compiler is missing", p.install("secilc"))
	} else {
		all = ok("secilc", "there")
	}
	if !p.exists(p.guest) {
		return append(all, bad("ipclab-guest", "the guest's program is not beside ipclab: "+p.guest,
			"install it there, or run `make` where ipclab was built")...)
	}
	return append(all, ok("ipclab-guest", "there")...)
}

func (p *probe) imageState() []finding {
	line, err := p.image()
	var all []finding
	switch {
	case errors.Is(err, fs.ErrNotExist) && !p.exists(p.guest):
		return nil // named already, and no image can be looked for without it
	case err != nil:
		return bad("image", err.Error(), "ipclab image build")
	case line.State == stateNone:
		all = ok("image", "none yet; the first `ipclab start` builds it, in about two minutes")
	case line.State == stateDamaged:
		all = bad("image", "damaged: "+line.Damage, "ipclab image build")
	default:
		all = ok("image", fmt.Sprintf("ready, %s, built %s; %s", image.Bytes(line.Size), line.Built.Format("2006-01-02"), snapshotCount(line.Snapshots)))
	}
	return append(all, staleFinding(line.Obsolete)...)
}

func snapshotCount(n int) string {
	if n == 1 {
		return "1 snapshot"
	}
	return fmt.Sprintf("%d snapshots", n)
}

func staleFinding(list []stale) []finding {
	var sum int64
	for _, s := range list {
		sum += s.Size
	}
	if sum == 0 {
		return nil
	}
	return warn("old images", image.Bytes(sum)+" of images and snapshots that this ipclab does not use", "ipclab image clean")
}

// builder looks for the programs that build an image.
func (p *probe) builder() []finding {
	var missing []string
	for tool := range image.Tools() {
		if _, err := p.look(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if _, err := p.look("newuidmap"); err != nil && !p.root {
		missing = append(missing, "newuidmap")
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return p.forBuilding("image tools", strings.Join(missing, ", ")+" missing", p.install(missing...))
	}
	return ok("image tools", "there")
}

// namespaces looks at what an account needs to build an image: mounts of its
// own for root, and a user namespace with 65536 ids for everybody else.
func (p *probe) namespaces() []finding {
	const name = "namespaces"
	if p.root {
		if p.contained() && p.unshare() != nil {
			return warn(name, "this container may not mount; an image is then built without mounts, which is little tried",
				"start the container with --privileged, or ipclab image import FILE")
		}
		return nil
	}
	for _, sysctl := range []struct{ name, refuses, fix string }{
		{"kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
		{"user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
	} {
		if strings.TrimSpace(p.text("/proc/sys/"+sysctl.name)) == sysctl.refuses {
			return p.forBuilding(name, "this kernel refuses user namespaces to ordinary users ("+strings.ReplaceAll(sysctl.name, "/", ".")+" is "+sysctl.refuses+")", sysctl.fix)
		}
	}
	return p.subordinates()
}

// subordinates looks for the account's ranges of ids (subuid(5)).
func (p *probe) subordinates() []finding {
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		if !hasRange(p.text(file), p.user) {
			return p.forBuilding("namespaces", p.user+" has no 65536 ids in "+file,
				"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "+p.user)
		}
	}
	return ok("namespaces", p.user+" may build an image")
}

func hasRange(table, user string) bool {
	for line := range strings.Lines(table) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 3 || fields[0] != user {
			continue
		}
		if n, err := strconv.Atoi(fields[2]); err == nil && n >= 65536 {
			return true
		}
	}
	return false
}

// Room that is asked for when no image is there yet, and later, for snapshots,
// clones and policies, in bytes.
const (
	roomBefore = 3 << 30
	roomAfter  = 1 << 30
)

func (p *probe) space() []finding {
	if p.ready() {
		return p.room("disk", p.dirs.Cache, roomAfter, "ipclab image clean, or set XDG_CACHE_HOME to a folder on another disk")
	}
	return append(p.room("disk", p.dirs.Cache, roomBefore, "set XDG_CACHE_HOME to a folder on another disk"),
		p.room("build disk", p.dirs.Scratch, roomBefore, "set IPCLAB_SCRATCH to a folder on another disk that all may enter")...)
}

func (p *probe) room(name, dir string, need int64, fix string) []finding {
	free, err := p.free(dir)
	text := image.Bytes(free) + " free in " + dir
	switch {
	case err != nil:
		return warn(name, err.Error(), fix)
	case free < need/3:
		return bad(name, text+"; "+image.Bytes(need)+" are needed", "make room there; "+fix)
	case free < need:
		return warn(name, text+"; "+image.Bytes(need)+" would be enough for sure", "make room there; "+fix)
	}
	return ok(name, text)
}

// maxSocket is how long a Unix socket's path may be (unix(7)), less a margin.
const maxSocket = 104

func (p *probe) sockets() []finding {
	longest := filepath.Join(p.dirs.Run, "4294967295", "agent")
	if len(longest) > maxSocket {
		return bad("sockets", p.dirs.Run+" is too long a path for sockets", "set XDG_RUNTIME_DIR (or TMPDIR) to a short folder of yours")
	}
	return nil
}

func (p *probe) machines() []finding {
	running, err := p.running()
	if err != nil {
		return bad("machines", err.Error(), "ipclab stop --all")
	}
	var all []finding
	for _, c := range running {
		if c.QEMU > 0 && !p.alive(c.QEMU) {
			all = append(all, bad("machines", "the machine of "+c.Name+" has lost its QEMU", "ipclab stop "+c.Name)...)
		}
	}
	if all == nil && len(running) > 0 {
		all = ok("machines", fmt.Sprintf("%d running", len(running)))
	}
	return all
}

// remains looks for what killed commands left.
func (p *probe) remains() []finding {
	left := p.leftover()
	if len(left) == 0 {
		return nil
	}
	return warn("leftovers", "killed builds left "+strings.Join(left, " "), "ipclab image clean")
}
