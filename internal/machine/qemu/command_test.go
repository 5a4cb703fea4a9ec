package qemu

import (
	"slices"
	"strings"
	"testing"
)

// has tells whether an option with this value is on the command line.
func has(args []string, option, value string) bool {
	for i := range args[:len(args)-1] {
		if args[i] == option && args[i+1] == value {
			return true
		}
	}
	return false
}

func TestArguments(t *testing.T) {
	cold := start{
		Hardware: DefaultHardware(TCG, "7.2.0"), Kernel: "/k", Initrd: "/i", Disk: "/d,1.qcow2", RAM: "/r",
		Run: "/run/x", Console: "/c",
	}
	with := func(change func(*start)) start { s := cold; change(&s); return s }
	for name, tt := range map[string]struct {
		s             start
		option, value string
		want          bool
	}{
		"kernel":            {cold, "-kernel", "/k", true},
		"SELinux":           {cold, "-append", kernelCommand + emulatedCommand, true},
		"comma in a path":   {cold, "-drive", "if=virtio,format=qcow2,cache=unsafe,discard=unmap," + diskErrors + ",file=/d,,1.qcow2", true},
		"agent's port":      {cold, "-device", "virtserialport,chardev=port,name=ipclab.0", true},
		"port's socket":     {cold, "-chardev", "socket,id=port,server=on,wait=off,path=/run/x/port", true},
		"cold boot":         {cold, "-incoming", "defer", false},
		"restore":           {with(func(s *start) { s.Restore = true }), "-incoming", "defer", true},
		"private memory":    {cold, "-object", "memory-backend-file,id=ram,size=512M,share=off,mem-path=/r", true},
		"shared memory":     {with(func(s *start) { s.ShareRAM = true }), "-object", "memory-backend-file,id=ram,size=512M,share=on,mem-path=/r", true},
		"emulation":         {cold, "-cpu", emulatedProcessor, true},
		"one emulated":      {cold, "-smp", "1", true},
		"KVM's kernel":      {with(func(s *start) { s.Accel = KVM }), "-append", kernelCommand, true},
		"KVM":               {with(func(s *start) { s.Accel = KVM }), "-accel", "kvm", true},
		"KVM's processor":   {with(func(s *start) { s.Accel = KVM }), "-cpu", "host", true},
		"nobody listens on": {cold, "-display", "none", true},
	} {
		t.Run(name, func(t *testing.T) {
			if args := tt.s.arguments(); has(args, tt.option, tt.value) != tt.want {
				t.Errorf("%s %s: want %v in %q", tt.option, tt.value, tt.want, args)
			}
		})
	}
	if args := cold.arguments(); slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-net") }) {
		t.Errorf("the machine has a network: %q", args)
	}
	if !strings.Contains(kernelCommand, "security=selinux") {
		t.Error("Debian's kernel heeds security=selinux only")
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"/a b": "'/a b'", "it's": `'it'\''s'`, "": "''"} {
		if got := shellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}
