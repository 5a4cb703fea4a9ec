package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"ipclab/internal/guest/api"
	"ipclab/internal/session"
)

// traced is a view of some rows, one of them with a hostile name.
func traced(t *testing.T) (*traceView, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	a := &app{out: out, err: &bytes.Buffer{}}
	lab, err := a.lab("fifo")
	if err != nil {
		t.Fatal(err)
	}
	v := &traceView{app: a, scenario: session.ScenarioOf(lab)}
	at := time.Date(2026, 11, 21, 20, 0, 0, 0, time.Local)
	row := func(id int, source, target, class, name string, denied bool, count uint64, perms ...string) api.TraceRow {
		return api.TraceRow{ID: id, Source: source, Target: target, Class: class, Name: name, Permissions: perms, Denied: denied,
			Count: count, First: at.Add(time.Duration(id) * time.Millisecond), Last: at, Syscall: 257, User: "2001"}
	}
	mode := row(4, "ipclab_student_t", "", "", "/run/\u202e\n", true, 1)
	mode.Exit, mode.User, mode.Arch = -13, "2003", 0xc000003e
	v.update(api.TraceReply{Next: 9, Watched: true, Rows: []api.TraceRow{
		row(1, "ipclab_fifo_writer_t", "ipclab_fifo_t", "fifo_file", "/run/ipclab/fifo/channel", false, 3, "open", "write"),
		row(2, "ipclab_fifo_writer_t", "ipclab_fifo_dir_t", "dir", "channel", false, 2, "add_name", "write"),
		row(3, "ipclab_fifo_reader_t", "ipclab_fifo_t", "fifo_file", "channel", true, 0, "write"), // counted elsewhere
		mode,
	}})
	return v, out
}

func TestTraceTable(t *testing.T) {
	v, out := traced(t)
	if err := v.finish(""); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"times  last      who              what            on",
		"    3  20:00:00  writer         → open write      channel:fifo_file",
		"    2  20:00:00  writer         → add_name write  /run/ipclab/fifo/channel",
		`    1  20:00:00  carol          ✗ openat EACCES   "\u202e\n" (directory's mode)`,
	}
	got := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, line := range got {
		if n := len([]rune(line)); n > 80 || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestTraceIsDrawn(t *testing.T) {
	v, _ := traced(t)
	file := filepath.Join(t.TempDir(), "trace.svg")
	if err := v.finish(file); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "writer", "channel:fifo_file", "open write ×3"} {
		if !bytes.Contains(picture, []byte(want)) {
			t.Errorf("%q is not in the picture", want)
		}
	}
}

func TestTraceSaysWhatIsMissing(t *testing.T) {
	v, _ := traced(t)
	if notes := v.notes(); len(notes) != 0 {
		t.Errorf("notes: %q", notes)
	}
	v.last = api.TraceReply{Next: 1, Lost: 2, Full: 3, Loaded: "other"}
	if notes := strings.Join(v.notes(), "\n"); !strings.Contains(notes, "lost 2") || !strings.Contains(notes, "3 records") || !strings.Contains(notes, "only refusals") {
		t.Errorf("notes: %q", notes)
	}
}
