package report_test

import (
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"

	"ipclab/grader/gradebook"
	"ipclab/grader/report"
)

// A big class must not need more memory at a time than its list: grades with
// their evidence go by one after the other.
func TestMemoryStaysFlat(t *testing.T) {
	const evidence = 256 << 10 // of each submission
	m := newMaker(t)
	var early, late uint64
	var grades iter.Seq2[gradebook.Grade, error] = func(yield func(gradebook.Grade, error) bool) {
		for i := range 120 {
			switch i {
			case 20:
				early = held()
			case 119:
				late = held()
			}
			g := m.judge(fmt.Sprintf("s%05d", i), "Ada Okafor", "atomic")
			g.Report.Results[0].Evidence[0].Text = strings.Repeat("x", evidence)
			if !yield(g, nil) {
				return
			}
		}
	}
	must(t, report.Write(t.TempDir(), m.book(), grades, report.Formats()))
	each := (int64(late) - int64(early)) / 99
	t.Logf("%d bytes held for each submission", each)
	if each > evidence/8 {
		t.Errorf("%d bytes are held for each submission", each)
	}
}

// held is how much memory is in use after all that can go has gone.
func held() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func BenchmarkWrite(b *testing.B) {
	m := newMaker(b)
	g := m.judge("s001", "Ada Okafor", "reader-cannot-write")
	dir := b.TempDir()
	for b.Loop() {
		must(b, report.Write(dir, m.book(), seq([]gradebook.Grade{g}), report.Formats()))
	}
}

func BenchmarkWriteClassOf100(b *testing.B) {
	m := newMaker(b)
	var all []gradebook.Grade
	for i := range 100 {
		all = append(all, m.judge(fmt.Sprintf("s%03d", i), "Ada Okafor", "reader-cannot-write"))
	}
	dir := b.TempDir()
	for b.Loop() {
		must(b, report.Write(dir, m.book(), seq(all), report.Formats()))
	}
}
