package intake

import (
	"archive/tar"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"ipclab/grader"
	"ipclab/internal/workspace"
)

// Whatever way the solution is handed in, the same workspace comes out.
func TestOpenTakesEveryForm(t *testing.T) {
	l := fifo(t)
	want, err := workspace.FromFS(l.Solution())
	must(t, err)
	bare, in := solution(t, l, ""), solution(t, l, "fifo-main/")
	deep := solution(t, l, "home/ann/fifo/")
	noise := append(solution(t, l, "fifo/"),
		entry{name: "__MACOSX/fifo/._Makefile", text: "x"}, entry{name: "fifo/.DS_Store", text: "x"}, entry{name: ".DS_Store", text: "x"},
		entry{name: "fifo/.git/config", text: "x"}, entry{name: "fifo/.git/hooks/link", kind: tar.TypeSymlink, link: "/etc"},
		entry{name: "fifo/writer", text: "\x7fELF"}, entry{name: "report.pdf", text: "%PDF"}, entry{name: "fifo/writer.c~", text: "old"})
	windows := solution(t, l, "")
	for i := range windows {
		windows[i].name = `fifo\` + strings.ReplaceAll(windows[i].name, "/", `\`)
	}
	dotted := solution(t, l, "./")
	dotted = append([]entry{{name: "./", kind: tar.TypeDir}}, dotted...)
	for name, data := range map[string][]byte{
		"bare.tar": makeTar(t, bare...), "bare.tar.gz": gzipped(t, makeTar(t, bare...)), "bare.tar.zst": zstded(t, makeTar(t, bare...)),
		"bare.zip": makeZip(t, bare...), "in.tgz": gzipped(t, makeTar(t, in...)), "in.zip": makeZip(t, in...), "deep.zip": makeZip(t, deep...),
		"noise.zip": makeZip(t, noise...), "noise.tar": makeTar(t, noise...), "windows.zip": makeZip(t, windows...),
		"dotted.tar": makeTar(t, dotted...), "no-ending": makeZip(t, bare...), "wrong-ending.zip": makeTar(t, bare...),
		"github.tar.gz": gzipped(t, append(globalHeader(t), makeTar(t, in...)...)),
	} {
		t.Run(name, func(t *testing.T) {
			w, err := Open(t.Context(), submit(t, name, data), l)
			must(t, err)
			if w.Tree.Digest() != want.Digest() || w.Manifest != nil {
				t.Errorf("the files are %v, want %v", w.Tree.Paths(), want.Paths())
			}
		})
	}
}

// globalHeader is what `git archive` puts first, without an end.
func globalHeader(t *testing.T) []byte {
	var b strings.Builder
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "abc"}}))
	must(t, w.Flush())
	return []byte(b.String())
}

func TestOpenFindsTheFolder(t *testing.T) {
	l := fifo(t)
	files := func(under string, n int) []entry { return solution(t, l, under)[:n] } // Makefile, policy, reader.c, writer.c
	all := len(solution(t, l, ""))
	manifest := entry{name: "old/" + ManifestFile, text: `{"schema":"` + ManifestSchema + `","lab":"fifo"}`}
	for _, test := range []struct {
		name    string
		entries []entry
		want    string // what writer.c says, or an error
	}{
		{"a copy in it", append(files("", all), files("old/", all)...), ""},
		{"a folder for each lab", append(files("fifo/", all), files("shm/", all)...), "fifo/"},
		{"a folder for each lab and a Makefile above", append([]entry{{name: "Makefile", text: "all:"}}, append(files("fifo/", all), files("shm/", all)...)...), "fifo/"},
		{"a remnant beside it", append(files("a/", 1), files("b/", all)...), "b/"},
		{"a complete copy below", append(files("", all)[1:], files("old/", all)...), ""},
		{"a manifest decides", append(append(files("", all), files("old/", all)...), manifest), "old/"},
		{"two alike", append(files("a/", all), files("b/", all)...), ErrAmbiguous.Error()},
		{"two alike, deeper", append(files("x/a/", all), files("y/b/", all)...), ErrAmbiguous.Error()},
	} {
		for i := range test.entries {
			if dir, found := strings.CutSuffix(test.entries[i].name, "writer.c"); found {
				test.entries[i].text = dir
			}
		}
		w, err := Open(t.Context(), submit(t, "a.zip", makeZip(t, test.entries...)), l)
		var got string
		if err == nil {
			f, _ := w.Tree.File("writer.c")
			got = string(f.Data)
		} else {
			got = errors.Unwrap(err).Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestOpenKeepsExecutables(t *testing.T) {
	l := fifo(t)
	files := append(solution(t, l, ""), entry{name: "run.sh", text: "#!/bin/sh", exec: true})
	for _, data := range [][]byte{makeTar(t, files...), makeZip(t, files...)} {
		w, err := Open(t.Context(), submit(t, "a.zip", data), l)
		must(t, err)
		run, _ := w.Tree.File("run.sh")
		source, _ := w.Tree.File("writer.c")
		if !run.Exec || source.Exec {
			t.Errorf("run.sh %t, writer.c %t", run.Exec, source.Exec)
		}
	}
}

func TestOpenFolders(t *testing.T) {
	l := fifo(t)
	want, err := workspace.FromFS(l.Solution())
	must(t, err)
	for name, lay := range map[string]func(dir string){
		"bare": func(dir string) { must(t, os.CopyFS(dir, l.Solution())) },
		"git checkout": func(dir string) {
			must(t, os.CopyFS(dir, l.Solution()))
			put(t, dir, map[string]string{".git/config": "x"})
		},
		"built": func(dir string) {
			must(t, os.CopyFS(dir, l.Solution()))
			put(t, dir, map[string]string{"writer": "ELF"})
		},
		"folder in it": func(dir string) { must(t, os.CopyFS(filepath.Join(dir, "fifo-main"), l.Solution())) },
		"archive in it": func(dir string) {
			put(t, dir, map[string]string{"work.zip": string(makeZip(t, solution(t, l, "")...))})
		},
		"something beside": func(dir string) {
			must(t, os.CopyFS(filepath.Join(dir, "x"), l.Solution()))
			put(t, dir, map[string]string{"a.pdf": "x"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			lay(dir)
			w, err := Open(t.Context(), Submission{Path: dir, Source: "ann"}, l)
			must(t, err)
			if w.Tree.Digest() != want.Digest() {
				t.Errorf("the files are %v, want %v", w.Tree.Paths(), want.Paths())
			}
		})
	}
}

// attack is one thing that an archive may try.
type attack struct {
	name string
	data []byte
	want error
	path string // what the error names
}

func attacks(t *testing.T) []attack {
	good := solution(t, fifo(t), "")
	with := func(more ...entry) []entry { return append(slices.Clone(good), more...) }
	var all []attack
	for _, a := range []struct {
		name string
		entry
		want error
	}{
		{"absolute name", entry{name: "/etc/cron.d/x", text: "x"}, ErrAbsolute},
		{"drive letter", entry{name: "C:/x", text: "x"}, ErrAbsolute},
		{"leads out", entry{name: "../../.ssh/authorized_keys", text: "x"}, ErrOutside},
		{"leads out in the middle", entry{name: "a/../../x", text: "x"}, ErrOutside},
		{"leads out of an ignored folder", entry{name: ".git/../../x", text: "x"}, ErrOutside},
		{"leads out and in again", entry{name: "a/../writer.c", text: "x"}, ErrOutside},
		{"link out", entry{name: "out.c", kind: tar.TypeSymlink, link: "/etc/shadow"}, ErrLink},
		{"link in", entry{name: "in.c", kind: tar.TypeSymlink, link: "writer.c"}, ErrLink},
		{"device node", entry{name: "mem", kind: tar.TypeChar}, ErrSpecial},
		{"FIFO", entry{name: "pipe.c", kind: tar.TypeFifo}, ErrSpecial},
		{"broken UTF-8", entry{name: "a\xff.c", text: "x"}, ErrName},
		{"control character", entry{name: "a\x1b[2J.c", text: "x"}, ErrName},
		{"backslash", entry{name: `a/..\..\x.c`, text: "x"}, ErrName},
		{"long name", entry{name: strings.Repeat("n", 300), text: "x"}, ErrName},
		{"long path", entry{name: strings.Repeat("n/", 600) + "x", text: "x"}, ErrName},
		{"deep", entry{name: strings.Repeat("d/", 20) + "x", text: "x"}, ErrTooDeep},
		{"twice", entry{name: "writer.c", text: "int y;"}, ErrTwice},
		{"twice in disguise", entry{name: "./writer.c", text: "int y;"}, ErrTwice},
		{"file and folder", entry{name: "writer.c/x", text: "x"}, ErrTwice},
		{"case collision", entry{name: "WRITER.C", text: "x"}, ErrCase},
		{"case collision of folders", entry{name: "Policy/x.cil", text: "x"}, ErrCase},
		{"big file", entry{name: "big", text: strings.Repeat("x", workspace.DefaultBytes)}, ErrTooBig},
	} {
		files := with(a.entry)
		data := makeTar(t, files...)
		all = append(all, attack{"tar: " + a.name, data, a.want, a.entry.name},
			attack{"tar.gz: " + a.name, gzipped(t, data), a.want, a.entry.name},
			attack{"tar.zst: " + a.name, zstded(t, data), a.want, a.entry.name},
			attack{"zip: " + a.name, makeZip(t, files...), a.want, a.entry.name})
	}
	tarball, zipped := gzipped(t, makeTar(t, good...)), makeZip(t, good...)
	damagedSum := slices.Clone(tarball)
	damagedSum[len(damagedSum)-8] ^= 0xff
	x := []byte("x")
	return append(all,
		attack{"tar: hard link out", makeTar(t, with(entry{name: "h.c", kind: tar.TypeLink, link: "/etc/shadow"})...), ErrLink, "h.c"},
		attack{"zip: backslashes lead out", makeZip(t, with(entry{name: `..\..\x.c`, text: "x"})...), ErrOutside, ""},
		attack{"zip: drive letter with backslash", makeZip(t, with(entry{name: `C:\x.c`, text: "x"})...), ErrAbsolute, ""},
		attack{"0 bytes", nil, ErrEmpty, ""},
		attack{"empty tar", makeTar(t), ErrEmpty, ""},
		attack{"empty tar.gz", gzipped(t, makeTar(t)), ErrEmpty, ""},
		attack{"empty zip", makeZip(t), ErrEmpty, ""},
		attack{"only junk", makeZip(t, entry{name: ".DS_Store", text: "x"}, entry{name: ".git/config", text: "x"}), ErrEmpty, ""},
		attack{"cut off tar", makeTar(t, good...)[:2000], ErrDamaged, ""},
		attack{"cut off tar.gz", tarball[:len(tarball)/2], ErrDamaged, ""},
		attack{"tar.gz without its sum", tarball[:len(tarball)-8], ErrDamaged, ""},
		attack{"tar.gz with a wrong sum", damagedSum, ErrDamaged, ""},
		attack{"cut off tar.zst", zstded(t, makeTar(t, good...))[:500], ErrDamaged, ""},
		attack{"cut off zip", zipped[:len(zipped)-40], ErrDamaged, ""},
		attack{"gzip of no tar", gzipped(t, []byte("int main;")), ErrKind, ""},
		attack{"text", []byte("int main(void) { return 0; }"), ErrKind, ""},
		attack{"rar", []byte("Rar!\x1a\x07\x00xxxxxxxx"), ErrKind, ""},
		attack{"encrypted", encryptedZip(t, good), ErrEncrypted, ""},
		attack{"unknown method", lyingZip([]string{"Makefile"}, 99, x, 1, sumOf(x)), ErrMethod, "Makefile"},
		attack{"zip says less than there is", lyingZip([]string{"Makefile"}, 0, []byte(strings.Repeat("x", 1000)), 10, 0), ErrDamaged, ""},
		attack{"zip says more than there is", lyingZip([]string{"Makefile"}, 0, x, 1000, sumOf(x)), ErrDamaged, ""},
		attack{"zip with a wrong sum", lyingZip([]string{"Makefile"}, 0, x, 1, 12345), ErrDamaged, ""},
		attack{"archives only", makeZip(t, entry{name: "a.zip", text: string(zipped)}, entry{name: "b.zip", text: string(zipped)}), ErrNested, ""},
		attack{"none of the files", makeZip(t, entry{name: "main.c", text: "x"}), ErrNothing, ""},
		attack{"twice the files", makeZip(t, append(solution(t, fifo(t), "a/"), solution(t, fifo(t), "b/")...)...), ErrAmbiguous, ""},
	)
}

// encryptedZip sets the flag that encryption sets, in every header.
func encryptedZip(t *testing.T, entries []entry) []byte {
	data := makeZip(t, entries...)
	for i := range data[:len(data)-46] {
		switch string(data[i : i+4]) {
		case "PK\x01\x02":
			data[i+8] |= 1
		case "PK\x03\x04":
			data[i+6] |= 1
		}
	}
	return data
}

func TestOpenRefusesEveryAttack(t *testing.T) {
	l := fifo(t)
	for _, a := range attacks(t) {
		t.Run(a.name, func(t *testing.T) {
			_, err := Open(t.Context(), submit(t, "ann.zip", a.data), l)
			var e *Error
			if !errors.Is(err, a.want) || !errors.As(err, &e) {
				t.Fatalf("error is %v, want %v", err, a.want)
			}
			if e.Fault != grader.Student || e.Hint() == "" || filepath.Base(e.Source) != "ann.zip" {
				t.Errorf("fault %q, hint %q, source %q", e.Fault, e.Hint(), e.Source)
			}
			if a.path != "" && !strings.HasPrefix(filepath.Clean(a.path), filepath.Clean(e.Path)) { // it may name the folder
				t.Errorf("it names %q, want %q", e.Path, a.path)
			}
			if strings.ContainsAny(e.Error(), "\x1b\n") || !utf8.ValidString(e.Error()) || len(e.Problem()) > 600 {
				t.Errorf("the message is %q", e.Error())
			}
		})
	}
}

func TestOpenRefusesHostileFolders(t *testing.T) {
	l := fifo(t)
	for _, test := range []struct {
		name  string
		spoil func(dir string)
		want  error
		path  string
	}{
		{"link out", func(dir string) { must(t, os.Symlink("/etc/shadow", filepath.Join(dir, "x.c"))) }, ErrLink, "x.c"},
		{"FIFO", func(dir string) { must(t, syscall.Mkfifo(filepath.Join(dir, "p"), 0o644)) }, ErrSpecial, "p"},
		{"deep", func(dir string) { put(t, dir, map[string]string{strings.Repeat("d/", 20) + "x": ""}) }, ErrTooDeep, ""},
		{"big", func(dir string) {
			put(t, dir, map[string]string{"big": ""})
			must(t, os.Truncate(filepath.Join(dir, "big"), 10<<30))
		}, ErrTooBig, "big"},
		{"case", func(dir string) { put(t, dir, map[string]string{"WRITER.c": ""}) }, ErrCase, "writer.c"},
		{"name", func(dir string) { put(t, dir, map[string]string{"a\xff": ""}) }, ErrName, "a\xff"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.CopyFS(dir, l.Solution()))
			test.spoil(dir)
			_, err := Open(t.Context(), Submission{Path: dir, Source: "ann"}, l)
			var e *Error
			if !errors.Is(err, test.want) || !errors.As(err, &e) || e.Fault != grader.Student {
				t.Fatalf("error is %v, want %v", err, test.want)
			}
			if test.path != "" && e.Path != test.path {
				t.Errorf("it names %q, want %q", e.Path, test.path)
			}
		})
	}
	empty := t.TempDir()
	if _, err := Open(t.Context(), Submission{Path: empty, Source: "ann"}, l); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty folder: %v", err)
	}
}

// What this computer cannot read is nobody's zero.
func TestOpenTellsTheMachinesFault(t *testing.T) {
	_, err := Open(t.Context(), Submission{Path: filepath.Join(t.TempDir(), "gone"), Source: "ann"}, fifo(t))
	var e *Error
	if !errors.As(err, &e) || e.Fault != grader.Machine || !errors.Is(err, ErrUnread) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	s := submit(t, "a.tar.gz", gzipped(t, makeTar(t, solution(t, fifo(t), "")...)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, s, fifo(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if _, err := Digest(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
