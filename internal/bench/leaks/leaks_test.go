package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ipclab/sipc/leak"
)

func TestInsertKeepsWhatIsAround(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"new\n", "newer\n"} {
		if err := insert(file, text); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if want := "before\n" + begin + text + end + "after\n"; string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestInsertWantsItsMarkers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if insert(file, "new\n") == nil {
		t.Error("a page without its end was written")
	}
}

func TestPageHasTheMarkers(t *testing.T) {
	text, err := os.ReadFile("../../../docs/sipc-leaks.md")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := insert(file, ""); err != nil {
		t.Error(err)
	}
}

func TestRates(t *testing.T) {
	for bits, want := range map[float64]string{0: "0 bit/s", 1: "1.00 bit/s", 99.5: "99.5 bit/s", 1000: "1000 bit/s", 123456: "123 kbit/s", 12.3e3: "12.3 kbit/s", 2.5e6: "2.50 Mbit/s"} {
		if got := rate(bits); got != want {
			t.Errorf("%v is %q, want %q", bits, got, want)
		}
	}
}

func TestDescriptions(t *testing.T) {
	for want, code := range map[string]leak.Code{
		"which slot of 1ms":                           {Slotted: true, Unit: time.Millisecond},
		"2 delays, from 0s by 8µs":                    {Unit: 8 * time.Microsecond, Values: []int{0, 1}},
		"delays of whole ticks, as theory wants them": leak.GeometricDelays(time.Millisecond, 0),
	} {
		if got := describe(code); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
