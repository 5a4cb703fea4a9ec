package query

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/internal/flow"
)

// TestMain lets the test's own program be the process that measures.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == Command {
		if err := Child(os.Args[2], os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func order(t *testing.T) Order {
	t.Helper()
	more := filepath.Join(t.TempDir(), "more.cil")
	rules := "(type a_t)(type b_t)(type box_t)(allow a_t box_t (file (write)))(allow b_t box_t (file (read)))"
	if err := os.WriteFile(more, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	return Order{Files: []string{"../../proof/testdata/base.cil", more}, Query: flow.Query{From: "a_t", To: "b_t"},
		More: []flow.Query{{From: "b_t", To: "a_t"}, {From: "a_t", To: "box_t:file"}}}
}

func TestRunMeasuresInAProcessOfItsOwn(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	took, err := Run(t.Context(), program, order(t))
	if err != nil {
		t.Fatal(err)
	}
	if took.Steps != 2 || len(took.More) != 2 || took.Read <= 0 || took.Index <= 0 || took.Whole < took.Read+took.Index || took.Peak < 1 || !strings.Contains(took.Answer, "a_t → b_t") {
		t.Errorf("got %+v", took)
	}
}

func TestWhatGoesWrongInTheProcessIsTold(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := order(t)
	o.Query.To = "c_t"
	if _, err := Run(t.Context(), program, o); err == nil || !strings.Contains(err.Error(), `there is no type "c_t"`) {
		t.Errorf("got %v", err)
	}
}
