package labs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// varied is the good lab with parameters of every kind.
func varied() fstest.MapFS {
	f := folder(strings.Replace(good, "steps:\n", `variant:
  word: {name: [heron, ibis, stork]}
  other: {name: [stork, heron, crane, gull]}
  key: {hex: 16}
  size: {from: 3, to: 9}
  signal: {pick: [USR1, USR2]}
  stages: {order: [open, lock, write], separator: ", "}
steps:
`, 1))
	replaced("path: /run/ipclab/pipe/c", "path: /run/ipclab/pipe/@@word@@")(f)
	f["pipe/README.md"] = text("# A pipe\n\n## First\n\n@@key@@ @@stages@@\n\n## Second\n")
	f["pipe/starter/writer.c"] = text("// @@key@@ @@size@@\nint main(void) { return 1; }\n")
	f["pipe/solution/writer.c"] = text("// @@key@@ @@size@@\nint main(void) { return 0; }\n")
	f["pipe/mutants/late/writer.c"] = text("// @@key@@ @@size@@\nint main(void) { for (;;); }\n")
	f["pipe/checks/eof.txtar"] = text("build\nrun -as reader writer @@other@@ @@signal@@ @@stages.1@@\n")
	return f
}

func TestDefaultVariant(t *testing.T) {
	lab := load1(t, varied())
	for _, p := range Lint(lab) {
		t.Error(p)
	}
	values := lab.Values(DefaultSeed())
	if o, _ := lab.Object("old-channel"); o.Path != "/run/ipclab/pipe/"+values["word"] {
		t.Errorf("the object is at %s", o.Path)
	}
	task, err := fs.ReadFile(lab.FS(), "README.md")
	if want := values["key"] + " " + values["stages"]; err != nil || !strings.Contains(string(task), want) {
		t.Errorf("the task is %q, %v", task, err)
	}
	if !lab.HasVariants() || lab.Seed() != DefaultSeed() || len(lab.Parameters()) != 6 {
		t.Errorf("parameters: %+v", lab.Parameters())
	}
}

func TestVariantIsEverywhere(t *testing.T) {
	lab := load1(t, varied())
	seed := NewSeed([]byte("secret"), "pipe", "ann")
	mine, err := lab.Variant(seed)
	if err != nil {
		t.Fatal(err)
	}
	values := lab.Values(seed)
	mutant, err := mine.Mutants()[0].FS()
	if err != nil {
		t.Fatal(err)
	}
	handout, err := mine.Handout()
	if err != nil {
		t.Fatal(err)
	}
	first := "// " + values["key"] + " " + values["size"] + "\n"
	for what, fsys := range map[string]fs.FS{"handout": handout, "solution": mine.Solution(), "mutant": mutant} {
		if data, err := fs.ReadFile(fsys, "writer.c"); err != nil || !strings.HasPrefix(string(data), first) {
			t.Errorf("the %s has %q, %v", what, data, err)
		}
	}
	script, err := mine.Script(mine.Check("eof"))
	if want := fmt.Sprintf("writer %s %s %s\n", values["other"], values["signal"], values["stages.1"]); err != nil || !strings.HasSuffix(string(script), want) {
		t.Errorf("the script is %q, %v", script, err)
	}
	again, err := mine.Variant(DefaultSeed())
	if err != nil || again.Digest() != lab.Digest() || mine.Digest() == lab.Digest() {
		t.Errorf("digests: %v", err)
	}
}

func TestDigestsOfVariants(t *testing.T) {
	lab := load1(t, varied())
	mine, err := lab.Variant(NewSeed([]byte("secret"), "pipe", "ann"))
	if err != nil {
		t.Fatal(err)
	}
	if mine.MachineDigest() != lab.MachineDigest() {
		t.Error("the variant needs a snapshot of its own")
	}
	one, err1 := lab.PublicDigest()
	two, err2 := mine.PublicDigest()
	if err := errors.Join(err1, err2); err != nil || one != two || one == lab.Digest() {
		t.Errorf("public digests %s, %s, %v", one, two, err)
	}
	f := varied()
	f["pipe/policy/pipe.cil"] = text("(type ipclab_@@word@@_t)\n")
	lab = load1(t, f)
	values := map[string]bool{}
	digests := map[string]bool{}
	for i := range 20 {
		v, err := lab.Variant(NewSeed([]byte("secret"), "pipe", fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		values[lab.Values(v.Seed())["word"]], digests[v.MachineDigest()] = true, true
	}
	if len(values) != 3 || len(digests) != 3 {
		t.Errorf("%d words in the policy gave %d machines", len(values), len(digests))
	}
}

// What a policy says, and what lies in directories, a machine depends on; what
// is asked of the student, it does not.
func TestMachineDigest(t *testing.T) {
	digests := map[string]string{}
	for name, spoil := range map[string]func(fstest.MapFS){
		"as it was": func(fstest.MapFS) {},
		"task":      func(f fstest.MapFS) { f["pipe/README.md"] = text("# Another\n\n## First\n\n## Second\n") },
		"solution":  func(f fstest.MapFS) { f["pipe/solution/writer.c"] = text("int main;\n") },
		"points":    replaced("points: 60", "points: 61"),
		"policy":    func(f fstest.MapFS) { f["pipe/policy/pipe.cil"] = text("(type other_t)\n") },
		"directory": replaced(`mode: "2750"`, `mode: "0750"`),
		"subject":   replaced("reader: {user: bob,", "reader: {user: carol,"),
	} {
		f := folder(good)
		spoil(f)
		digests[name] = load1(t, f).MachineDigest()
	}
	for name, d := range digests {
		same := slices.Contains([]string{"as it was", "task", "solution", "points"}, name)
		if (d == digests["as it was"]) != same {
			t.Errorf("%s: %v", name, digests)
		}
	}
	if len(slices.Compact(slices.Sorted(maps.Values(digests)))) != 4 {
		t.Errorf("digests: %v", digests)
	}
}

func TestNoVariants(t *testing.T) {
	_, err := load1(t, folder(good)).Variant(DefaultSeed())
	var none *NoVariantsError
	if !errors.As(err, &none) || none.Lab != "pipe" {
		t.Errorf("error is %v", err)
	}
}

func TestLintPlaceholders(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(f fstest.MapFS)
		want  string
	}{
		{"unknown", func(f fstest.MapFS) { f["pipe/solution/writer.c"] = text("\n  @@wor@@ @@key@@\n") },
			`pipe/solution/writer.c:2:3: unknown placeholder @@wor@@ (did you mean "word"?)`},
		{"unknown in the manifest", replaced("title: it ends", "title: it ends @@ky@@"),
			`pipe/lab.yaml:42:24: unknown placeholder @@ky@@`},
		{"beyond the order", func(f fstest.MapFS) { f["pipe/checks/builds.txtar"] = text("build\n# @@stages.4@@\n") },
			`pipe/checks/builds.txtar:2:3: unknown placeholder @@stages.4@@ (did you mean "stages.1"?)`},
		{"unused", func(f fstest.MapFS) {
			f["pipe/README.md"] = text("# A pipe\n\n## First\n\n## Second\n")
			f["pipe/checks/eof.txtar"] = text("build\nrun -as reader writer @@other@@ @@signal@@\n")
		},
			`pipe/lab.yaml:28:3: parameter "stages" is used nowhere: write @@stages@@ where its value belongs`},
		{"not closed", func(f fstest.MapFS) { f["pipe/starter/writer.c"] = text("int @@key;\n@@ -1 +1 @@ @@key@@\n") },
			"pipe/starter/writer.c:1:5: a placeholder is not closed"},
		{"in a file's name", func(f fstest.MapFS) { f["pipe/starter/@@key@@.c"] = text("") },
			"pipe/starter/@@key@@.c: names of files have no placeholders"},
		{"nothing tells", func(f fstest.MapFS) {
			f["pipe/starter/writer.c"] = text("int main;\n")
			f["pipe/README.md"] = text("# A pipe\n\n## First\n\n## Second\n")
		}, "pipe/lab.yaml:23:3: nothing that students get tells whose variant it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := varied()
			test.spoil(f)
			var all strings.Builder
			for _, p := range Lint(load1(t, f)) {
				all.WriteString(p.String() + "\n")
			}
			if !strings.Contains(all.String(), test.want) {
				t.Errorf("problems:\n%swant %s", all.String(), test.want)
			}
		})
	}
}

// A lab that has no variants has no placeholders, and may have any other @@.
func TestPlaceholdersWithoutVariants(t *testing.T) {
	f := folder(good)
	f["pipe/starter/writer.c"] = text("@@ -1,2 +3,4 @@ @@ @@open\n")
	for _, p := range Lint(load1(t, f)) {
		t.Error(p)
	}
	f["pipe/starter/writer.c"] = text("@@key@@\n")
	if problems := Lint(load1(t, f)); len(problems) != 1 || problems[0].Col != 1 {
		t.Errorf("problems: %v", problems)
	}
}

func TestSamples(t *testing.T) {
	lab := load1(t, varied())
	samples, err := lab.Samples(5)
	if err != nil || len(samples) != 5 {
		t.Fatal(err)
	}
	for _, s := range samples {
		if s.Digest() == lab.Digest() || len(Lint(s)) > 0 {
			t.Errorf("%v", Lint(s))
		}
	}
	if none, err := load1(t, folder(good)).Samples(5); len(none) != 0 || err != nil {
		t.Errorf("%v, %v", none, err)
	}
}

func TestVariantMistakes(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"empty", "variant:\n", "variant: {}\nvariant2:\n", "pipe/lab.yaml:22:10: variant must not be empty"},
		{"bad name", "  key: {hex", "  Key: {hex", `pipe/lab.yaml:25:3: parameter: "Key" must be small letters`},
		{"no kind", "{hex: 16}", "{digits: 16}", `pipe/lab.yaml:25:8: parameter "key" draws nothing: it needs name, pick, hex, order, or from and to`},
		{"no mapping", "{hex: 16}", "16", `pipe/lab.yaml:25:8: parameter "key" must be a mapping such as {hex: 16}, not a number`},
		{"two kinds", "{hex: 16}", "{hex: 16, pick: [a, b]}", `unknown key "pick" in parameter "key"`},
		{"too many digits", "{hex: 16}", "{hex: 65}", `pipe/lab.yaml:25:14: hex of parameter "key" must be at most 64`},
		{"no digits", "{hex: 16}", "{hex: 0}", `must be a number from 1, not 0`},
		{"backwards", "{from: 3, to: 9}", "{from: 9, to: 3}", `pipe/lab.yaml:26:9: parameter "size" must go from a number to a greater one`},
		{"no end", "{from: 3, to: 9}", "{from: 3}", `parameter "size" has no "to"`},
		{"no word", "[heron, ibis, stork]", "[Heron, ibis, stork]", `"Heron" is no word of small letters`},
		{"one choice", "[USR1, USR2]", "[USR1]", `pick of parameter "signal" must have two elements or more`},
		{"twice", "[USR1, USR2]", "[USR1, USR1]", `pick of parameter "signal" has "USR1" twice`},
		{"placeholder in a value", "[USR1, USR2]", `["@@key@@", USR2]`, `has a placeholder in it`},
		{"too few names", "[stork, heron, crane, gull]", "[stork, heron]", `pipe/lab.yaml:24:3: parameter "other" needs 3 words or more: 1 of them may be taken by names above it`},
		{"separator", `separator: ", "`, "separator: [1]", `separator of parameter "stages" must be a text, not a list`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := varied()
			if !strings.Contains(string(f["pipe/lab.yaml"].Data), test.old) {
				t.Fatalf("the test spoils %q, which is not there", test.old)
			}
			replaced(test.old, test.new)(f)
			if _, err := Load(f, "pipe"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
