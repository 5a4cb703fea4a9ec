package scenarios

import (
	"strings"
	"testing"
)

// sound is a scenario that nothing is wrong with.
const sound = `name: sound
title: Sound
about: Nothing is wrong.
policy: [whole.cil]
booleans: {s_whole_open: true}
subjects:
  writer: {user: alice, domain: s_whole_writer_t}
  reader: {user: bob, domain: s_whole_writer_t, seccomp: {deny: [write], errno: EPERM}, namespaces: {ipc: other}, cgroup: {pids: 9}}
objects:
  fifo: {kind: fifo, path: /run/x/fifo, mode: "0660", type: s_whole_t}
flows:
  - {from: writer, to: reader, via: fifo, want: allow}
  - {from: reader, to: writer, via: fifo, want: deny, by: selinux, class: fifo_file, permission: write}
`

func TestLintFindsWhatLoadAccepts(t *testing.T) {
	if problems := Lint(load(t, sound)); len(problems) > 0 {
		t.Fatalf("the sound scenario has problems: %v", problems)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"type of its own that nobody declares", "type: s_whole_t", "type: s_sound_t", "10:3: object fifo: no module of the scenario declares the type s_sound_t"},
		{"misspelt type", "type: s_whole_t", "type: s_wohle_t", `declares the type s_wohle_t (did you mean "s_whole_t"?)`},
		{"misspelt domain", "alice, domain: s_whole_writer_t", "alice, domain: s_whole_writr_t", `subject writer: no module of the scenario declares the type s_whole_writr_t (did you mean`},
		{"misspelt boolean", "{s_whole_open: true}", "{s_whole_opne: true}", `no module of the scenario declares the boolean s_whole_opne (did you mean "s_whole_open"?)`},
		{"nothing stops it", ", by: selinux, class: fifo_file, permission: write", "", "13:5: the flow is forbidden, and nothing says what must stop it"},
		{"no class", ", class: fifo_file", "", "nothing says at which class and permission"},
		{"wrong class", "class: fifo_file", "class: file", "SELinux is not asked about the class file"},
		{"wrong permission", "permission: write}", "permission: wirte}", "SELinux is not asked about fifo_file wirte when a fifo is used in this way; it is about"},
		{"no control", "want: allow", "want: deny, by: dac", "12:5: no flow over fifo is allowed"},
		{"no filter", "from: reader, to: writer, via: fifo, want: deny, by: selinux, class: fifo_file, permission: write",
			"from: reader, to: writer, via: fifo, want: deny, by: seccomp, syscall: write, refused: to", "writer has no filter on system calls"},
		{"filter with a hole", "by: selinux, class: fifo_file, permission: write", "by: seccomp, syscall: writev", `the filter of reader does not refuse writev (did you mean "write"?)`},
		{"no call", "by: selinux, class: fifo_file, permission: write", "by: seccomp", "nothing says at which system call"},
		{"same namespaces", ", namespaces: {ipc: other}, cgroup: {pids: 9}}", "}\n  more: {user: bob}", "subject more does nothing"},
		{"not parted", "namespaces: {ipc: other}, ", "", ""},
		{"no bounds", "by: selinux, class: fifo_file, permission: write", "by: cgroup, refused: to", "writer has no bounds of a control group"},
		{"executable", `"0660"`, `"0770"`, "the mode 0770 has bits for executing"},
		{"unused object", "flows:", "  other: {kind: exit}\nflows:", "no flow leads over object other"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(sound, test.old) {
				t.Fatalf("the scenario has no %q", test.old)
			}
			var all []string
			for _, p := range Lint(load(t, strings.Replace(sound, test.old, test.new, 1))) {
				all = append(all, p.Error())
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, test.want) || (test.want == "") != (text == "") {
				t.Errorf("problems:\n%s\nwant %s", text, test.want)
			}
		})
	}
}

func TestLintFindsNamespacesThatDoNotPart(t *testing.T) {
	text := strings.NewReplacer("by: selinux, class: fifo_file, permission: write", "by: namespace", "namespaces: {ipc: other}, ", "").Replace(sound)
	problems := Lint(load(t, text))
	if len(problems) != 1 || !strings.Contains(problems[0].Msg, "are in the same namespaces") {
		t.Errorf("%v", problems)
	}
}

func TestLintReadsModules(t *testing.T) {
	files := folder(sound)
	files["whole.cil"].Data = []byte("(type s_whole_t)\n(tpye x)")
	s, err := Load(files, File, "my/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	problems := Lint(s)
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), "my/whole.cil:2:") {
		t.Errorf("%v", problems)
	}
}
