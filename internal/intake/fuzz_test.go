package intake

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/internal/workspace"
)

// checkHold tests what must be so of everything that was unpacked.
func checkHold(t *testing.T, h *hold, err error) {
	t.Helper()
	var e *Error
	if err != nil {
		if !errors.As(err, &e) || e.Fault != grader.Student {
			t.Fatalf("error %v is no refusal", err)
		}
		return
	}
	seen := map[string]bool{}
	size := 0
	for _, f := range h.files {
		key := strings.ToLower(f.Path)
		if !fs.ValidPath(f.Path) || strings.ContainsAny(f.Path, "\x00\\") || seen[key] || isLeftOut(f.Path) {
			t.Fatalf("path %q got in", f.Path)
		}
		seen[key] = true
		size += len(f.Data)
	}
	if len(h.files) > workspace.DefaultEntries || size > workspace.DefaultBytes {
		t.Fatalf("%d files with %d bytes got in", len(h.files), size)
	}
}

func fuzzArchive(f *testing.F, make func([]byte) []byte) {
	lab := fifo(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		data = make(data)
		h, err := unpackFrom(t.Context(), bytes.NewReader(data), int64(len(data)))
		checkHold(t, h, err)
		if err != nil {
			return
		}
		w, err := h.work(lab)
		var e *Error
		if err != nil && !errors.As(err, &e) || err == nil && len(w.Tree.Paths()) > len(h.files) {
			t.Fatalf("work %+v, error %v", w, err)
		}
	})
}

// small is a submission of a few bytes: small ones are tried more often.
func small() []entry {
	return []entry{{name: "fifo/Makefile", text: "all:"}, {name: "fifo/.git/x", text: "x"}, {name: "fifo/policy/one-way.cil", text: "(x)", exec: true}}
}

func FuzzTar(f *testing.F) {
	f.Add(makeTar(f, small()...))
	f.Add(makeTar(f, entry{name: "a", text: "x"}, entry{name: "../b", kind: '2', link: "/"}))
	f.Add(makeTar(f, entry{name: "x/" + ManifestFile, text: "{}"}))
	fuzzArchive(f, func(data []byte) []byte { // always with a header that would be taken for a tar's
		if len(data) < headSize || looksLikeTar(data) {
			return data
		}
		return mendSum(data)
	})
}

// mendSum gives the first block of a tar the checksum that it should have.
func mendSum(data []byte) []byte {
	data = bytes.Clone(data)
	sum := int(8 * ' ')
	for i, b := range data[:headSize] {
		if i < 148 || i >= 156 {
			sum += int(b)
		}
	}
	digits := []byte("000000\x00 ")
	for i := 5; i >= 0; i-- {
		digits[i], sum = byte('0'+sum%8), sum/8
	}
	copy(data[148:], digits)
	return data
}

func FuzzZip(f *testing.F) {
	f.Add(makeZip(f, small()...))
	f.Add(makeZip(f, entry{name: `a\b`, text: "x"}, entry{name: "../b", kind: '2', link: "/"}))
	f.Add(lyingZip([]string{"Makefile", "Makefile", "x"}, 8, []byte("xx"), 10, 0))
	fuzzArchive(f, bytes.Clone)
}

func FuzzCompressed(f *testing.F) {
	data := makeTar(f, small()...)
	f.Add(append(gzipped(f, data[:700]), gzipped(f, data[700:])...))
	f.Add(zstded(f, data))
	fuzzArchive(f, bytes.Clone)
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schema":"ipclab/submission/v1","lab":"fifo","files":{"a":"b"},"made":"2026-11-21T12:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err == nil && (m.Schema != ManifestSchema || !isClaim(m.Student) || strings.ContainsAny(m.Lab+m.Variant, "\n\x1b")) {
			t.Fatalf("manifest %+v got in", m)
		}
	})
}

func FuzzGradescope(f *testing.F) {
	f.Add([]byte(gradescopeList))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, _ := parseGradescope(bytes.NewReader(data))
		for name, e := range list {
			for _, s := range e.students() {
				if s.ID == "" || strings.TrimSpace(s.ID) != s.ID {
					t.Fatalf("%q: student %+v", name, s)
				}
			}
		}
	})
}

// Whatever students are called, their IDs are safe and differ.
func FuzzIDs(f *testing.F) {
	f.Add("Zoë\nzoë\nzo", "x")
	f.Add("con\n..\n/etc/passwd\n-rf", "y")
	f.Fuzz(func(t *testing.T, names, more string) {
		var all []*found
		for i, name := range append(strings.Split(names, "\n"), more) {
			n := &namer{}
			r := n.read(name)
			all = append(all, &found{Submission: Submission{Student: r.student, Path: string(rune('a' + i%26)), Source: name}, reading: r, key: normal(name), long: name})
			if i > 100 {
				break
			}
		}
		ids := map[string]bool{}
		for _, s := range settle(all) {
			if !isID(s.ID) || ids[s.ID] {
				t.Fatalf("%q has the ID %q", s.Student.ID, s.ID)
			}
			ids[s.ID] = true
		}
	})
}
