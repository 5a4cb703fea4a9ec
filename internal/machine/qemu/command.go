package qemu

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// Accel is how QEMU runs guest code.
type Accel string

// The accelerators that are tried, in this order.
const (
	KVM Accel = "kvm"
	TCG Accel = "tcg"
)

// Hardware is everything that a snapshot's state depends on: it can be restored
// only into the very same machine.
type Hardware struct {
	Accel  Accel  `json:"accel"`
	QEMU   string `json:"qemu"` // version, as QEMU prints it
	CPUs   int    `json:"cpus"`
	Memory int    `json:"memory"` // MiB
	Board  int    `json:"board"`  // counts changes to the command line below
	// Processor is this computer's, when the guest sees it as it is: with KVM.
	Processor string `json:"processor,omitempty"`
}

// boardVersion changes whenever the devices in arguments do.
const boardVersion = 2

// DefaultHardware is the teaching machine's. Emulated it has one processor:
// with two, a fifth of the host's time goes to what they say to each other
// (interrupts, spinning on locks), and side by side two machines of one
// processor do more than one of two.
func DefaultHardware(a Accel, version string) Hardware {
	hw := Hardware{Accel: a, QEMU: version, CPUs: 2, Memory: 512, Board: boardVersion}
	if a == TCG {
		hw.CPUs = 1
	}
	return hw
}

// start says what one QEMU process is to be.
type start struct {
	Hardware
	Kernel, Initrd string
	Disk           string // a qcow2 overlay
	RAM            string // the file behind the guest's memory
	ShareRAM       bool   // whether the guest's writes reach that file
	Restore        bool   // device state comes in on descriptor 3; else a cold boot
	Run            string // directory for sockets
	Console        string // file for the serial console
}

// kernelCommand is the guest kernel's command line. Debian's kernel ignores
// selinux=1; security=selinux is what counts.
const kernelCommand = "root=/dev/vda rw console=ttyS0 security=selinux audit=1 " +
	"audit_backlog_limit=8192 net.ifnames=0 systemd.show_status=0 loglevel=5 random.trust_cpu=on"

// emulatedCommand is added under emulation. By default the kernel does not trust
// the emulated time stamp counter, and asks a timer chip instead, each time at
// the cost of leaving the emulated code. An emulated processor speculates about
// nothing, so there is nothing to mitigate; and nobody looks at the pressure
// statistics (PSI) that every change of tasks updates.
const emulatedCommand = " tsc=reliable mitigations=off psi=0"

// emulatedProcessor is "max" without what costs more emulated than it gives: a
// fifth level of page tables, and fast string instructions (ERMS), which copy
// and clear memory byte by byte.
const emulatedProcessor = "max,la57=off,erms=off"

// emulator sets the size of its cache of translated code, in MB: a full check of
// a large lab translates about 130 MB, and whatever does not fit is translated
// again and again.
const emulator = "tcg,thread=multi,tb-size=256"

// Names of the sockets in a machine's run directory.
const (
	qmpSocket  = "qmp"
	portSocket = "port"
	muxSocket  = "agent"
)

// arguments is QEMU's command line.
func (s start) arguments() []string {
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-name", "ipclab", "-machine", "q35,memory-backend=ram,graphics=off",
		"-smp", strconv.Itoa(s.CPUs), "-m", strconv.Itoa(s.Memory),
		"-object", s.memory(),
		"-kernel", s.Kernel, "-initrd", s.Initrd, "-append", s.kernelWords(),
		"-drive", "if=virtio,format=qcow2,cache=unsafe,discard=unmap," + diskErrors + ",file=" + escape(s.Disk),
		"-chardev", "file,id=console,path=" + escape(s.Console),
		"-serial", "chardev:console",
		"-chardev", s.socket("port", portSocket),
		"-device", "virtio-serial-pci",
		"-device", "virtserialport,chardev=port,name=ipclab.0",
		"-device", "virtio-rng-pci",
		"-chardev", s.socket("qmp", qmpSocket),
		"-mon", "chardev=qmp,mode=control",
	}
	args = append(args, s.accelerator()...)
	if s.Restore {
		args = append(args, "-incoming", "defer")
	}
	return args
}

func (s start) accelerator() []string {
	if s.Accel == KVM {
		return []string{"-accel", "kvm", "-cpu", "host"}
	}
	return []string{"-accel", emulator, "-cpu", emulatedProcessor}
}

func (s start) kernelWords() string {
	if s.Accel == KVM {
		return kernelCommand
	}
	return kernelCommand + emulatedCommand
}

func (s start) memory() string {
	share := "off"
	if s.ShareRAM {
		share = "on"
	}
	return fmt.Sprintf("memory-backend-file,id=ram,size=%dM,share=%s,mem-path=%s", s.Memory, share, escape(s.RAM))
}

func (s start) socket(id, name string) string {
	return "socket,id=" + id + ",server=on,wait=off,path=" + escape(filepath.Join(s.Run, name))
}

// diskErrors hands errors of this computer's disk on to the guest, as any disk
// does. By default QEMU stops the machine when the disk is full, and whoever
// talks to the machine waits for ever.
const diskErrors = "werror=report,rerror=report"

// escape doubles commas, which separate QEMU's options.
func escape(path string) string {
	out := make([]byte, 0, len(path))
	for i := range len(path) {
		if path[i] == ',' {
			out = append(out, ',')
		}
		out = append(out, path[i])
	}
	return string(out)
}
