package labs

import (
	"strings"
	"testing"
)

const fifoLine = "  old-channel: {kind: fifo, path: /run/ipclab/pipe/c, type: ipclab_pipe_t}\n"

func TestSystemVObject(t *testing.T) {
	with := strings.Replace(good, fifoLine, fifoLine+
		"  queue: {kind: msgq, key: {path: /run/ipclab/pipe, project: Q}, type: ipclab_pipe_reader_t}\n", 1)
	lab, err := Load(folder(with), "pipe")
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := lab.Object("queue"); o.Path != "msgq:/run/ipclab/pipe:Q" || o.Kind != "msgq" || o.Type != "ipclab_pipe_reader_t" {
		t.Errorf("queue is %+v", o)
	}
}

func TestSystemVObjectMistakes(t *testing.T) {
	for line, says := range map[string]string{
		"kind: msgq, path: /run/q, type: a_t":                           `unknown key "path" in object "queue"`,
		"kind: shm, type: a_t":                                          `object "queue" has no "key"`,
		"kind: shm, key: {path: /run/q}, type: a_t":                     `has no "project"`,
		"kind: sem, key: {path: run/q, project: S}, type: a_t":          "not a plain absolute path",
		`kind: sem, key: {path: "/run/a:b", project: S}, type: a_t`:     "has a blank or a colon",
		"kind: sem, key: {path: /run/q, project: SQ}, type: a_t":        "is not one letter",
		`kind: sem, key: {path: /run/q, project: ":"}, type: a_t`:       "is not one letter",
		"kind: fifo, key: {path: /run/q, project: S}, type: a_t":        `unknown key "key"`,
		"kind: msq, key: {path: /run/q, project: S}, type: a_t":         `did you mean "msgq"`,
		"kind: msgq, key: {path: /run/q, project: S, id: 3}, type: a_t": `unknown key "id"`,
	} {
		_, err := Load(folder(strings.Replace(good, fifoLine, fifoLine+"  queue: {"+line+"}\n", 1)), "pipe")
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s:\n%v\nshould say %s", line, err, says)
		}
	}
}
