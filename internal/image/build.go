package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
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
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' >"$OUT/packages"
cp "$root"/boot/vmlinuz-* "$OUT/vmlinuz"
cp "$root"/boot/initrd.img-* "$OUT/initrd"
basename "$root"/boot/vmlinuz-* | sed 's/^vmlinuz-//' >"$OUT/release"
cp "$root/usr/lib/ipclab/flat.cil" "$OUT/flat.cil"
cp "$root/usr/lib/ipclab/ipclab.cil" "$OUT/base.cil"
# /proc, /sys and parts of /dev are mounted in the root; a plain bind mount of it
# shows what lies below them.
plain=$OUT/plain
mkdir "$plain"
mount --bind "$root" "$plain"
echo "$plain" >"$OUT/root"
setfiles -n -v -r "$plain" -m "$plain/etc/selinux/default/contexts/files/file_contexts" "$plain" >"$OUT/labels" 2>&1
mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$plain" "$OUT/root.img" 2G
umount "$plain"
rmdir "$plain"
chmod 0644 "$OUT"/*
`

// build makes the image from Debian's packages.
func (i *Image) build(ctx context.Context, recipe fs.FS, progress Progress) error {
	if err := needTools(); err != nil {
		return err
	}
	stage, err := newStage(recipe)
	if err != nil {
		return err
	}
	defer stage.remove()
	progress.Step("building Debian 12 with SELinux (once; about 2 minutes, most of it packages)")
	if err := stage.run(ctx, progress); err != nil {
		return err
	}
	progress.Step("labelling files")
	if err := stage.label(ctx); err != nil {
		return err
	}
	return i.collect(stage)
}

// MissingToolError names a program that is needed to build an image.
type MissingToolError struct{ Tool, Package string }

func (e *MissingToolError) Error() string { return e.Tool + ", which builds the image, was not found" }

// Hint names the package.
func (e *MissingToolError) Hint() string {
	return "sudo apt-get install " + e.Package + "; or carry a ready image over with `ipclab image import`"
}

// Tools are the programs that a build runs, and Debian's packages of them.
func Tools() map[string]string {
	return map[string]string{
		"mmdebstrap": "mmdebstrap", "setfiles": "policycoreutils",
		"mke2fs": "e2fsprogs", "debugfs": "e2fsprogs",
	}
}

func needTools() error {
	for tool, pkg := range Tools() {
		if _, err := exec.LookPath(tool); err != nil {
			return &MissingToolError{tool, pkg}
		}
	}
	if os.Geteuid() != 0 {
		if _, err := exec.LookPath("newuidmap"); err != nil {
			return &MissingToolError{"newuidmap", "uidmap"}
		}
	}
	return nil
}

// stage is the directory that a build works in. It is not in the cache: the
// root of a user namespace is somebody else, who must be able to reach it and
// to write into its folder "out".
type stage struct{ dir string }

func newStage(recipe fs.FS) (*stage, error) {
	dir, err := os.MkdirTemp("/var/tmp", "ipclab-image-")
	if err != nil {
		return nil, err
	}
	s := &stage{dir}
	err = errors.Join(
		os.Chmod(dir, 0o755),
		os.Mkdir(s.path("out"), 0o755), os.Chmod(s.path("out"), 0o777),
		os.Mkdir(s.path("tmp"), 0o755), os.Chmod(s.path("tmp"), 0o777),
		copyTree(s.path("recipe"), recipe),
		os.WriteFile(s.path("hook"), []byte(hook), 0o755),
	)
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) remove() { removeAll(s.dir) }

// run runs mmdebstrap. Its own output folder is thrown away; the hook has made
// the file system image by then.
func (s *stage) run(ctx context.Context, progress Progress) error {
	packages, err := readPackages(s.path("recipe/packages.txt"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", s.arguments(packages)...)
	cmd.Env = append(os.Environ(), "OUT="+s.path("out"), "RECIPE="+s.path("recipe"), "TMPDIR="+s.path("tmp"),
		"LC_ALL=C", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	var diag lastLines
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("mmdebstrap: %w", err)
	}
	follow(io.TeeReader(pipe, &diag), progress)
	if err := cmd.Wait(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return &BuildError{Err: err, Output: diag.String()}
	}
	return nil
}

// BuildError says that building the image failed, with the end of what the
// build printed.
type BuildError struct {
	Err    error
	Output string
}

func (e *BuildError) Error() string {
	return "building the image failed (" + e.Err.Error() + "); the end of its output:\n" + e.Output
}

func (e *BuildError) Unwrap() error { return e.Err }

// Hint guesses the most usual causes.
func (e *BuildError) Hint() string {
	switch {
	case strings.Contains(e.Output, "No space left on device"):
		return "the disk is full: a build needs 3 GB in /var/tmp and 1 GB in the cache"
	case strings.Contains(e.Output, "Could not resolve"), strings.Contains(e.Output, "Failed to fetch"),
		strings.Contains(e.Output, "Unable to connect"), strings.Contains(e.Output, "Temporary failure"):
		return "Debian's packages could not be fetched: is there a network? `ipclab image import` needs none"
	case strings.Contains(e.Output, "unshare"), strings.Contains(e.Output, "newuidmap"):
		return "this account may not make user namespaces: build once with sudo, or add the account to /etc/subuid and /etc/subgid"
	}
	return "try again; `ipclab doctor` looks for what is missing"
}

func (s *stage) arguments(packages []string) []string {
	mode := "root"
	if os.Geteuid() != 0 {
		mode = "unshare"
	}
	return []string{
		"--mode=" + mode, "--variant=minbase", "--include=" + strings.Join(packages, ","),
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
		{"running apt-get update", 0.02}, {"downloading packages with apt", 0.05},
		{"extracting archives", 0.10}, {"installing essential", 0.15},
		{"installing remaining packages", 0.25}, {"Setting up gcc", 0.60},
		{"Setting up selinux-policy-default", 0.65}, {"running --customize-hook", 0.85},
		{"cleaning", 0.97},
	}
}

// follow reads a build's output to its end and tells how far it is.
func follow(in io.Reader, progress Progress) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		for _, m := range milestones() {
			if strings.Contains(lines.Text(), m.text) {
				progress.Done(m.part)
			}
		}
	}
	io.Copy(io.Discard, in) // a line too long: keep the pipe empty all the same
}

// label labels the file system image.
func (s *stage) label(ctx context.Context) error {
	root, err := os.ReadFile(s.path("out/root"))
	if err != nil {
		return err
	}
	listing, err := os.Open(s.path("out/labels"))
	if err != nil {
		return err
	}
	defer listing.Close()
	disk := s.path("disk.img") // out/root.img may be another user's
	if err := copyFile(disk, s.path("out/root.img")); err != nil {
		return err
	}
	return label(ctx, disk, strings.TrimSpace(string(root)), listing)
}

// collect copies what the stage made.
func (i *Image) collect(s *stage) error {
	if err := copyFile(i.path(diskName), s.path("disk.img")); err != nil {
		return err
	}
	for _, name := range []string{kernelName, initrdName, flatName, baseName, packagesName} {
		if err := copyFile(i.path(name), s.path("out/"+name)); err != nil {
			return err
		}
	}
	kernel, err := os.ReadFile(s.path("out/release"))
	if err != nil {
		return err
	}
	packages, err := os.ReadFile(i.path(packagesName))
	i.Kernel, i.Packages = strings.TrimSpace(string(kernel)), bytes.Count(packages, []byte("\n"))
	return err
}

// copyTree writes a file system's files into a directory.
func copyTree(dir string, fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o755)
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
