package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"ipclab/internal/draft"
	"ipclab/internal/sparse"
)

// Names of an image's files.
const (
	diskName     = "root.img"
	kernelName   = "vmlinuz"
	initrdName   = "initrd"
	flatName     = "flat.cil"
	baseName     = "base.cil"
	packagesName = "packages"
	metaName     = "image.json"
)

// fileNames are the files that every image has, beside image.json.
func fileNames() []string {
	return []string{diskName, kernelName, initrdName, flatName, baseName, packagesName}
}

// formatVersion counts changes to this package that make old images unusable.
const formatVersion = 1

// Image is a ready image.
type Image struct {
	Dir      string          `json:"-"`
	Key      string          `json:"key"`    // digest of all that went into it
	Recipe   string          `json:"recipe"` // digest of the recipe alone
	Format   int             `json:"format"`
	Built    time.Time       `json:"built"`
	Kernel   string          `json:"kernel"` // release, such as 6.1.0-56-cloud-amd64
	Packages int             `json:"packages"`
	Files    map[string]File `json:"files"`
}

// File is what is known of one file of an image.
type File struct {
	SHA256   string    `json:"sha256"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"` // a file that still has it is taken for unchanged
}

// DamagedError says that a cached image is not what it was when it was made.
type DamagedError struct {
	Dir, What string
}

func (e *DamagedError) Error() string { return "image " + e.Dir + " is damaged: " + e.What }

// Hint says what to do about it.
func (e *DamagedError) Hint() string { return "`ipclab image build` makes it anew" }

// Disk is the raw root file system.
func (i *Image) Disk() string { return i.path(diskName) }

// KernelFile is the kernel to boot.
func (i *Image) KernelFile() string { return i.path(kernelName) }

// Initrd is its initial ramdisk.
func (i *Image) Initrd() string { return i.path(initrdName) }

// FlatPolicy is Debian's policy in CIL, without ipclab's own module.
func (i *Image) FlatPolicy() string { return i.path(flatName) }

// BasePolicy is ipclab's own module.
func (i *Image) BasePolicy() string { return i.path(baseName) }

// PackageList lists the packages with their versions, one a line.
func (i *Image) PackageList() string { return i.path(packagesName) }

func (i *Image) path(name string) string { return filepath.Join(i.Dir, name) }

// Size is what the image takes of the disk, in bytes.
func (i *Image) Size() int64 {
	var sum int64
	for name := range i.Files {
		sum += sparse.Allocated(i.path(name))
	}
	return sum
}

// open reads the image in dir and looks whether its files are as they were,
// by size and time of change only.
func open(dir string) (*Image, error) {
	data, err := os.ReadFile(filepath.Join(dir, metaName))
	if err != nil {
		return nil, err
	}
	i := &Image{Dir: dir}
	if err := json.Unmarshal(data, i); err != nil {
		return nil, &DamagedError{dir, metaName + ": " + err.Error()}
	}
	for _, name := range fileNames() {
		want, ok := i.Files[name]
		info, err := os.Stat(i.path(name))
		if err != nil || !ok {
			return nil, &DamagedError{dir, name + " is missing"}
		}
		if info.Size() != want.Size {
			return nil, &DamagedError{dir, fmt.Sprintf("%s has %d bytes, not %d", name, info.Size(), want.Size)}
		}
		if !info.ModTime().Equal(want.Modified) {
			return i, i.verifyFile(name)
		}
	}
	return i, nil
}

// Verify compares every file with its checksum.
func (i *Image) Verify() error {
	for _, name := range fileNames() {
		if err := i.verifyFile(name); err != nil {
			return err
		}
	}
	return nil
}

func (i *Image) verifyFile(name string) error {
	sum, err := sumFile(i.path(name))
	if err != nil {
		return &DamagedError{i.Dir, err.Error()}
	}
	if sum != i.Files[name].SHA256 {
		return &DamagedError{i.Dir, name + " does not match its checksum"}
	}
	return nil
}

// describe fills in the checksums.
func (i *Image) describe() error {
	i.Files = map[string]File{}
	for _, name := range fileNames() {
		info, err := os.Stat(i.path(name))
		if err != nil {
			return err
		}
		sum, err := sumFile(i.path(name))
		if err != nil {
			return err
		}
		i.Files[name] = File{SHA256: sum, Size: info.Size(), Modified: info.ModTime()}
	}
	return nil
}

// write writes image.json, last of all files.
func (i *Image) write() error {
	return draft.WriteJSON(i.path(metaName), i, 0o644, draft.Derived)
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sumTree is a digest of the names, modes and contents of a tree's files.
func sumTree(fsys fs.FS) (string, error) {
	h := sha256.New()
	var names []string
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".go") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	sort.Strings(names)
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// absent tells whether err says only that nothing is there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// DiskDigest tells disks apart, also of two builds of one recipe: packages move
// on, and what lies over one disk is worth nothing over another.
func (i *Image) DiskDigest() string { return i.Files[diskName].SHA256 }

// FlatDigest tells flattened policies apart.
func (i *Image) FlatDigest() string { return i.Files[flatName].SHA256 }
