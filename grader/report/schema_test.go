package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ipclab/grader"
	"ipclab/grader/gradebook"
)

// compiled is a definition of the schema of results.json.
func compiled(t *testing.T, schema []byte, name string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	must(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	must(t, c.AddResource("results.schema.json", doc))
	s, err := c.Compile("results.schema.json#/$defs/" + name)
	must(t, err)
	return s
}

func readJSON(t *testing.T, path string) any {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	must(t, err)
	return v
}

func lookSchema(t *testing.T, dir string, all []gradebook.Grade) {
	shipped, err := os.ReadFile(filepath.Join(dir, "results.schema.json"))
	must(t, err)
	if err := compiled(t, shipped, "book").Validate(readJSON(t, filepath.Join(dir, "results.json"))); err != nil {
		t.Errorf("results.json: %v", err)
	}
	file := compiled(t, shipped, "gradeFile")
	for _, g := range all {
		for _, folder := range []string{"submissions", "student"} {
			path := filepath.Join(dir, folder, g.ID, "result.json")
			if err := file.Validate(readJSON(t, path)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// Without these the schema would let everything through.
func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	m := newMaker(t)
	for name, spoil := range map[string]func(g *gradebook.Grade){
		"a score for what was not graded":  func(g *gradebook.Grade) { g.Status, g.Problem = gradebook.Ungraded, "trouble" },
		"a refusal with points":            func(g *gradebook.Grade) { g.Status, g.Problem = gradebook.Refused, "no" },
		"a refusal without a reason":       func(g *gradebook.Grade) { g.Status, *g.Score, g.Problem = gradebook.Refused, 0, "" },
		"a grade without a score":          func(g *gradebook.Grade) { g.Score = nil },
		"a grade without a report":         func(g *gradebook.Grade) { g.Report = nil },
		"a negative score":                 func(g *gradebook.Grade) { *g.Score = -1 },
		"an unknown verdict":               func(g *gradebook.Grade) { g.Report.Results[0].Verdict = "perhaps" },
		"an id that leads out of a folder": func(g *gradebook.Grade) { g.ID = "../../etc" },
		"nobody's work":                    func(g *gradebook.Grade) { g.Student.ID = "" },
		"an unknown status":                func(g *gradebook.Grade) { g.Status = "lost" },
	} {
		g := m.judge("s001", "Ada")
		schema := compiled(t, gradebook.SchemaJSON(), "grade")
		must(t, schema.Validate(asJSON(t, g)))
		spoil(&g)
		if schema.Validate(asJSON(t, g)) == nil {
			t.Errorf("%s fits the schema", name)
		}
	}
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	must(t, err)
	return out
}

// Whoever adds a field to a grade has to describe it.
func TestTheSchemaDescribesEveryField(t *testing.T) {
	var schema struct {
		Defs map[string]definition `json:"$defs"`
	}
	must(t, json.Unmarshal(gradebook.SchemaJSON(), &schema))
	evidence := schema.Defs["evidence"].Properties
	for name, v := range map[string]struct {
		definition definition
		value      any
	}{
		"book": {schema.Defs["book"], gradebook.Book{}}, "lab": {schema.Defs["lab"], gradebook.Lab{}},
		"check": {schema.Defs["check"], gradebook.Check{}}, "grade": {schema.Defs["grade"], gradebook.Grade{}},
		"student": {schema.Defs["student"], gradebook.Student{}}, "variant": {schema.Defs["variant"], gradebook.Variant{}},
		"report": {schema.Defs["report"], grader.Report{}}, "left": {schema.Defs["report"].Properties["left"], grader.Left{}},
		"result": {schema.Defs["result"], grader.Result{}}, "position": {schema.Defs["position"], grader.Position{}},
		"evidence": {schema.Defs["evidence"], grader.Evidence{}}, "avc": {evidence["avc"], grader.AVC{}},
		"probe": {evidence["probe"], grader.Probe{}}, "object": {evidence["object"], grader.Object{}},
		"exit": {evidence["exit"], grader.Exit{}}, "output": {evidence["output"], grader.Output{}},
		"finding": {evidence["finding"], grader.Finding{}},
	} {
		v.definition.compare(t, name, reflect.TypeOf(v.value))
	}
}

type definition struct {
	Properties map[string]definition `json:"properties"`
	Required   []string              `json:"required"`
}

func (d definition) compare(t *testing.T, name string, of reflect.Type) {
	t.Helper()
	var fields, always []string
	for i := range of.NumField() {
		field, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		fields = append(fields, field)
		if _, ok := d.Properties[field]; !ok {
			t.Errorf("the schema's %s lacks %s", name, field)
		}
		if options == "" {
			always = append(always, field)
		}
	}
	if len(d.Properties) != len(fields) {
		t.Errorf("the schema's %s has %d properties, the type %d", name, len(d.Properties), len(fields))
	}
	if !reflect.DeepEqual(set(d.Required), set(always)) {
		t.Errorf("the schema's %s requires %v, the type writes %v", name, d.Required, always)
	}
}

func set(names []string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

func lookBook(t *testing.T, dir string, all []gradebook.Grade) {
	book, err := gradebook.Read(dir)
	must(t, err)
	want := newMaker(t).book()
	want.Grades = nil
	if len(book.Grades) != len(all) {
		t.Fatalf("%d grades came back of %d", len(book.Grades), len(all))
	}
	for i, g := range book.Grades {
		if g.ID != all[i].ID || g.Status != all[i].Status || !reflect.DeepEqual(g.Score, all[i].Score) {
			t.Errorf("%s came back as %s: %s", all[i].ID, g.ID, g.Status)
		}
		if g.Report != nil {
			for _, r := range g.Report.Results {
				if len(r.Evidence) > 0 {
					t.Errorf("results.json has evidence of %s in %s", r.Check, g.ID)
				}
			}
		}
	}
	book.Grades = nil
	if !reflect.DeepEqual(book, want) {
		t.Errorf("the book came back as %+v", book)
	}
	one, err := gradebook.ReadGrade(dir, all[2].ID)
	must(t, err)
	if got := len(one.Report.Results[20].Evidence); got != len(all[2].Report.Results[20].Evidence) {
		t.Errorf("the grade by itself has %d pieces of evidence", got)
	}
	if !one.Begun.Equal(begun()) || one.Duration != 4100*time.Millisecond {
		t.Errorf("times came back as %s, %s", one.Begun, one.Duration)
	}
}
