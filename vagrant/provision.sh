#!/bin/sh
# Turns a plain Debian 12 into the ipclab teaching machine. Runs as root inside
# the machine or its unpacked root (a chroot), after the packages of
# packages.txt are installed; running it again changes nothing.
#
#   provision.sh DIR    DIR is where this file's own folder was copied
#
# The QEMU image (internal/image) and the Vagrant box both run this and nothing
# else, so that the two cannot drift apart.
set -eu
here=${1:?the folder that holds provision.sh}

users() {
	getent group channel >/dev/null || groupadd --gid 2000 channel
	user student 1000 /lab/home
	user alice 2001 /lab/alice
	user bob 2002 /lab/bob
	user carol 2003 /lab/carol
	usermod -a -G channel alice
	usermod -a -G channel bob
}

user() { # NAME UID HOME
	getent passwd "$1" >/dev/null && return
	groupadd --gid "$2" "$1"
	useradd --no-create-home --uid "$2" --gid "$2" --home-dir "$3" --shell /bin/bash "$1"
}

folders() {
	install -d -m 0755 /lab /lab/src /lab/bin
	install -d -m 0750 -o student -g student /lab/home /lab/build
	for name in alice bob carol; do
		install -d -m 0700 -o "$name" -g "$name" "/lab/$name"
	done
	install -m 0644 -o student -g student "$here/guest/bashrc" /lab/home/.bashrc
	printf '[ -r ~/.bashrc ] && . ~/.bashrc\n' >/lab/home/.profile
}

agent() {
	install -D -m 0755 "$here/guest/build" /usr/lib/ipclab/build
	# Nobody but root may read the probe: the kernel then keeps its process from
	# being traced or looked into by others of the same user (ptrace(2),
	# "dumpable").
	gcc -std=gnu11 -O2 -static -Wall -Wextra -Werror -o /usr/lib/ipclab/probe "$here/guest/probe.c"
	chmod 0711 /usr/lib/ipclab/probe
	install -D -m 0644 "$here/guest/ipclab-agent.service" /etc/systemd/system/ipclab-agent.service
	install -D -m 0644 "$here/guest/sysctl.conf" /etc/sysctl.d/60-ipclab.conf
	install -D -m 0644 "$here/guest/modules.conf" /etc/modules-load.d/ipclab.conf
	install -D -m 0644 "$here/guest/modprobe.conf" /etc/modprobe.d/ipclab.conf
	systemctl enable ipclab-agent.service 2>/dev/null
}

# Debian's whole policy as one CIL file, without our own module: lab modules are
# compiled against the two, because rebuilding from 350 modules would take a
# minute under emulation.
flatten() {
	[ -e /usr/lib/ipclab/flat.cil ] ||
		checkpolicy -M -b -C -o /usr/lib/ipclab/flat.cil /etc/selinux/default/policy/policy.33 >/dev/null
}

policy() {
	sed -i 's/^SELINUX=.*/SELINUX=enforcing/' /etc/selinux/config
	cp "$here/guest/ipclab.cil" /usr/lib/ipclab/ipclab.cil
	# /lab is no home directory to genhomedircon, and its warnings about that
	# are only in the way.
	if ! semodule -n -s default -i /usr/lib/ipclab/ipclab.cil 2>/tmp/semodule.log; then
		cat /tmp/semodule.log >&2
		exit 1
	fi
}

# What a machine without network, disks to check and consoles to log in at
# need not start.
quiet() {
	systemctl mask --quiet \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		e2scrub_all.timer e2scrub_reap.service fstrim.timer \
		systemd-pstore.service systemd-firstboot.service systemd-repart.service \
		systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
		modprobe@drm.service modprobe@dm_mod.service modprobe@efi_pstore.service \
		modprobe@loop.service systemd-journal-flush.service \
		systemd-journald-audit.socket systemd-update-utmp.service \
		systemd-machine-id-commit.service getty@tty1.service serial-getty@ttyS0.service 2>/dev/null
}

users
agent
folders
flatten
policy
quiet
