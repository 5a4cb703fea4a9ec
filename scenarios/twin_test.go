package scenarios

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestBrokenChangesWhatTheTwinSays(t *testing.T) {
	s := load(t, whole)
	b, err := s.Broken("more")
	if err != nil {
		t.Fatal(err)
	}
	if !b.Booleans["other"] || !b.Booleans["s_whole_open"] || b.Directories[0].Mode != "0777" || b.Directories[0].Owner != "root" {
		t.Errorf("booleans %v, directories %v", b.Booleans, b.Directories)
	}
	fifo, _ := b.Object("fifo")
	if fifo.Mode != "0666" || fifo.Owner != "alice" || fifo.Path != "/run/x/fifo" {
		t.Errorf("fifo is %+v", fifo)
	}
	reader, _ := b.Subject("reader")
	if reader.Namespaces != nil || reader.User != "bob" || reader.Seccomp.Allow != nil || reader.Seccomp.Deny[0] != "read" {
		t.Errorf("reader is %+v", reader)
	}
	if !reflect.DeepEqual(b.Flows, s.Flows) || !reflect.DeepEqual(b.BackChannels, s.BackChannels) {
		t.Error("the twin wants something else")
	}
	modules, err := b.Modules()
	if err != nil || len(modules) != 2 || !strings.Contains(string(modules[1].Source), "append") || !strings.Contains(modules[1].File, "more") {
		t.Errorf("modules %v, %v", modules, err)
	}
}

func TestBrokenLeavesTheScenarioAlone(t *testing.T) {
	s, fresh := load(t, whole), load(t, whole)
	if _, err := s.Broken("more"); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, fresh) {
		t.Error("making a twin changed the scenario")
	}
}

func TestBrokenNamesTheNearest(t *testing.T) {
	_, err := load(t, whole).Broken("mor")
	var unknown *UnknownTwinError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), `did you mean "more"?`) || unknown.Hint() != "it has more" {
		t.Errorf("%v", err)
	}
}

func TestJSONIsTheFile(t *testing.T) {
	s := load(t, whole)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var again map[string]any
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	fifo := again["objects"].(map[string]any)["fifo"].(map[string]any)
	if fifo["mode"] != "0660" || again["booleans"].(map[string]any)["other"] != false {
		t.Errorf("%s", text)
	}
}
