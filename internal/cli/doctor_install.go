package cli

import (
	"slices"
	"strings"
)

// distribution is what os-release(5) says of this system, as far as installing
// goes.
type distribution struct {
	name   string // for people
	family string // debian, fedora, arch or empty
}

func (p *probe) distribution() distribution {
	fields := map[string]string{}
	for line := range strings.Lines(p.text("/etc/os-release")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		fields[key] = strings.Trim(value, `"'`)
	}
	d := distribution{name: fields["PRETTY_NAME"]}
	if d.name == "" {
		d.name = "a Linux without a name"
	}
	for _, id := range strings.Fields(fields["ID"] + " " + fields["ID_LIKE"]) {
		switch id {
		case "debian", "ubuntu":
			d.family = "debian"
		case "fedora", "rhel", "centos":
			d.family = "fedora"
		case "arch":
			d.family = "arch"
		}
		if d.family != "" {
			break
		}
	}
	return d
}

// packages of a program; the names in aur are not in Arch's own repositories.
type packages struct{ debian, fedora, arch, aur string }

func packagesOf(program string) packages {
	return map[string]packages{
		"qemu-system-x86_64": {"qemu-system-x86", "qemu-system-x86-core", "qemu-system-x86", ""},
		"qemu-img":           {"qemu-utils", "qemu-img", "qemu-img", ""},
		"secilc":             {"secilc", "secilc", "", "secilc"},
		"mmdebstrap":         {"mmdebstrap", "mmdebstrap", "", "mmdebstrap"},
		"setfiles":           {"policycoreutils", "policycoreutils", "", "policycoreutils"},
		"mke2fs":             {"e2fsprogs", "e2fsprogs", "e2fsprogs", ""},
		"debugfs":            {"e2fsprogs", "e2fsprogs", "e2fsprogs", ""},
		"newuidmap":          {"uidmap", "shadow-utils", "shadow", ""},
	}[program]
}

// install is the command that installs programs here.
func (p *probe) install(programs ...string) string {
	list := func(name func(packages) string) string {
		var all []string
		for _, program := range programs {
			if n := name(packagesOf(program)); n != "" && !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
		return strings.Join(all, " ")
	}
	debian := list(func(k packages) string { return k.debian })
	switch p.distribution().family {
	case "debian":
		return p.sudo() + "apt-get install " + debian
	case "fedora":
		return p.sudo() + "dnf install " + list(func(k packages) string { return k.fedora })
	case "arch":
		return p.pacman(list(func(k packages) string { return k.arch }), list(func(k packages) string { return k.aur }))
	}
	return "install what Debian calls " + debian
}

// pacman is Arch's command; what only its users' repository has is named.
func (p *probe) pacman(own, aur string) string {
	var parts []string
	if own != "" {
		parts = append(parts, p.sudo()+"pacman -S "+own)
	}
	if aur != "" {
		parts = append(parts, "from the AUR: "+aur)
	}
	return strings.Join(parts, "; ")
}

func (p *probe) sudo() string {
	if p.root {
		return ""
	}
	return "sudo "
}
