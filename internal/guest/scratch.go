package guest

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/selinux/go-selinux"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// scratch is a directory that gets a file system of its own, in memory. Where
// student code may write there are limits on bytes and on files: it can neither
// fill the disk nor leave so much that removing it takes longer than anybody
// waits. What the agent writes stands apart from it, and always has room.
type scratch struct {
	path, mode, label string
	megabytes, files  int
}

// scratches are mounted in this order.
func scratches() []scratch {
	return []scratch{
		{path: "/tmp", mode: "1777", label: "tmp_t", megabytes: 48, files: 2000},
		{path: "/var/tmp", mode: "1777", label: "tmp_t", megabytes: 16, files: 1000},
		{path: "/dev/shm", mode: "1777", label: "tmpfs_t", megabytes: 48, files: 2000},
		{path: "/run/ipclab", mode: "0755", label: "ipclab_run_t", megabytes: 32, files: 2000},
		{path: "/lab", mode: "0755", label: "ipclab_lab_t", megabytes: 96, files: 3000},
		{path: "/lab/src", mode: "0755", label: "ipclab_src_t", megabytes: 64, files: 20000},
		{path: "/lab/bin", mode: "0755", label: "ipclab_bin_t", megabytes: 128, files: 1000},
	}
}

// homes are the directories that the file system of /lab begins with.
func homes() []api.Directory {
	return []api.Directory{
		{Path: homeDir, Owner: "student", Mode: "0750", Type: "ipclab_home_t"},
		{Path: buildDir, Owner: "student", Mode: "0750", Type: "ipclab_home_t"},
		{Path: "/lab/alice", Owner: "alice", Mode: "0700", Type: "ipclab_home_t"},
		{Path: "/lab/bob", Owner: "bob", Mode: "0700", Type: "ipclab_home_t"},
		{Path: "/lab/carol", Owner: "carol", Mode: "0700", Type: "ipclab_home_t"},
	}
}

// MountScratch mounts what student code may write to. After an agent's restart
// it is there already.
func MountScratch() error {
	var st unix.Statfs_t
	if err := unix.Statfs("/lab", &st); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	if st.Type == unix.TMPFS_MAGIC {
		return nil
	}
	dotfiles, err := readDotfiles()
	if err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	for _, s := range scratches() {
		if err := s.mount(); err != nil {
			return err
		}
	}
	for _, d := range homes() {
		if err := remake(d); err != nil {
			return err
		}
	}
	return writeDotfiles(dotfiles)
}

// mount leaves nosuid out: with it a program could not be started in another
// domain than the agent's (process2 { nosuid_transition }).
func (s scratch) mount() error {
	if err := os.MkdirAll(s.path, 0o755); err != nil {
		return fmt.Errorf("scratch: %w", err)
	}
	options := fmt.Sprintf("size=%dm,nr_inodes=%d,mode=%s,rootcontext="+objectContext, s.megabytes, s.files, s.mode, s.label)
	if err := unix.Mount("tmpfs", s.path, "tmpfs", unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("scratch: mount %s: %w", s.path, err)
	}
	return nil
}

// readDotfiles reads what the image has put into the student's home.
func readDotfiles() ([]api.File, error) {
	entries, err := os.ReadDir(homeDir)
	if err != nil {
		return nil, err
	}
	var files []api.File
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(homeDir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, api.File{Path: e.Name(), Data: data})
	}
	return files, nil
}

func writeDotfiles(files []api.File) error {
	student, err := lookUp(LoginStudent)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(homeDir, f.Path)
		err := os.WriteFile(path, f.Data, 0o644)
		if err == nil {
			err = os.Chown(path, int(student.uid), int(student.gid))
		}
		if err == nil {
			err = selinux.LsetFileLabel(path, fmt.Sprintf(objectContext, "ipclab_home_t"))
		}
		if err != nil {
			return fmt.Errorf("scratch: %w", err)
		}
	}
	return nil
}
