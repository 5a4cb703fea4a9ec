package host

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"ipclab/internal/machine/qemu"
)

// How long a guest under KVM may take, and stay silent. Where KVM works it
// boots in seconds; where it is there but useless, as under some hypervisors,
// the guest hangs for ever.
const (
	kvmPatience = 90 * time.Second
	kvmStall    = 15 * time.Second
)

// verdict is what was found about KVM on this computer. It holds for one
// kernel and one QEMU.
type verdict struct {
	Kernel string `json:"kernel"`
	QEMU   string `json:"qemu"`
	Why    string `json:"why"` // why KVM is of no use
}

func (h *Host) verdictFile() string { return filepath.Join(h.Dirs.Cache, "kvm-useless.json") }

// hardware is the machine to make snapshots of. KVM is chosen when its device
// can be opened and no guest failed under it before: whether it works is then
// for the first boot to show.
func (h *Host) hardware(ctx context.Context) (qemu.Hardware, error) {
	binary, err := qemu.Binary()
	if err != nil {
		return qemu.Hardware{}, err
	}
	version, err := h.version(ctx, binary)
	if err != nil {
		return qemu.Hardware{}, err
	}
	accel := h.Accel
	if accel == "" {
		accel = qemu.TCG
		if kvmOpens() && h.uselessKVM(version) == "" {
			accel = qemu.KVM
		}
	}
	return hardwareFor(accel, version), nil
}

// hardwareFor is the machine under an accelerator.
func hardwareFor(accel qemu.Accel, version string) qemu.Hardware {
	hw := qemu.DefaultHardware(accel, version)
	if accel == qemu.KVM {
		hw.Processor = processor()
	}
	return hw
}

// processor names this computer's processor.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Hardware tells which machine would be started, and, when KVM is not used
// although its device is there, why.
func (h *Host) Hardware(ctx context.Context) (hw qemu.Hardware, why string, err error) {
	hw, err = h.hardware(ctx)
	return hw, h.uselessKVM(hw.QEMU), err
}

func kvmOpens() bool {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

func (h *Host) uselessKVM(version string) string {
	data, err := os.ReadFile(h.verdictFile())
	if err != nil {
		return ""
	}
	var v verdict
	if json.Unmarshal(data, &v) != nil || v.Kernel != kernelRelease() || v.QEMU != version {
		return ""
	}
	return v.Why
}

// rememberUseless notes that KVM is of no use here, and gives the words for the
// user.
func (h *Host) rememberUseless(hw qemu.Hardware, err error) string {
	v := verdict{Kernel: kernelRelease(), QEMU: hw.QEMU, Why: firstLine(err.Error())}
	data, _ := json.Marshal(v)
	note := "KVM is there but does not work (" + v.Why + "); software emulation is used from now on"
	if err := os.WriteFile(h.verdictFile(), data, 0o644); err != nil {
		note += ", but that could not be noted: " + err.Error()
	}
	return note
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// version asks QEMU for its version, and remembers the answer for as long as
// its program does not change: asking costs as much as a whole restore.
func (h *Host) version(ctx context.Context, binary string) (string, error) {
	info, err := os.Stat(binary)
	if err != nil {
		return "", err
	}
	stamp := fmt.Sprintf("%s %d %d", binary, info.Size(), info.ModTime().UnixNano())
	file := filepath.Join(h.Dirs.Cache, "qemu-version")
	if data, err := os.ReadFile(file); err == nil {
		if known, version, ok := strings.Cut(string(data), "\n"); ok && known == stamp {
			return version, nil
		}
	}
	version, err := qemu.Version(ctx, binary)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(h.Dirs.Cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	return version, os.WriteFile(file, []byte(stamp+"\n"+version), 0o644)
}

// lock lets one ipclab at a time make something in the cache.
func (h *Host) lock(ctx context.Context, what string) (func(), error) {
	dir := filepath.Join(h.Dirs.Cache, what)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(dir, ".lock"))
	mine, err := l.TryLock()
	if err == nil && !mine {
		h.Progress.Note("another ipclab is making " + what + "; waiting for it")
		_, err = l.TryLockContext(ctx, 50*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	sweepUnfinished(dir)
	return func() { l.Unlock() }, nil
}

// sweepUnfinished removes what a killed ipclab left half made.
func sweepUnfinished(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, ".making-*"))
	for _, path := range left {
		qemu.Discard(path)
	}
}
