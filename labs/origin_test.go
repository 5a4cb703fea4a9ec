package labs

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"ipclab/internal/guest/api"
)

func class(n int) []string {
	var students []string
	for i := range n {
		students = append(students, fmt.Sprintf("s%04d", i))
	}
	return students
}

var testSecret = []byte("the course's secret")

// handedIn is what a student has whose work is the solution.
func handedIn(t *testing.T, lab *Lab, student string) []api.File {
	t.Helper()
	mine, err := lab.Variant(NewSeed(testSecret, lab.Name, student))
	if err != nil {
		t.Fatal(err)
	}
	var files []api.File
	err = fs.WalkDir(mine.Solution(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, _ := fs.ReadFile(mine.Solution(), name)
			files = append(files, api.File{Path: name, Data: data})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func rosterOf(t *testing.T, lab *Lab, students []string) *Roster {
	t.Helper()
	r, err := NewRoster(lab, testSecret, students)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Nobody of a big honest class may be accused, whatever else stands in the
// work: the class's small numbers, hashes, the default variant.
func TestNoHonestStudentIsAccused(t *testing.T) {
	lab, students := load1(t, varied()), class(1000)
	r := rosterOf(t, lab, students)
	noise := "/* " + lab.Values(DefaultSeed())["key"] + " deadbeefdeadbeef 0x123456789abcdef0 " + strings.Repeat("0123456789abcdef", 100) + " */\n"
	for i, s := range students {
		files := append(handedIn(t, lab, s), api.File{Path: "notes", Data: []byte(noise + fmt.Sprintf("%x %d", i, i))})
		o := r.Origin(s, NewSeed(testSecret, lab.Name, s).Fingerprint(), files)
		if o.Whose != Own || o.Of != "" || o.Found != o.Expected || o.Expected == "" {
			t.Fatalf("%s: %+v", s, o)
		}
	}
}

func TestCopiesAreFound(t *testing.T) {
	lab, students := load1(t, varied()), class(1000)
	r := rosterOf(t, lab, students)
	for i, s := range students {
		from := students[(i+1)%len(students)]
		o := r.Origin(s, NewSeed(testSecret, lab.Name, s).Fingerprint(), handedIn(t, lab, from))
		if o.Whose != Other || o.Of != from || o.Found == o.Expected || !strings.Contains(o.Note, "variant of "+from+": key in writer.c:1") {
			t.Fatalf("%s: %+v", s, o)
		}
	}
}

func TestOrigin(t *testing.T) {
	lab := load1(t, varied())
	r := rosterOf(t, lab, []string{"Ann", "bob", "carl"})
	print := func(s string) string { return NewSeed(testSecret, lab.Name, s).Fingerprint() }
	key := func(s string) string { return lab.Values(NewSeed(testSecret, lab.Name, s))["key"] }
	file := func(text string) []api.File { return []api.File{{Path: "a.c", Data: []byte("first\n" + text)}} }
	none := file("int main;")
	for _, test := range []struct {
		what, student, print string
		files                []api.File
		want                 Whose
		of, note             string
	}{
		{"own", "ann", "", file(key("ann")), Own, "", "key in a.c:2"},
		{"own in capitals, in a longer word", "Ann", "", file("0xf" + strings.ToUpper(key("ann")) + "ULL"), Own, "", "key in a.c:2"},
		{"other", "bob", "", file(key("ann")), Other, "Ann", "its files have values of the variant of Ann: key in a.c:2"},
		{"other beside own", "bob", print("bob"), file(key("ann") + key("bob")), Other, "Ann", "the student's own stand beside them"},
		{"most frequent", "bob", "", append(file(key("ann")), append(file(key("carl")), file(key("carl"))...)...), Other, "carl", "key in a.c:2, key in a.c:2"},
		{"default", "bob", "", file(lab.Values(DefaultSeed())["key"]), Default, "", "values of the default variant"},
		{"nothing", "bob", "", none, Nobody, "", "none of the values"},
		{"manifest, own", "bob", print("bob"), none, Own, "", "its manifest names the student's own variant"},
		{"manifest, other", "bob", print("ann"), none, Other, "Ann", "its manifest names the variant of Ann; nothing in its files does"},
		{"manifest, default", "bob", DefaultSeed().Fingerprint(), none, Default, "", "manifest names the default variant"},
		{"manifest, unknown", "bob", "abc", none, Nobody, "", "a variant that no student of this class has"},
		{"files outweigh the manifest", "bob", print("ann"), file(key("bob")), Own, "", "key in a.c:2"},
		{"not of the class", "dora", print("dora"), none, Own, "", "its manifest"},
	} {
		t.Run(test.what, func(t *testing.T) {
			o := r.Origin(test.student, test.print, test.files)
			if o.Whose != test.want || o.Of != test.of || !strings.Contains(o.Note, test.note) || o.Expected != print(test.student) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// Values that two share, or that stand in the lab anyway, accuse nobody.
func TestSharedValuesSayNothing(t *testing.T) {
	f := varied()
	key := load1(t, f).Values(NewSeed(testSecret, "pipe", "ann"))["key"]
	f["pipe/README.md"] = text(string(f["pipe/README.md"].Data) + "For example, " + key + ".\n")
	lab := load1(t, f)
	r := rosterOf(t, lab, []string{"ann", "bob", "ANN"})
	if o := r.Origin("bob", "", []api.File{{Path: "a", Data: []byte(key)}}); o.Whose != Nobody {
		t.Errorf("%+v", o)
	}
	r = rosterOf(t, load1(t, varied()), []string{"ann", "bob"})
	r.values[key] = trace{}
	if o := r.Origin("bob", "", []api.File{{Path: "a", Data: []byte(key)}}); o.Whose != Nobody {
		t.Errorf("%+v", o)
	}
}

// Without a value that is long enough only the manifest tells variants apart.
func TestIndistinctVariants(t *testing.T) {
	f := varied()
	replaced("{hex: 16}", "{hex: 7}")(f)
	r := rosterOf(t, load1(t, f), []string{"ann", "bob"})
	key := load1(t, f).Values(NewSeed(testSecret, "pipe", "ann"))["key"]
	files := []api.File{{Path: "a", Data: []byte(key)}}
	if o := r.Origin("bob", "", files); o.Whose != Unknown || o.Of != "" {
		t.Errorf("%+v", o)
	}
	if o := r.Origin("bob", NewSeed(testSecret, "pipe", "ann").Fingerprint(), files); o.Whose != Other || o.Of != "ann" {
		t.Errorf("%+v", o)
	}
}
