package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"ipclab/internal/sparse"
)

// export exports an image into a new folder.
func export(t *testing.T, i *Image) Archive {
	t.Helper()
	a, err := i.Export(context.Background(), filepath.Join(t.TempDir(), "image.tar.zst"), false, Silent{})
	must(t, err)
	return a
}

// elsewhere is an empty cache of the same ipclab.
func elsewhere(t *testing.T, c Cache) Cache {
	t.Helper()
	c.Dir = filepath.Join(t.TempDir(), "images")
	return c
}

func TestExportImport(t *testing.T) {
	c := fakeCache(t)
	from := fakeImage(t, c)
	a := export(t, from)
	if sum, err := sumFile(a.Path); err != nil || sum != a.SHA256 {
		t.Errorf("the archive's checksum is %s, %v; told: %s", sum, err, a.SHA256)
	}
	if got, want := read(t, a.Path+".sha256"), a.SHA256+"  image.tar.zst\n"; got != want {
		t.Errorf("checksum file: %q, want %q", got, want)
	}
	if got := names(t, filepath.Dir(a.Path)); len(got) != 2 {
		t.Errorf("left beside the archive: %v", got)
	}
	there := elsewhere(t, c)
	i, err := there.Import(context.Background(), a.Path, Silent{})
	must(t, err)
	found, err := there.Find()
	must(t, errors.Join(err, found.Verify()))
	if found.Dir != i.Dir || found.Kernel != from.Kernel || found.Packages != from.Packages || !found.Built.Equal(from.Built) {
		t.Errorf("imported %+v from %+v", found, from)
	}
	for _, name := range fileNames() {
		if read(t, found.path(name)) != read(t, from.path(name)) {
			t.Errorf("%s differs", name)
		}
		info, err := os.Stat(found.path(name))
		must(t, err)
		if !info.ModTime().Equal(found.Files[name].Modified) {
			t.Errorf("%s will be read whole at every start: its time is not the one noted", name)
		}
	}
	if was, is := sparse.Allocated(from.Disk()), sparse.Allocated(found.Disk()); is > was {
		t.Errorf("the imported disk takes %d bytes, the exported %d", is, was)
	}
}

func TestImportReplacesADamagedImage(t *testing.T) {
	c := fakeCache(t)
	i := fakeImage(t, c)
	a := export(t, i)
	must(t, os.Truncate(i.Disk(), 1))
	_, err := c.Import(context.Background(), a.Path, Silent{})
	must(t, err)
	_, err = c.Find()
	must(t, err)
}

func TestExportDoesNotOverwrite(t *testing.T) {
	i := fakeImage(t, fakeCache(t))
	for _, name := range []string{"x", "x.sha256"} {
		path := filepath.Join(t.TempDir(), "x")
		there := filepath.Join(filepath.Dir(path), name)
		write(t, there, "mine")
		var exists *ExistsError
		if _, err := i.Export(context.Background(), path, false, Silent{}); !errors.As(err, &exists) || exists.Path != there {
			t.Errorf("with %s there: %v", name, err)
		}
		if read(t, there) != "mine" {
			t.Errorf("%s was overwritten", name)
		}
		a, err := i.Export(context.Background(), path, true, Silent{})
		must(t, err)
		if !strings.HasPrefix(read(t, sumName(path)), a.SHA256) {
			t.Error("the checksum is of something else")
		}
	}
}

func TestExportNoticesDamage(t *testing.T) {
	i := fakeImage(t, fakeCache(t))
	write(t, i.FlatPolicy(), strings.Repeat("x", int(i.Files[flatName].Size)))
	path := filepath.Join(t.TempDir(), "x")
	var damaged *DamagedError
	if _, err := i.Export(context.Background(), path, false, Silent{}); !errors.As(err, &damaged) {
		t.Errorf("Export: %v", err)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestExportInterrupted(t *testing.T) {
	i := fakeImage(t, fakeCache(t))
	path := filepath.Join(t.TempDir(), "x")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := i.Export(ctx, path, false, Silent{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Export: %v", err)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// An export that was killed leaves a file that the next one overwrites; one at
// work is left in peace.
func TestExportAfterAKilledOne(t *testing.T) {
	i := fakeImage(t, fakeCache(t))
	path := filepath.Join(t.TempDir(), "x")
	part, err := openPart(path)
	must(t, err)
	_, err = part.WriteString(strings.Repeat("long", 1<<18))
	must(t, err)
	var busy *BusyError
	if _, err := i.Export(context.Background(), path, false, Silent{}); !errors.As(err, &busy) {
		t.Errorf("Export beside another: %v", err)
	}
	part.Close()
	a, err := i.Export(context.Background(), path, false, Silent{})
	must(t, err)
	if info, err := os.Stat(path); err != nil || info.Size() != a.Size {
		t.Errorf("%v, %v; told: %d bytes", info, err, a.Size)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
}

// smallDisk mounts a file system of the given size, as root.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk can be mounted by root only: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestExportToAFullDisk(t *testing.T) {
	i := fakeImage(t, fakeCache(t))
	path := filepath.Join(smallDisk(t, "16k"), "x")
	f, err := os.OpenFile(i.Initrd(), os.O_WRONLY, 0)
	must(t, err)
	_, err = io.Copy(f, io.LimitReader(noise{}, 1<<20))
	must(t, errors.Join(err, f.Close(), i.describe()))
	var fullErr *FullError
	if _, err := i.Export(context.Background(), path, false, Silent{}); !errors.As(err, &fullErr) || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Export: %v", err)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// noise cannot be compressed.
type noise struct{}

func (noise) Read(p []byte) (int, error) {
	x := uint32(2463534242)
	for k := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[k] = byte(x)
	}
	return len(p), nil
}

func TestImportToAFullDisk(t *testing.T) {
	c := fakeCache(t)
	a := export(t, fakeImage(t, c))
	c.Dir = filepath.Join(smallDisk(t, "1m"), "images")
	var fullErr *FullError
	if _, err := c.Import(context.Background(), a.Path, Silent{}); !errors.As(err, &fullErr) || fullErr.Need != CacheRoom {
		t.Errorf("Import: %v", err)
	}
	// and when the room goes while it is written
	u := unpacker{dir: smallDisk(t, "8k"), path: a.Path, progress: Silent{}, want: wantedBy(t, c)}
	_, err := u.unpack(bytes.NewReader(unzstd(t, a.Path)))
	if err := full(c.Dir, u.explain(err)); !errors.As(err, &fullErr) || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("unpack: %v", err)
	}
}

func wantedBy(t *testing.T, c Cache) want {
	t.Helper()
	w, err := c.wanted()
	must(t, err)
	return w
}

func unzstd(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	in, err := zstd.NewReader(f)
	must(t, err)
	defer in.Close()
	data, err := io.ReadAll(in)
	must(t, err)
	return data
}

// entry is one entry of a tar file, to be tampered with.
type entry struct {
	header tar.Header
	data   []byte
}

func entries(t *testing.T, data []byte) []entry {
	t.Helper()
	in := tar.NewReader(bytes.NewReader(data))
	var all []entry
	for {
		h, err := in.Next()
		if err == io.EOF {
			return all
		}
		must(t, err)
		content, err := io.ReadAll(in)
		must(t, err)
		all = append(all, entry{tar.Header{Typeflag: h.Typeflag, Name: h.Name, Size: h.Size, Mode: h.Mode}, content})
	}
}

func pack(t *testing.T, all []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	to := tar.NewWriter(&out)
	for _, e := range all {
		if e.header.Typeflag == tar.TypeReg {
			e.header.Size = int64(len(e.data))
		}
		must(t, to.WriteHeader(&e.header))
		_, err := to.Write(e.data)
		must(t, err)
	}
	must(t, to.Close())
	return out.Bytes()
}

// withMeta changes image.json in an archive.
func withMeta(t *testing.T, all []entry, change func(*Image)) []entry {
	t.Helper()
	i := &Image{}
	must(t, json.Unmarshal(all[0].data, i))
	change(i)
	data, err := json.Marshal(i)
	must(t, err)
	all[0].data = data
	return all
}

func TestImportRefuses(t *testing.T) {
	rename := func(n int, name string) func(*testing.T, []entry) []entry {
		return func(_ *testing.T, e []entry) []entry { e[n].header.Name = name; return e }
	}
	link := func(kind byte) func(*testing.T, []entry) []entry {
		return func(_ *testing.T, e []entry) []entry {
			e[2] = entry{header: tar.Header{Typeflag: kind, Name: kernelName, Linkname: "/etc/passwd"}}
			return e
		}
	}
	meta := func(change func(*Image)) func(*testing.T, []entry) []entry {
		return func(t *testing.T, e []entry) []entry { return withMeta(t, e, change) }
	}
	for name, tt := range map[string]struct {
		change func(*testing.T, []entry) []entry
		what   string
	}{
		"path upwards":      {rename(2, "../vmlinuz"), `"../vmlinuz" is there`},
		"absolute path":     {rename(2, "/etc/cron.d/x"), `"/etc/cron.d/x" is there`},
		"folder in a path":  {rename(2, "./vmlinuz"), "is there"},
		"unknown name":      {rename(6, ".bashrc"), `".bashrc" is there`},
		"a symbolic link":   {link(tar.TypeSymlink), "is there"},
		"a hard link":       {link(tar.TypeLink), "is there"},
		"a device":          {link(tar.TypeChar), "is there"},
		"a folder":          {link(tar.TypeDir), "is there"},
		"other order":       {func(_ *testing.T, e []entry) []entry { e[2], e[3] = e[3], e[2]; return e }, "is there"},
		"twice":             {func(_ *testing.T, e []entry) []entry { return append(e, e[6]) }, "more in it"},
		"one missing":       {func(_ *testing.T, e []entry) []entry { return e[:6] }, "ends too early"},
		"no image.json":     {func(_ *testing.T, e []entry) []entry { return e[1:] }, "image.json should be"},
		"long image.json":   {func(_ *testing.T, e []entry) []entry { e[0].data = make([]byte, maxMeta+1); return e }, "at most"},
		"broken image.json": {func(_ *testing.T, e []entry) []entry { e[0].data = []byte("{"); return e }, "image.json: "},
		"changed file":      {func(_ *testing.T, e []entry) []entry { e[3].data[0]++; return e }, "initrd does not match"},
		"changed disk":      {func(_ *testing.T, e []entry) []entry { e[1].data[diskSize-1]++; return e }, "root.img does not match"},
		"longer file":       {func(_ *testing.T, e []entry) []entry { e[3].data = append(e[3].data, 0); return e }, "at most"},
		"shorter file":      {func(_ *testing.T, e []entry) []entry { e[3].data = e[3].data[1:]; return e }, "not 2100"},
		"no checksum": {meta(func(i *Image) {
			i.Files[initrdName] = File{Size: i.Files[initrdName].Size}
		}), "no checksum of"},
		"unknown file": {meta(func(i *Image) {
			i.Files["/etc/passwd"] = i.Files[initrdName]
			delete(i.Files, initrdName)
		}), "does not name initrd"},
		"huge sizes": {meta(func(i *Image) {
			for name, f := range i.Files {
				f.Size = 1 << 60
				i.Files[name] = f
			}
		}), "bytes, not 1152921504606846976"},
		"other key":    {meta(func(i *Image) { i.Key = "../../x" }), "made by another version"},
		"other format": {meta(func(i *Image) { i.Format++ }), "made by another version"},
	} {
		t.Run(name, func(t *testing.T) {
			c := fakeCache(t)
			a := export(t, fakeImage(t, c))
			data := pack(t, tt.change(t, entries(t, unzstd(t, a.Path))))
			refused(t, elsewhere(t, c), zstdFile(t, data), tt.what)
		})
	}
}

func zstdFile(t *testing.T, data []byte) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	path := filepath.Join(t.TempDir(), "x")
	must(t, os.WriteFile(path, w.EncodeAll(data, nil), 0o644))
	return path
}

// refused imports and wants an error with a hint, and nothing left behind.
func refused(t *testing.T, c Cache, path, what string) {
	t.Helper()
	_, err := c.Import(context.Background(), path, Silent{})
	if err == nil || !strings.Contains(err.Error(), what) {
		t.Errorf("Import: %v; want %q", err, what)
	}
	var hint interface{ Hint() string }
	if !errors.As(err, &hint) || hint.Hint() == "" {
		t.Errorf("%v (%T) has no hint", err, err)
	}
	if _, statErr := os.Stat(c.Dir); absent(statErr) {
		return
	}
	if got := names(t, c.Dir); len(got) > 1 || (len(got) == 1 && got[0] != ".lock") {
		t.Errorf("left in the cache: %v", got)
	}
}

func TestImportRefusesWhatIsNoArchive(t *testing.T) {
	c := fakeCache(t)
	whole := []byte(read(t, export(t, fakeImage(t, c)).Path))
	changed := slices.Clone(whole)
	changed[len(changed)-2]++ // in zstd's own checksum
	for name, tt := range map[string]struct {
		data []byte
		what string
	}{
		"empty":          {nil, "ends too early"},
		"text":           {[]byte(strings.Repeat("hello\n", 1000)), "no archive"},
		"tar only":       {[]byte("image.json" + strings.Repeat("\x00", 1024)), "no archive"},
		"cut":            {whole[:len(whole)/2], "ends too early"},
		"cut at the end": {whole[:len(whole)-1], "ends too early"},
		"damaged":        {changed, ""},
		"another after":  {slices.Concat(whole, whole), "more in it"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			must(t, os.WriteFile(path, tt.data, 0o644))
			refused(t, elsewhere(t, c), path, tt.what)
		})
	}
}

func TestImportComparesTheChecksumBeside(t *testing.T) {
	c := fakeCache(t)
	a := export(t, fakeImage(t, c))
	for name, tt := range map[string]struct{ sum, what string }{
		"other":    {strings.Repeat("0", 64) + "  image.tar.zst\n", "does not match the checksum"},
		"no sum":   {"hello\n", "no SHA-256"},
		"empty":    {"", "no SHA-256"},
		"too long": {a.SHA256 + "00  x\n", "no SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, sumName(a.Path), tt.sum)
			refused(t, elsewhere(t, c), a.Path, tt.what)
		})
	}
	must(t, os.Remove(sumName(a.Path)))
	if _, err := elsewhere(t, c).Import(context.Background(), a.Path, Silent{}); err != nil {
		t.Errorf("without a checksum beside it: %v", err)
	}
}

func TestImportNamesBothVersions(t *testing.T) {
	c := fakeCache(t)
	i := fakeImage(t, c)
	a := export(t, i)
	write(t, c.Agent, "agent 2")
	there := elsewhere(t, c)
	_, err := there.Import(context.Background(), a.Path, Silent{})
	var version *VersionError
	if !errors.As(err, &version) || !strings.Contains(version.Have, i.Key) || version.Want != wantedBy(t, there).key {
		t.Errorf("Import: %v", err)
	}
}

func TestImportInterrupted(t *testing.T) {
	c := fakeCache(t)
	a := export(t, fakeImage(t, c))
	must(t, os.Remove(sumName(a.Path)))
	ctx, cancel := context.WithCancel(context.Background())
	r := stepper{cancel}
	there := elsewhere(t, c)
	if _, err := there.Import(ctx, a.Path, r); !errors.Is(err, context.Canceled) {
		t.Errorf("Import: %v", err)
	}
	if got := names(t, there.Dir); !slices.Equal(got, []string{".lock"}) {
		t.Errorf("left in the cache: %v", got)
	}
}

// stepper ends the work at its first step.
type stepper struct{ end func() }

func (s stepper) Step(string) { s.end() }
func (stepper) Note(string)   {}
func (stepper) Finish()       {}
func (stepper) Done(float64)  {}

func TestSparseReaderGivesTheFile(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int64{"empty": 0, "hole": 1 << 20, "odd": 3*block + 5} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			write(t, path, "")
			must(t, os.Truncate(path, size))
			same(t, path)
			if size > 0 {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				must(t, err)
				_, err = f.WriteAt([]byte("end"), size-3)
				must(t, errors.Join(err, f.Close()))
				same(t, path)
			}
		})
	}
}

func same(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	got, err := io.ReadAll(&sparseReader{file: f})
	must(t, err)
	if string(got) != read(t, path) {
		t.Errorf("%s: %d bytes, not the file's", path, len(got))
	}
	copied := path + ".copy"
	must(t, writeSparse(copied, bytes.NewReader(got), int64(len(got))))
	if read(t, copied) != read(t, path) {
		t.Errorf("%s: the copy differs", path)
	}
	must(t, os.Remove(copied))
}

// Whatever an archive says, nothing is written but the image's own files, and
// an image that is taken is whole.
func FuzzUnpack(f *testing.F) {
	meta := func(sum string) []byte {
		i := &Image{Key: "k", Format: formatVersion, Files: map[string]File{}}
		for _, name := range fileNames() {
			i.Files[name] = File{SHA256: sum, Size: 3}
		}
		data, _ := json.Marshal(i)
		return data
	}
	seed := func(first []byte, names ...string) {
		var out bytes.Buffer
		to := tar.NewWriter(&out)
		to.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: metaName, Size: int64(len(first)), Mode: 0o644})
		to.Write(first)
		for _, name := range names {
			to.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 3, Mode: 0o644})
			to.Write([]byte("abc"))
		}
		to.Close()
		f.Add(out.Bytes())
	}
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	seed(meta(abc), fileNames()...)
	seed(meta(abc[2:]+"00"), fileNames()...)
	seed(meta(abc), "../../x", "/tmp/x")
	seed([]byte("{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "a", "b")
		must(t, os.MkdirAll(dir, 0o755))
		u := unpacker{dir: dir, want: want{key: "k"}, path: "x", progress: Silent{}}
		i, err := u.unpack(bytes.NewReader(data))
		if err == nil {
			must(t, i.Verify())
		} else if u.explain(err).Error() == "" {
			t.Error("an error without words")
		}
		for _, name := range names(t, dir) {
			if !slices.Contains(fileNames(), name) {
				t.Errorf("wrote %q", name)
			}
		}
		if got := append(names(t, parent), names(t, filepath.Join(parent, "a"))...); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("wrote outside: %v", got)
		}
	})
}
