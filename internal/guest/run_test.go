package guest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ipclab/internal/guest/api"
)

func TestMeterPassesWhatFitsAndTellsOnce(t *testing.T) {
	var out, diag bytes.Buffer
	m := newMeter(10)
	a, b := m.limit(&out), m.limit(&diag)
	for _, w := range []struct {
		to   int
		text string
	}{{0, "12345"}, {1, "67890"}, {0, "more"}, {1, "more"}} {
		to := a
		if w.to == 1 {
			to = b
		}
		if n, err := to.Write([]byte(w.text)); n != len(w.text) || err != nil {
			t.Errorf("Write(%q) = %d, %v: a full meter must not stop the program", w.text, n, err)
		}
	}
	if out.String() != "12345" || diag.String() != "67890" {
		t.Errorf("passed %q and %q", out.String(), diag.String())
	}
	select {
	case <-m.full:
	default:
		t.Error("it did not tell that it is full")
	}
	if !m.isFull() {
		t.Error("it is not full")
	}
}

func TestMeterThatIsJustFull(t *testing.T) {
	m := newMeter(4)
	m.limit(&bytes.Buffer{}).Write([]byte("1234"))
	if m.isFull() {
		t.Error("exactly the limit is no flood")
	}
}

func TestDefaultsFillOnlyWhatIsMissing(t *testing.T) {
	got := withDefaults(api.Limits{Wall: time.Second, Pids: 3})
	want := api.Limits{Wall: time.Second, Pids: 3, Output: defaultOutput, Memory: defaultMemory}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRunIDsCannotLeaveTheirFolder(t *testing.T) {
	r := newRuns(&Groups{base: t.TempDir()})
	for _, id := range []string{"", "..", "a/b", "a.b", "a\x00b"} {
		spec := api.RunSpec{ID: id, Argv: []string{"/bin/true"}, Subject: api.Subject{User: "root"}}
		exit := r.do(spec, nil, stdio{in: &bytes.Buffer{}, out: &bytes.Buffer{}, err: &bytes.Buffer{}})
		if exit.Cause != api.CauseNotBegun || exit.Detail == "" {
			t.Errorf("id %q: %+v", id, exit)
		}
	}
}

func TestSignalNumbers(t *testing.T) {
	for name, want := range map[string]int{"SIGTERM": 15, "SIGKILL": 9, "TERM": 0, "": 0, "SIGNONSENSE": 0} {
		if got := int(signalNumber(name)); got != want {
			t.Errorf("signalNumber(%q) = %d, want %d", name, got, want)
		}
	}
}

func TestProgram(t *testing.T) {
	for _, test := range []struct {
		spec api.RunSpec
		path string
		args string
	}{
		{api.RunSpec{Argv: []string{"/lab/bin/writer", "a"}}, "/lab/bin/writer", "/lab/bin/writer a"},
		{api.RunSpec{Argv: []string{"hold", "r"}, Actor: true}, ProbePath, "probe act hold r"},
		{api.RunSpec{Argv: []string{"sipc-send", "-key", "/k"}, Actor: true}, SIPCPath, "ipclab-sipc sipc send -key /k"},
		{api.RunSpec{Argv: []string{"sipc-send"}}, "sipc-send", "sipc-send"}, // what the student's is, stays so
	} {
		if path, args := program(test.spec); path != test.path || strings.Join(args, " ") != test.args {
			t.Errorf("%v is %s %q", test.spec.Argv, path, args)
		}
	}
}
