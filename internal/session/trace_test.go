package session

import (
	"strings"
	"testing"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

func TestTraceRulesWatchSubjectsAndObjects(t *testing.T) {
	s, err := scenarios.Library().Find("fifo")
	if err != nil {
		t.Fatal(err)
	}
	trace := Trace{Scenario: s}
	rules := trace.rules()
	nodes, err := policy.ParseCIL("trace.cil", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes { // nothing but records: a trace allows nothing
		switch n.Keyword() {
		case "typeattribute", "typeattributeset", "auditallow":
		default:
			t.Errorf("a trace says %s", n)
		}
	}
	for _, want := range []string{
		"(typeattributeset ipclab_trace_who (s_fifo_writer_t s_fifo_reader_t))",
		"(typeattributeset ipclab_trace_object (s_fifo_t s_fifo_dir_t))",
		"(typeattributeset ipclab_trace_own (s_fifo_writer_t s_fifo_reader_t))",
		"(auditallow ipclab_trace_who ipclab_trace_object (fifo_file (all)))",
	} {
		if !strings.Contains(rules, want) {
			t.Errorf("%s is missing in\n%s", want, rules)
		}
	}
}

// Subjects without a domain of their own share the student's, whose shells and
// builds are no part of a scenario: they are watched on its objects only.
func TestTraceRulesLeaveTheStudentsOwnAlone(t *testing.T) {
	trace := Trace{Scenario: &scenarios.Scenario{
		Subjects: []scenarios.Subject{{Name: "alice", User: "alice"}}, Objects: []scenarios.Object{{Name: "box", Type: "box_t"}},
		Directories: []api.Directory{{Path: "/run/x", Type: "dir_t"}},
	}}
	rules := trace.rules()
	if strings.Contains(rules, "ipclab_trace_own") || !strings.Contains(rules, "(ipclab_student_t)") || !strings.Contains(rules, "(box_t dir_t)") {
		t.Errorf("got\n%s", rules)
	}
}

func TestOneTraceAtATime(t *testing.T) {
	err := traceError(&agentError{api.Traced})
	if e, ok := err.(*TracedError); !ok || e.Hint() == "" {
		t.Errorf("got %T %v", err, err)
	}
	if err := traceError(&agentError{"something else"}); err.Error() != "something else" {
		t.Errorf("got %v", err)
	}
}

type agentError struct{ text string }

func (e *agentError) Error() string { return e.text }
