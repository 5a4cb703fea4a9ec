package scenarios

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
)

// whole is a scenario with every key that there is.
const whole = `name: whole
title: Everything at once
about: A scenario with every key.
policy: [whole.cil]
booleans: {s_whole_open: true, other: false}
directories:
  - {path: /run/x, owner: root, group: channel, mode: "0750", type: s_whole_dir_t}
subjects:
  writer: {user: alice, domain: s_whole_writer_t, seccomp: {deny: [msgsnd], errno: EPERM}, cgroup: {memory: 64M, pids: 4}}
  reader: {user: bob, namespaces: {ipc: other, net: other}, capabilities: [net_bind_service], seccomp: {allow: [read]}}
objects:
  fifo: {kind: fifo, path: /run/x/fifo, owner: alice, group: channel, mode: "0660", type: s_whole_t}
  queue: {kind: msgq, key: {path: /lab, project: q}, mode: "0600", maker: writer}
  port: {kind: tcp, port: 4700, maker: reader}
  links: {kind: netlink, protocol: usersock, maker: reader}
  usr1: {kind: signal, signal: USR1}
  passed: {kind: descriptor, of: fifo}
flows:
  - {from: writer, to: reader, via: fifo, want: allow}
  - {from: reader, to: writer, via: fifo, how: append, want: deny, by: selinux, class: fifo_file, permission: append, errno: EACCES, refused: from, why: one way}
  - {from: reader, to: writer, via: queue, want: deny, by: seccomp, syscall: msgsnd}
  - {from: reader, to: writer, want: deny}
backchannels:
  - {from: reader, to: writer, via: fifo, how: full, want: allow, why: measured, bound: 1000.5}
  - {from: reader, to: writer, via: fifo, how: lock, want: deny, look: rdwr, tries: from, by: selinux, class: fifo_file, permission: lock, why: closed}
revocations:
  - {from: writer, to: reader, via: fifo, how: write, boolean: s_whole_open, held: stops, why: asked again}
trusted:
  - {type: ipclab_agent_t, why: the machine's}
  - {type: "domain:fd", except: ipclab_subject, private: true, why: not shared}
broken:
  - name: more
    title: too much
    rules: (allow s_whole_writer_t s_whole_t (fifo_file (append)))
    booleans: {other: true}
    directories: {/run/x: {mode: "0777"}}
    subjects: {reader: {namespaces: {}, seccomp: {deny: [read], errno: EPERM}}}
    objects: {fifo: {mode: "0666"}}
    finds:
      - {from: reader, to: writer, via: fifo, how: append}
      - {from: reader, to: writer, via: fifo, how: lock, observed: false, why: nobody tries it}
`

// folder is the folder of a scenario.
func folder(text string) fstest.MapFS {
	return fstest.MapFS{
		File:        {Data: []byte(text)},
		"whole.cil": {Data: []byte("(type s_whole_writer_t)(type s_whole_dir_t)(type s_whole_t)(boolean s_whole_open true)(boolean other false)")},
	}
}

func load(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Load(folder(text), File, "my/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLoadReadsEveryKey(t *testing.T) {
	s := load(t, whole)
	writer, _ := s.Subject("writer")
	if writer.User != "alice" || writer.Cgroup.Memory != 64<<20 || writer.Cgroup.Pids != 4 || writer.Seccomp.Errno != "EPERM" {
		t.Errorf("writer is %+v", writer)
	}
	reader, _ := s.Subject("reader")
	if reader.Namespaces["net"] != "other" || reader.Capabilities[0] != "net_bind_service" || reader.Seccomp.Allow[0] != "read" {
		t.Errorf("reader is %+v", reader)
	}
	queue, _ := s.Object("queue")
	if queue.Kind != mechanism.Queue || queue.Key != (api.SysV{Kind: "msgq", Path: "/lab", Project: "q"}) || queue.Maker != "writer" {
		t.Errorf("queue is %+v", queue)
	}
	want := Flow{
		From: "reader", To: "writer", Via: "fifo", How: "append", Want: Deny, By: BySELinux, Class: "fifo_file",
		Permission: "append", Errno: "EACCES", Refused: FromEnd, Why: "one way", At: Position{Line: 20, Column: 5},
	}
	if s.Flows[1] != want {
		t.Errorf("flow is %+v", s.Flows[1])
	}
	if b := s.BackChannels[0]; b.Bound != 1000.5 || b.Want != Allow {
		t.Errorf("back channel is %+v", b)
	}
	if !s.Booleans["s_whole_open"] || s.Booleans["other"] || len(s.Booleans) != 2 || s.Directories[0].Mode != "0750" {
		t.Errorf("booleans %v, directories %v", s.Booleans, s.Directories)
	}
	if r := s.Revocations[0]; r.Held != Stops || s.Trusted[1].Except != "ipclab_subject" || !s.Trusted[1].Private {
		t.Errorf("revocation %+v, trusted %+v", r, s.Trusted)
	}
}

func TestLoadNamesEveryMistake(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown key", "title: Everything", "titel: Everything", `my/scenario.yaml:2:1: unknown key "titel" in the scenario (did you mean "title"?)`},
		{"missing key", "want: allow}\n  - {from: reader, to: writer, via: fifo, how", "why: x}\n  - {from: reader, to: writer, via: fifo, how", `19:5: an element of flows of the scenario has no "want"`},
		{"unquoted mode", `mode: "0660"`, "mode: 0660", `my/scenario.yaml:12:77: mode of object "fifo" must be a text, not a number: write "0660", in quotes`},
		{"bad mode", `mode: "0660"`, `mode: "0680"`, `mode of object "fifo": "0680" is not an octal mode`},
		{"unknown kind", "kind: tcp", "kind: tpc", `kind of object "port": "tpc" is not one of`},
		{"nearest kind", "kind: tcp", "kind: tc", `(did you mean "tcp"?)`},
		{"key of another kind", "port: 4700, maker", "port: 4700, path: /x, maker", `object "port" has a "path", which is only for kind fifo, file`},
		{"needed by the kind", "port: 4700, maker", "maker", `object "port" has no "port"`},
		{"port too high", "4700", "70000", "70000 is not a port's number between 1 and 65535"},
		{"both of one", "{deny: [msgsnd], errno", "{deny: [msgsnd], allow: [read], errno", "must have exactly one of deny or allow"},
		{"neither of one", "{deny: [msgsnd], errno", "{errno", "must have exactly one of deny or allow"},
		{"layer of an allowed flow", "via: fifo, want: allow}", "via: fifo, want: allow, by: dac}", `has a "by", which is only for want deny`},
		{"class without selinux", "by: seccomp, syscall", "by: seccomp, class: file, syscall", `has a "class", which is only for by selinux`},
		{"unknown subject", "from: writer, to: reader, via: fifo, want", "from: writter, to: reader, via: fifo, want", `flow: there is no subject "writter" (did you mean "writer"?)`},
		{"unknown object", "to: reader, via: fifo, want", "to: reader, via: fito, want", `flow: there is no object "fito" (did you mean "fifo"?)`},
		{"to itself", "from: writer, to: reader, via: fifo, want", "from: reader, to: reader, via: fifo, want", "the flow leads from reader to itself"},
		{"unknown way", "how: append, want", "how: apend, want", `a fifo cannot be used in the way "apend"; there is write, append or rdwr (did you mean "append"?)`},
		{"way without object", "to: writer, want: deny}", "to: writer, how: write, want: deny}", "has a way (how: write) and no object"},
		{"no maker", ", maker: writer}", "}", "object queue has no maker"},
		{"passed by itself", "of: fifo", "of: passed", "which is a descriptor itself"},
		{"no such module", "[whole.cil]", "[hole.cil]", `4:10: there is no file hole.cil beside the scenario (did you mean "whole.cil"?)`},
		{"module outside", "[whole.cil]", "[../whole.cil]", "is not a file that ends in .cil"},
		{"path with dots", "/run/x/fifo", "/run/x/../fifo", "is not an absolute path"},
		{"boolean off", "s_whole_open: true", "s_whole_open: false", "the revocation's boolean s_whole_open must be on at first"},
		{"said twice", "how: lock, want: deny, look: rdwr, tries: from", "how: full, want: deny", "the back channel from reader to writer over fifo (full) stands twice, first in line 24"},
		{"key twice", "booleans: {", "name: x\nbooleans: {", `key "name" in the scenario stands twice`},
		{"nobody acts", "  writer: {user: alice, domain: s_whole_writer_t", "  Writer: {user: alice, domain: s_whole_writer_t", `a key of subjects: "Writer" is not a name`},
		{"namespace", "{ipc: other", "{icp: other", `"icp" is not one of ipc, net`},
		{"anchor", "title: Everything", "title: &x Everything", "title of the scenario must be a text, not an anchor"},
		{"infinite bound", "1000.5", ".inf", "must be a number of bits per second"},
		{"negative bound", "1000.5", "-1", "-1 is not a number of bits per second between 0"},
		{"not YAML", "name: whole", "name: [", "not YAML"},
		{"twin of nobody", "subjects: {reader: {names", "subjects: {raeder: {names", `twin more: there is no subject "raeder" (did you mean "reader"?)`},
		{"twin changes the kind", `objects: {fifo: {mode: "0666"}}`, "objects: {fifo: {kind: tcp}}", `has a "path", which is only for kind`},
		{"twin's directory", "directories: {/run/x:", "directories: {/run/y:", `there is no directory "/run/y"`},
		{"find that is allowed", "via: fifo, how: append}", "via: fifo}", "the scenario does not forbid a flow or back channel from reader to writer over fifo"},
		{"find without reason", "observed: false, why: nobody tries it", "observed: false", `the find has no "why"`},
		{"find in no view", "observed: false", "observed: false, permitted: false", "what is found in neither view is no find"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(whole, test.old) {
				t.Fatalf("the scenario has no %q", test.old)
			}
			_, err := Load(folder(strings.Replace(whole, test.old, test.new, 1)), File, "my/scenario.yaml")
			var m *Mistake
			if !errors.As(err, &m) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestLoadReportsAllMistakesInOrder(t *testing.T) {
	text := strings.NewReplacer("title: Everything at once\n", "", "want: allow}", "want: alow}", "4700", "0").Replace(whole)
	_, err := Load(folder(text), File, "s.yaml")
	if err == nil {
		t.Fatal("no mistake")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{`s.yaml:1:1: the scenario has no "title"`, "s.yaml:13:", "s.yaml:18:"} {
		if len(lines) <= i || !strings.HasPrefix(lines[i], want) {
			t.Errorf("mistake %d should begin with %q:\n%v", i, want, err)
		}
	}
}

func TestLoadRefusesWhatIsNoScenario(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "list": "- a", "two": "a: b\n---\nc: d", "huge": "# " + strings.Repeat("x", maxFile)} {
		if _, err := Load(folder(text), File, "s.yaml"); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := Load(folder(whole), "../x.yaml", "x"); err == nil {
		t.Error("a path that leads out was read")
	}
	if _, err := Load(folder(whole), "none.yaml", "x"); err == nil {
		t.Error("a missing file was read")
	}
}

func TestModules(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, file := range folder(whole) {
		fsys["deep/"+name] = file
	}
	s, err := Load(fsys, "deep/scenario.yaml", "here/deep/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := s.Modules()
	if err != nil || len(modules) != 1 || modules[0].File != "here/deep/whole.cil" || !strings.Contains(string(modules[0].Source), "s_whole_t") {
		t.Errorf("%v, %v", modules, err)
	}
}
