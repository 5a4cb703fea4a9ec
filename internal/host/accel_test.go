package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/internal/machine/qemu"
)

func TestVerdictHoldsForOneKernelAndQEMU(t *testing.T) {
	h, _, _ := fakeHost(t)
	hw := qemu.DefaultHardware(qemu.KVM, "7.2.1")
	if why := h.uselessKVM("7.2.1"); why != "" {
		t.Errorf("nothing was found out yet: %q", why)
	}
	note := h.rememberUseless(hw, errors.New("it printed nothing\nconsole: …"))
	if !strings.Contains(note, "it printed nothing") || strings.Contains(note, "console") {
		t.Errorf("note: %q", note)
	}
	if why := h.uselessKVM("7.2.1"); why != "it printed nothing" {
		t.Errorf("remembered: %q", why)
	}
	if why := h.uselessKVM("8.0"); why != "" {
		t.Errorf("another QEMU is another question: %q", why)
	}
	for name, text := range map[string]string{"another kernel": `{"kernel":"x","qemu":"7.2.1","why":"y"}`, "damaged": "{"} {
		must(t, os.WriteFile(h.verdictFile(), []byte(text), 0o644))
		if why := h.uselessKVM("7.2.1"); why != "" {
			t.Errorf("%s: %q", name, why)
		}
	}
}

func TestVerdictThatCannotBeNoted(t *testing.T) {
	h, _, _ := fakeHost(t)
	must(t, os.Mkdir(h.verdictFile(), 0o755))
	if note := h.rememberUseless(qemu.Hardware{}, errors.New("x")); !strings.Contains(note, "could not be noted") {
		t.Errorf("note: %q", note)
	}
}

// A guest that does not come up under KVM is booted again without, and that is
// said once and remembered.
func TestKVMThatIsUseless(t *testing.T) {
	h, heard, log := fakeHost(t)
	i := fakeImage(t)
	_, hw, err := h.base(context.Background(), i, qemu.DefaultHardware(qemu.KVM, "7.2.1"))
	var died *qemu.DiedError
	if !errors.As(err, &died) || hw.Accel != qemu.TCG {
		t.Errorf("base: %v with %s", err, hw.Accel)
	}
	tried := lines(t, log)
	if len(tried) != 2 || !strings.Contains(tried[0], "-accel kvm") || !strings.Contains(tried[1], "-accel tcg") {
		t.Errorf("tried %q", tried)
	}
	if len(heard.notes) != 1 || !strings.Contains(heard.notes[0], "software emulation is used from now on") {
		t.Errorf("notes: %q", heard.notes)
	}
	if hw, err := h.hardware(context.Background()); err != nil || hw.Accel != qemu.TCG {
		t.Errorf("the next time: %s, %v", hw.Accel, err)
	}
	if _, why, err := h.Hardware(context.Background()); err != nil || !strings.Contains(why, "no such luck") {
		t.Errorf("why: %q, %v", why, err)
	}
}

// Who asks for KVM gets KVM, or an error.
func TestKVMThatWasAskedFor(t *testing.T) {
	h, heard, log := fakeHost(t)
	h.Accel = qemu.KVM
	hw, err := h.hardware(context.Background())
	must(t, err)
	if hw.Accel != qemu.KVM {
		t.Fatalf("chosen: %s", hw.Accel)
	}
	must(t, os.Remove(log))
	if _, _, err := h.base(context.Background(), fakeImage(t), hw); err == nil {
		t.Error("booted with a QEMU that fails")
	}
	if tried := lines(t, log); len(tried) != 1 || len(heard.notes) != 0 {
		t.Errorf("tried %q, notes %q", tried, heard.notes)
	}
}

func TestInterruptedBootIsNoVerdict(t *testing.T) {
	h, heard, _ := fakeHost(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := h.base(ctx, fakeImage(t), qemu.DefaultHardware(qemu.KVM, "7.2.1")); err == nil {
		t.Error("booted")
	}
	if why := h.uselessKVM("7.2.1"); why != "" || len(heard.notes) != 0 {
		t.Errorf("verdict %q, notes %q", why, heard.notes)
	}
}

func TestVersionIsAskedOnce(t *testing.T) {
	h, _, log := fakeHost(t)
	binary, err := qemu.Binary()
	must(t, err)
	for range 3 {
		version, err := h.version(context.Background(), binary)
		if err != nil || version != "7.2.1" {
			t.Fatalf("version: %q, %v", version, err)
		}
	}
	if asked := lines(t, log); len(asked) != 1 {
		t.Errorf("asked %d times", len(asked))
	}
	program(t, filepath.Dir(binary), "qemu-system-x86_64", "echo QEMU emulator version 8.0.0")
	if version, err := h.version(context.Background(), binary); err != nil || version != "8.0.0" {
		t.Errorf("after QEMU was replaced: %q, %v", version, err)
	}
}
