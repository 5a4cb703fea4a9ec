package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"ipclab/internal/sparse"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// release is the Debian that the machine is.
const release = "bookworm"

// hook runs after the packages are installed, with the new root as its first
// argument, as root or as the root of a user namespace. It leaves in $OUT all
// that the image is made from.
const hook = `set -eu
root=$1
mkdir -p "$root/tmp/recipe"
cp -R "$RECIPE/." "$root/tmp/recipe/"
chroot "$root" sh /tmp/recipe/provision.sh /tmp/recipe >&2
rm -rf "$root/tmp/recipe" "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
mkdir -m 0755 "$OUT" # nobody but the build can write into it
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >"$OUT/packages"
cp "$root"/boot/vmlinuz-* "$OUT/vmlinuz"
cp "$root"/boot/initrd.img-* "$OUT/initrd"
basename "$root"/boot/vmlinuz-* | sed 's/^vmlinuz-//' >"$OUT/release"
cp "$root/usr/lib/ipclab/flat.cil" "$OUT/flat.cil"
cp "$root/usr/lib/ipclab/ipclab.cil" "$OUT/base.cil"
# /proc, /sys and parts of /dev are mounted in the root; a plain bind mount of it
# shows what lies below them. Where nothing can be mounted nothing hides.
plain=$OUT/plain
mkdir "$plain"
mount --bind "$root" "$plain" 2>/dev/null || plain=$root
echo "$plain" >"$OUT/root"
setfiles -n -v -r "$plain" -m "$plain/etc/selinux/default/contexts/files/file_contexts" "$plain" >"$OUT/labels" 2>&1
mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$plain" "$OUT/root.img" 2G
[ "$plain" = "$root" ] || umount "$plain"
rmdir "$OUT/plain"
chmod 0644 "$OUT"/*
`

// build makes the image from Debian's packages.
func (i *Image) build(ctx context.Context, scratch string, recipe fs.FS, progress Progress) error {
	sweepStages(scratch)
	if err := i.ready(scratch); err != nil {
		return err
	}
	stage, err := newStage(scratch, recipe)
	if err != nil {
		return full(scratch, err)
	}
	defer stage.remove()
	progress.Step("building Debian 12 with SELinux (once; about 2 minutes, most of it packages)")
	if err := stage.run(ctx, progress); err != nil {
		return err
	}
	progress.Step("labelling files")
	if err := i.collect(stage); err != nil {
		return full(i.Dir, err)
	}
	return full(i.Dir, i.label(ctx, stage))
}

// ready looks for what a build needs, so that it does not fail after a minute.
func (i *Image) ready(scratch string) error {
	if err := needTools(); err != nil {
		return err
	}
	if err := needRoom(scratch, ScratchRoom); err != nil {
		return err
	}
	return needRoom(filepath.Dir(i.Dir), CacheRoom)
}

// BuildError says that building the image failed.
type BuildError struct {
	Err    error
	Cause  string // the line of the output that tells most; may be empty
	Output string // the end of the output
}

func (e *BuildError) Error() string {
	msg := "building the image failed (" + e.Err.Error() + ")"
	if e.Cause != "" {
		msg += ": " + e.Cause
	}
	return msg + "; the end of its output:\n" + e.Output
}

func (e *BuildError) Unwrap() error { return e.Err }

// Hint says what to do about the most usual causes.
func (e *BuildError) Hint() string {
	for _, c := range causes() {
		if strings.Contains(e.Cause, c.text) {
			return c.hint
		}
	}
	return "try again; `ipclab doctor` looks for what is missing"
}

// cause is a piece of a build's output that tells why it failed.
type cause struct{ text, hint string }

func causes() []cause {
	room := (&FullError{}).Hint()
	network := "Debian's packages could not be fetched: is there a network? `ipclab image import` needs none"
	account := "this account may not make user namespaces: build once with sudo, or add the account to /etc/subuid and /etc/subgid"
	return []cause{
		{"No space left on device", room}, {"Disk quota exceeded", room}, {"enough free space", room},
		{"Could not resolve", network}, {"Failed to fetch", network}, {"Unable to connect", network},
		{"Temporary failure", network}, {"unshare", account}, {"uidmap", account},
	}
}

// findCause tells whether a line names a known cause.
func findCause(line string) bool {
	return slices.ContainsFunc(causes(), func(c cause) bool { return strings.Contains(line, c.text) })
}

func (s *stage) arguments(packages []string) []string {
	return []string{
		"--mode=" + mode(), "--variant=minbase", "--include=" + strings.Join(packages, ","),
		"--format=null", "--aptopt=Acquire::Languages \"none\"", "--aptopt=Acquire::Retries \"3\"",
		"--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-exclude=/usr/share/info/*",
		"--setup-hook=mkdir -p \"$1/etc/initramfs-tools/conf.d\" && printf 'MODULES=list\\n' >\"$1/etc/initramfs-tools/conf.d/ipclab\" && printf 'virtio_pci\\nvirtio_blk\\n' >\"$1/etc/initramfs-tools/modules\"",
		"--customize-hook=" + s.path("hook") + " \"$1\"",
		release, "-",
	}
}

// readPackages reads a list with comments.
func readPackages(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var packages []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			packages = append(packages, line)
		}
	}
	return packages, nil
}

// milestones are lines of mmdebstrap's, with the part of the whole work that
// was done by then where it was measured.
func milestones() []struct {
	text string
	part float64
} {
	return []struct {
		text string
		part float64
	}{
		{"running apt-get update", 0.005}, {"downloading packages with apt", 0.03},
		{"extracting archives", 0.04}, {"installing essential", 0.17},
		{"installing remaining packages", 0.27}, {"running --customize-hook", 0.75},
		{"cleaning", 0.93},
	}
}

// follow reads a build's output to its end and tells how far it is. It gives
// the first line that may be the cause of a failure.
func follow(in io.Reader, progress Progress) (cause string) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if cause == "" && findCause(lines.Text()) {
			cause = strings.TrimSpace(lines.Text())
		}
		for _, m := range milestones() {
			if strings.Contains(lines.Text(), m.text) {
				progress.Done(m.part)
			}
		}
	}
	io.Copy(io.Discard, in) // a line too long: keep the pipe empty all the same
	return cause
}

// label labels the file system image as the build's listing says.
func (i *Image) label(ctx context.Context, s *stage) error {
	root, err := os.ReadFile(s.out("root"))
	if err != nil {
		return err
	}
	listing, err := os.Open(s.out("labels"))
	if err != nil {
		return err
	}
	defer listing.Close()
	return label(ctx, i.Disk(), strings.TrimSpace(string(root)), listing)
}

// collect copies what the stage made.
func (i *Image) collect(s *stage) error {
	for _, name := range fileNames() {
		if err := sparse.Copy(i.path(name), s.out(name)); err != nil {
			return err
		}
	}
	kernel, err := os.ReadFile(s.out("release"))
	if err != nil {
		return err
	}
	packages, err := os.ReadFile(i.path(packagesName))
	i.Kernel, i.Packages = strings.TrimSpace(string(kernel)), bytes.Count(packages, []byte("\n"))
	return err
}

// copyTree writes a file system's files into a directory, for all to read
// whatever our umask says.
func copyTree(dir string, fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return errors.Join(os.MkdirAll(target, 0o755), os.Chmod(target, 0o755))
		}
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		return errors.Join(os.WriteFile(target, data, 0o755), os.Chmod(target, 0o755))
	})
}

// lastLines keeps the end of a build's output.
type lastLines struct{ data []byte }

func (l *lastLines) Write(p []byte) (int, error) {
	l.data = append(l.data, p...)
	if len(l.data) > 1500 {
		l.data = l.data[len(l.data)-1500:]
	}
	return len(p), nil
}

func (l *lastLines) String() string { return strings.TrimSpace(string(l.data)) }
