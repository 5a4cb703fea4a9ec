package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/machine/qemu"
)

// wellEquipped is a computer that lacks nothing: Debian, KVM, an image.
func wellEquipped() (*probe, map[string]string) {
	files := map[string]string{
		"/etc/os-release": "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n",
		"/proc/meminfo":   "MemTotal: 8000000 kB\nMemAvailable:    4000000 kB\n",
		"/etc/subuid":     "ann:100000:65536\n", "/etc/subgid": "ann:100000:65536\n",
		"/proc/sys/user/max_user_namespaces": "1000\n",
	}
	p := &probe{
		arch: "amd64", user: "ann", guest: "/opt/ipclab-guest",
		dirs:     host.Dirs{Cache: "/home/ann/.cache/ipclab", Scratch: "/var/tmp", Run: "/run/user/1000/ipclab-1"},
		readFile: func(path string) ([]byte, error) { return readFrom(files, path) },
		exists:   func(path string) bool { return path == "/opt/ipclab-guest" },
		look:     func(program string) (string, error) { return "/usr/bin/" + program, nil },
		version:  func(string) (string, error) { return "7.2.22", nil },
		openKVM:  func() error { return nil },
		useless:  func() string { return "" },
		unshare:  func() error { return nil },
		free:     func(string) (int64, error) { return 50 << 30, nil },
		image: func() (imageLine, error) {
			return imageLine{State: stateReady, Size: 700 << 20, Built: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Snapshots: 2}, nil
		},
		running:  func() ([]*qemu.Clone, error) { return []*qemu.Clone{{Name: "fifo", QEMU: 42}}, nil },
		alive:    func(int) bool { return true },
		leftover: func() []string { return nil },
	}
	return p, files
}

func readFrom(files map[string]string, path string) ([]byte, error) {
	if text, there := files[path]; there {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func TestDoctorFindsNothing(t *testing.T) {
	p, _ := wellEquipped()
	for _, f := range p.examine() {
		if f.Level != levelOK || f.Fix != "" {
			t.Errorf("a computer that lacks nothing: %+v", f)
		}
	}
}

func lacking(programs ...string) func(string) (string, error) {
	return func(program string) (string, error) {
		if slices.Contains(programs, program) {
			return "", errors.New("not found")
		}
		return "/usr/bin/" + program, nil
	}
}

func noImage(p *probe) {
	p.image = func() (imageLine, error) { return imageLine{State: stateNone}, nil }
}

func TestDoctor(t *testing.T) {
	type computer struct {
		*probe
		files map[string]string
	}
	for name, tt := range map[string]struct {
		change    func(c computer)
		level     level
		text, fix string // parts
	}{
		"processor":       {func(c computer) { c.arch = "arm64" }, levelBad, "arm64", "Intel or AMD"},
		"no QEMU":         {func(c computer) { c.look = lacking("qemu-system-x86_64") }, levelBad, "missing", "sudo apt-get install qemu-system-x86 qemu-utils"},
		"no QEMU as root": {func(c computer) { c.look = lacking("qemu-system-x86_64"); c.root = true }, levelBad, "missing", "apt-get install qemu-system-x86 qemu-utils"},
		"no qemu-img":     {func(c computer) { c.look = lacking("qemu-img") }, levelBad, "missing", "qemu-utils"},
		"old QEMU": {func(c computer) {
			c.version = func(string) (string, error) { return "", &qemu.TooOldError{Have: "4.1", Need: "5.2"} }
		}, levelBad, "4.1 is too old", "Debian 12"},
		"broken QEMU": {func(c computer) {
			c.version = func(string) (string, error) { return "", errors.New("exit status 127") }
		}, levelBad, "exit status 127", "apt-get install qemu-system-x86"},
		"no KVM":     {func(c computer) { c.openKVM = func() error { return fs.ErrNotExist } }, levelWarn, "no /dev/kvm", "firmware"},
		"closed KVM": {func(c computer) { c.openKVM = func() error { return fs.ErrPermission } }, levelWarn, "ann may not open", "sudo usermod -a -G kvm ann"},
		"dead KVM":   {func(c computer) { c.openKVM = func() error { return errors.New("no such device") } }, levelWarn, "no such device", "modprobe"},
		"useless KVM": {func(c computer) { c.useless = func() string { return "it printed nothing for 15s" } }, levelWarn,
			"it printed nothing for 15s", "rm /home/ann/.cache/ipclab/kvm-useless.json"},
		"little memory": {func(c computer) { c.files["/proc/meminfo"] = "MemAvailable: 800000 kB\n" }, levelWarn, "781 MB free", "stop --all"},
		"no memory":     {func(c computer) { c.files["/proc/meminfo"] = "MemAvailable: 100000 kB\n" }, levelBad, "97 MB free", "stop --all"},
		"no secilc":     {func(c computer) { c.look = lacking("secilc") }, levelBad, "missing", "apt-get install secilc"},
		"no guest":      {func(c computer) { c.guest = "/elsewhere" }, levelBad, "/elsewhere", "make"},
		"damaged image": {func(c computer) {
			c.image = func() (imageLine, error) { return imageLine{State: stateDamaged, Damage: "initrd"}, nil }
		}, levelBad, "initrd", "ipclab image build"},
		"no image tools":  {func(c computer) { noImage(c.probe); c.look = lacking("mmdebstrap", "debugfs", "mke2fs") }, levelBad, "debugfs, mke2fs, mmdebstrap", "apt-get install e2fsprogs mmdebstrap; or"},
		"tools not used":  {func(c computer) { c.look = lacking("mmdebstrap") }, levelWarn, "only needed to build", "mmdebstrap"},
		"no newuidmap":    {func(c computer) { noImage(c.probe); c.look = lacking("newuidmap") }, levelBad, "newuidmap", "uidmap"},
		"no subuid":       {func(c computer) { noImage(c.probe); c.files["/etc/subuid"] = "bob:1:65536\n" }, levelBad, "/etc/subuid", "--add-subuids"},
		"short subgid":    {func(c computer) { noImage(c.probe); c.files["/etc/subgid"] = "ann:1:100\n" }, levelBad, "/etc/subgid", "--add-subgids"},
		"no namespaces":   {func(c computer) { noImage(c.probe); c.files["/proc/sys/user/max_user_namespaces"] = "0\n" }, levelBad, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces"},
		"Debian's switch": {func(c computer) { noImage(c.probe); c.files["/proc/sys/kernel/unprivileged_userns_clone"] = "0\n" }, levelBad, "unprivileged_userns_clone is 0", "sysctl -w"},
		"Ubuntu's switch": {func(c computer) { c.files["/proc/sys/kernel/apparmor_restrict_unprivileged_userns"] = "1\n" }, levelWarn, "apparmor", "sysctl -w"},
		"container": {func(c computer) {
			c.root, c.unshare = true, func() error { return errors.New("refused") }
			c.files["/proc/1/environ"] = "A=b\x00container=podman\x00"
		}, levelWarn, "may not mount", "--privileged"},
		"full disk":    {func(c computer) { c.free = func(string) (int64, error) { return 10 << 20, nil } }, levelBad, "10 MB free in /home/ann", "make room"},
		"scarce disk":  {func(c computer) { c.free = func(string) (int64, error) { return 800 << 20, nil } }, levelWarn, "800 MB free", "make room"},
		"full scratch": {func(c computer) { noImage(c.probe); c.free = onlyFull("/var/tmp") }, levelBad, "/var/tmp", "IPCLAB_SCRATCH"},
		"long path":    {func(c computer) { c.dirs.Run = "/tmp/" + strings.Repeat("x", 90) }, levelBad, "too long", "XDG_RUNTIME_DIR"},
		"lost QEMU":    {func(c computer) { c.alive = func(int) bool { return false } }, levelBad, "fifo has lost its QEMU", "ipclab stop fifo"},
		"leftovers":    {func(c computer) { c.leftover = func() []string { return []string{"/var/tmp/ipclab-image-1"} } }, levelWarn, "/var/tmp/ipclab-image-1", "ipclab image clean"},
		"old images": {func(c computer) {
			c.image = func() (imageLine, error) {
				return imageLine{State: stateReady, Obsolete: []stale{{"/a", 1 << 30}, {"/b", 1 << 29}}}, nil
			}
		}, levelWarn, "1.5 GB", "ipclab image clean"},
		"Fedora": {func(c computer) {
			c.files["/etc/os-release"] = "ID=fedora\n"
			c.look = lacking("qemu-system-x86_64")
		}, levelBad, "missing", "sudo dnf install qemu-system-x86-core qemu-img"},
		"Arch": {func(c computer) {
			noImage(c.probe)
			c.files["/etc/os-release"] = "ID=\"manjaro\"\nID_LIKE='arch'\n"
			c.look = lacking("mmdebstrap", "newuidmap")
		}, levelBad, "mmdebstrap", "sudo pacman -S shadow; from the AUR: mmdebstrap"},
		"another Linux": {func(c computer) {
			c.files["/etc/os-release"] = ""
			c.look = lacking("secilc")
		}, levelBad, "missing", "install what Debian calls secilc"},
	} {
		t.Run(name, func(t *testing.T) {
			p, files := wellEquipped()
			tt.change(computer{p, files})
			found := troubles(p.examine())
			if len(found) != 1 {
				t.Fatalf("findings: %+v; want one", found)
			}
			f := found[0]
			if f.Level != tt.level || !strings.Contains(f.Text, tt.text) || !strings.Contains(f.Fix, tt.fix) {
				t.Errorf("found %+v; want %s, %q, fix %q", f, tt.level, tt.text, tt.fix)
			}
		})
	}
}

func onlyFull(dir string) func(string) (int64, error) {
	return func(d string) (int64, error) {
		if d == dir {
			return 0, nil
		}
		return 50 << 30, nil
	}
}

// troubles are the findings that are not ok.
func troubles(all []finding) []finding {
	return slices.DeleteFunc(slices.Clone(all), func(f finding) bool { return f.Level == levelOK })
}

func TestDoctorKnowsWSL(t *testing.T) {
	p, files := wellEquipped()
	files["/proc/version"] = "Linux version 5.15 (Microsoft@Microsoft.com)"
	if f := p.computer()[0]; f.Level != levelOK || !strings.Contains(f.Text, "WSL") {
		t.Errorf("computer: %+v", f)
	}
}

func TestDoctorReport(t *testing.T) {
	all := []finding{
		{"QEMU", levelOK, "7.2", ""},
		{"KVM", levelWarn, strings.Repeat("word ", 40), "sudo usermod -a -G kvm ann, then log in again"},
		{"image tools", levelBad, "mmdebstrap missing", "apt-get install mmdebstrap"},
	}
	var out bytes.Buffer
	a := &app{out: &out}
	var exit *exitError
	if err := a.doctor(all); !errors.As(err, &exit) || exit.code != codeMachine {
		t.Errorf("doctor: %v, want exit code %d", err, codeMachine)
	}
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > reportEdge {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, want := range []string{"✓ ok    QEMU          7.2\n", "! warn  KVM           word", "✗ bad   image tools   mmd", "        fix: apt-get install mmdebstrap\n", "1 bad, 1 to look at"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	if err := a.doctor(all[:2]); err != nil {
		t.Errorf("a warning is no failure: %v", err)
	}
}

func TestDoctorJSON(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, json: true}
	_ = a.doctor([]finding{{"KVM", levelWarn, "none", "do <this>"}})
	var got struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || !got.OK || len(got.Findings) != 1 || got.Findings[0].Fix != "do <this>" {
		t.Errorf("%s: %+v, %v", &out, got, err)
	}
}

// Every program that a build runs has a package wherever we know the names.
func TestInstallKnowsEveryTool(t *testing.T) {
	p, files := wellEquipped()
	for tool := range image.Tools() {
		for _, family := range []string{"debian", "fedora", "arch"} {
			files["/etc/os-release"] = "ID=" + family
			if strings.HasSuffix(strings.TrimSpace(p.install(tool)), "install") || p.install(tool) == "" {
				t.Errorf("%s on %s: %q", tool, family, p.install(tool))
			}
		}
	}
}
