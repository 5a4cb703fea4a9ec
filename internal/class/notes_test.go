package class

import (
	"strings"
	"testing"

	"ipclab/grader/gradebook"
	"ipclab/internal/intake"
)

func TestNotes(t *testing.T) {
	ann := gradebook.Student{ID: "ann"}
	for says, w := range map[string]*intake.Work{
		"":                                      {Manifest: nil},
		" ":                                     {Manifest: &intake.Manifest{Student: "Ann"}},
		"  ":                                    {Manifest: &intake.Manifest{}},
		`packed for "bob"`:                      {Manifest: &intake.Manifest{Student: "bob"}},
		`changed since it was packed: "a.c", 2`: {Manifest: &intake.Manifest{Student: "ann"}, Changed: []string{"a.c", "b.c"}},
	} {
		got := notes(ann, w)
		if says = strings.TrimSpace(says); (says == "") != (len(got) == 0) || says != "" && !strings.Contains(got[0], says) {
			t.Errorf("notes %q, want %q", got, says)
		}
	}
}
