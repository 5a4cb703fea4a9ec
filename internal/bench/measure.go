package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"ipclab/internal/bench/page"
	"ipclab/internal/machine/qemu"
)

// adder adds a row to the table, unless there was an error.
type adder func(what, atMost, unit string, values []float64, err error) error

// measure runs everything, the quick things n times, the slow ones less often.
func (b *bench) measure(n int, fresh bool, classes *class) ([]row, error) {
	if _, err := b.do(b.cache, "start", lab, "--no-shell"); err != nil { // image and snapshot are ready from here
		return nil, err
	}
	if _, err := b.do(b.cache, "stop", lab); err != nil {
		return nil, err
	}
	var rows []row
	add := func(what, atMost, unit string, values []float64, err error) error {
		rows = append(rows, row{what, atMost, unit, values})
		if err == nil {
			fmt.Fprintf(os.Stderr, "%-60s %s\n", what, rows[len(rows)-1].median())
		}
		return err
	}
	prompt, err := times(n, b.toPrompt)
	if err := add("`ipclab start fifo` to a usable prompt", "1.0 s", "s", prompt, err); err != nil {
		return nil, err
	}
	cold, err := times(3, b.cold)
	if err := add("the same by a cold boot of the same image, to agent ready", "20 s", "s", cold, err); err != nil {
		return nil, err
	}
	if err := b.running(n, add); err != nil {
		return nil, err
	}
	if err := b.besides(rows, add); err != nil {
		return nil, err
	}
	if err := b.flows(n, add); err != nil {
		return nil, err
	}
	if classes != nil {
		if err := classes.measure(add); err != nil {
			return nil, err
		}
	}
	if fresh {
		first, err := times(1, b.first)
		if err := add("first `ipclab start fifo` with an empty cache, all included", "180 s", "s", first, err); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// running measures what happens in a running clone.
func (b *bench) running(n int, add adder) error {
	if _, err := b.do(b.cache, "start", lab, "--no-shell"); err != nil {
		return err
	}
	defer b.do(b.cache, "stop", lab)
	clone, err := b.host().Machines().Find(lab)
	if err != nil {
		return err
	}
	before, _, err := memory(clone.QEMU)
	if err := add("memory of a clone after its start, resident", "500 MB", "MB", []float64{before}, err); err != nil {
		return err
	}
	exec, err := times(2*n, func() (float64, error) {
		s, err := b.do(b.cache, "vm", "exec", "--", "true")
		return s * 1000, err
	})
	if err := add("`ipclab vm exec -- true` in a running clone", "150 ms", "ms", exec, err); err != nil {
		return err
	}
	if err := b.policyAndCheck(clone, add); err != nil {
		return err
	}
	rss, pss, err := memory(clone.QEMU)
	if err := add("memory of a clone after three full checks, resident", "500 MB", "MB", []float64{rss}, err); err != nil {
		return err
	}
	return add("the same, its share of what clones have in common counted in part", "", "MB", []float64{pss}, nil)
}

func (b *bench) policyAndCheck(clone *qemu.Clone, add adder) error {
	edit := 0
	enforced, err := times(5, func() (float64, error) {
		edit++
		return b.enforced(clone, edit)
	})
	if err := add("an edited CIL module to enforced", "5 s", "s", enforced, err); err != nil {
		return err
	}
	full, err := times(3, func() (float64, error) { return b.do(b.cache, "check", lab, "--all") })
	return add(fullCheckRow, "12 s", "s", full, err)
}

// besides measures what a full check is held against: plain testscript on this
// computer, which isolates nothing, and a machine that is booted for each
// submission.
func (b *bench) besides(rows []row, add adder) error {
	plain, err := times(3, b.plain)
	if err := add("the checks of `fifo` that need no SELinux, by plain testscript on this computer", "", "s", plain, err); err != nil {
		return err
	}
	cold := row{values: rows[1].values}.mid()
	checks := rows[fullCheck(rows)].sorted()
	for i := range checks {
		checks[i] += cold
	}
	return add("a full check in a machine that is booted for it", "", "s", checks, nil)
}

func fullCheck(rows []row) int {
	return slices.IndexFunc(rows, func(r row) bool { return r.what == fullCheckRow })
}

// fullCheckRow names the row of a full check.
const fullCheckRow = "a full `ipclab check fifo --all` of the reference solution"

// first starts the lab with an empty cache.
func (b *bench) first() (float64, error) {
	cache := filepath.Join(b.home, "empty-cache")
	took, err := b.do(cache, "start", lab, "--no-shell")
	if err != nil {
		return 0, err
	}
	_, err = b.do(cache, "stop", lab)
	return took, err
}

func (r row) sorted() []float64 { return page.Sorted(r.values) }

func (r row) mid() float64 { return page.Median(r.values) }

func (r row) format(v float64) string {
	if r.unit == "a minute" {
		return fmt.Sprintf("%.1f a minute", v)
	}
	if r.unit == "s" && v < 100 {
		return fmt.Sprintf("%.2f s", v)
	}
	return fmt.Sprintf("%.0f %s", v, r.unit)
}

func (r row) median() string { return r.format(r.mid()) }

func (r row) spread() string {
	s := r.sorted()
	if len(s) == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%s – %s, %d runs", r.format(s[0]), r.format(s[len(s)-1]), len(s))
}

// table is the page.
func (b *bench) table(rows []row) (string, error) {
	hw, why, err := b.host().Hardware(b.ctx)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# How fast it is\n\nWritten by `make bench` on %s: %s, %d processors, %s, QEMU %s with %s.\n",
		time.Now().UTC().Format("2006-01-02"), page.Processor(), runtime.NumCPU(), page.Kernel(), hw.QEMU, hw.Accel)
	if why != "" {
		fmt.Fprintf(&out, "KVM is there but does not work: %s.\n", strings.TrimSuffix(why, "."))
	}
	fmt.Fprint(&out, "\n| what | bound | median | spread |\n| --- | --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", r.what, r.atMost, r.median(), r.spread())
	}
	if len(rows) > 1 {
		fmt.Fprintf(&out, "\nA start from the snapshot takes 1/%.0f of a cold boot of the same image.\n", rows[1].mid()/rows[0].mid())
	}
	return out.String(), nil
}
