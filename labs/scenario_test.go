package labs

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const goodScenario = `name: pipe
title: A pipe
about: A pipe.
policy: [policy/pipe.cil]
directories:
  - {path: /run/ipclab/pipe, owner: alice, group: channel, mode: "2750", type: ipclab_pipe_dir_t}
subjects:
  alice: {user: alice}
  reader: {user: bob, domain: ipclab_pipe_reader_t}
objects:
  old-channel: {kind: fifo, path: /run/ipclab/pipe/c, owner: alice, type: ipclab_pipe_t}
  queue: {kind: msgq, key: {path: /run/ipclab/pipe, project: Q}, maker: reader}
  bell: {kind: unix-dgram, path: /run/ipclab/pipe/s, maker: alice}
  tube: {kind: pipe, maker: alice}
flows:
  - {from: alice, to: reader, via: old-channel, want: allow}
  - {from: reader, to: alice, via: old-channel, want: deny, by: selinux, class: fifo_file, permission: write}
  - {from: reader, to: alice, via: queue, want: allow}
  - {from: reader, to: alice, via: bell, want: allow}
  - {from: alice, to: reader, via: tube, want: allow}
`

// withScenario is the good lab, whose cast its scenario declares.
func withScenario() fstest.MapFS {
	before, rest, _ := strings.Cut(good, "subjects:\n")
	_, after, _ := strings.Cut(rest, "build: ")
	tree := folder(before + "scenario: scenario.yaml\nbuild: " + strings.Replace(after, "  given: [policy/pipe.cil]\n", "", 1))
	tree["pipe/scenario.yaml"] = text(goodScenario)
	tree["pipe/policy/pipe.cil"] = text("(type ipclab_pipe_t)(type ipclab_pipe_dir_t)(type ipclab_pipe_reader_t)\n")
	return tree
}

func TestTheCastIsTheScenarios(t *testing.T) {
	lab := load1(t, withScenario())
	plain := load1(t, folder(good))
	if !slices.Equal(lab.Subjects, plain.Subjects) || !slices.Equal(lab.Directories, plain.Directories) || !slices.Equal(lab.Policy.Given, plain.Policy.Given) {
		t.Errorf("got %+v, %+v, %v\nwant %+v, %+v, %v", lab.Subjects, lab.Directories, lab.Policy.Given, plain.Subjects, plain.Directories, plain.Policy.Given)
	}
	want := []Object{
		{"old-channel", "fifo", "/run/ipclab/pipe/c", "ipclab_pipe_t"},
		{"queue", "msgq", "msgq:/run/ipclab/pipe:Q", "ipclab_pipe_reader_t"},
		{"bell", "socket", "/run/ipclab/pipe/s", ""},
	}
	if !slices.Equal(lab.Objects, want) {
		t.Errorf("objects: %+v", lab.Objects)
	}
	if lab.Scenario() == nil || lab.ScenarioFile() != "scenario.yaml" || plain.Scenario() != nil {
		t.Error("the scenario is not the lab's")
	}
	if problems := Lint(lab); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}

func TestScenarioMistakes(t *testing.T) {
	tests := map[string]struct {
		file, from, to string
		says           string
	}{
		"no file":         {"lab.yaml", "scenario: scenario.yaml", "scenario: scenaro.yaml", `pipe/lab.yaml:8:11: scenaro.yaml is not a file of the lab (did you mean "scenario.yaml"?)`},
		"path":            {"lab.yaml", "scenario: scenario.yaml", "scenario: ../scenario.yaml", "not a plain path"},
		"in the scenario": {"scenario.yaml", "to: reader, via: old-channel, want: allow", "to: raeder, via: old-channel, want: allow", `pipe/scenario.yaml:16:5: flow: there is no subject "raeder" (did you mean "reader"?)`},
		"key":             {"scenario.yaml", "title:", "titel:", `pipe/scenario.yaml:2:1: unknown key "titel"`},
		"name":            {"scenario.yaml", "name: pipe", "name: tube", `pipe/lab.yaml:8:11: the scenario's name is "tube", and the lab's is "pipe"`},
		"subject twice":   {"lab.yaml", "build:", "subjects: {reader: {user: bob}}\nbuild:", `the scenario has the subject "reader" already`},
		"object twice":    {"lab.yaml", "build:", "objects: {queue: {kind: fifo, path: /run/q, type: x_t}}\nbuild:", `the scenario has the object "queue" already`},
		"directory twice": {"lab.yaml", "build:", "directories: [{path: /run/ipclab/pipe, owner: root, group: root, mode: \"0755\", type: x_t}]\nbuild:", `stands twice`},
		"module missing":  {"scenario.yaml", "policy/pipe.cil", "policy/pip.cil", `did you mean "policy/pipe.cil"?`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tree := withScenario()
			replaced := strings.Replace(string(tree["pipe/"+test.file].Data), test.from, test.to, 1)
			tree["pipe/"+test.file] = text(replaced)
			_, err := Load(tree, "pipe")
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v\nwant …%s…", err, test.says)
			}
		})
	}
}

func TestLintOfAScenarioIsTheLabs(t *testing.T) {
	tree := withScenario()
	tree["pipe/scenario.yaml"] = text(strings.Replace(goodScenario, "permission: write", "permission: read", 1))
	found := Lint(load1(t, tree))
	if len(found) != 0 { // reading is asked as well, by the other end
		t.Errorf("%v", found)
	}
	tree["pipe/scenario.yaml"] = text(strings.Replace(goodScenario, "permission: write", "permission: wirte", 1))
	found = Lint(load1(t, tree))
	if len(found) != 1 || !strings.HasPrefix(found[0].String(), "pipe/scenario.yaml:17:5: ") {
		t.Errorf("%v", found)
	}
}

// What the scenario says is part of the lab, for students as well.
func TestDigestsHaveTheScenario(t *testing.T) {
	lab := load1(t, withScenario())
	tree := withScenario()
	tree["pipe/scenario.yaml"] = text(strings.Replace(goodScenario, "permission: write", "permission: open", 1))
	other := load1(t, tree)
	if lab.Digest() == other.Digest() {
		t.Error("the digest is the same")
	}
	a, err := lab.PublicDigest()
	b, err2 := other.PublicDigest()
	if err != nil || err2 != nil || a == b {
		t.Errorf("the public digest is the same, or %v, %v", err, err2)
	}
	if lab.MachineDigest() != other.MachineDigest() {
		t.Error("what is forbidden changes nothing in the machine")
	}
	tree["pipe/scenario.yaml"] = text(strings.Replace(goodScenario, "reader: {user: bob", "reader: {user: carol", 1))
	if moved := load1(t, tree); lab.MachineDigest() == moved.MachineDigest() {
		t.Error("another user's machine is taken for the same")
	}
	if student := load1(t, studentsPart(withScenario())); student.Scenario() == nil {
		t.Error("the student's edition has no scenario")
	}
}

func TestVariantsReachTheScenario(t *testing.T) {
	tree := withScenario()
	tree["pipe/lab.yaml"] = text(strings.Replace(string(tree["pipe/lab.yaml"].Data), "scenario: scenario.yaml", "variant: {place: {hex: 16}}\nscenario: scenario.yaml", 1))
	tree["pipe/scenario.yaml"] = text(strings.ReplaceAll(goodScenario, "/run/ipclab/pipe/c", "/run/ipclab/pipe/@@place@@"))
	lab := load1(t, tree)
	one, err := lab.Variant(NewSeed([]byte("0123456789abcdef"), "pipe", "ada"))
	if err != nil {
		t.Fatal(err)
	}
	o, _ := one.Scenario().Object("old-channel")
	if want := "/run/ipclab/pipe/" + one.Values(one.Seed())["place"]; o.Path != want || one.Objects[0].Path != want || lab.Objects[0].Path == want {
		t.Errorf("%s and %s, want %s", o.Path, one.Objects[0].Path, want)
	}
}
