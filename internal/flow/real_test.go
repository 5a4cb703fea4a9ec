package flow

import (
	"os"
	"path/filepath"
	"testing"

	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
)

// realPolicy reads the policies of an image: the folder that `ipclab image info`
// shows, in IPCLAB_IMAGE. Without it the test is skipped; package vmtest runs
// the proof of sipc on the real policy always.
func realPolicy(t testing.TB) []policy.Module {
	t.Helper()
	dir := os.Getenv("IPCLAB_IMAGE")
	if dir == "" {
		t.Skip("IPCLAB_IMAGE names no folder of an image")
	}
	var all []policy.Module
	for _, name := range []string{"flat.cil", "base.cil"} {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, policy.Module{File: name, Source: source})
	}
	return all
}

func realModel(t testing.TB, modules []policy.Module) *model.Model {
	t.Helper()
	m := model.New()
	if err := m.Read(modules); err != nil {
		t.Fatal(err)
	}
	return m
}

func realGraph(t testing.TB, m *model.Model, o Options) *Graph {
	t.Helper()
	g, err := NewGraph(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func BenchmarkRead(b *testing.B) {
	modules := realPolicy(b)
	for b.Loop() {
		realModel(b, modules)
	}
}

func BenchmarkNewGraph(b *testing.B) {
	m := realModel(b, realPolicy(b))
	for b.Loop() {
		realGraph(b, m, Options{})
	}
}

func BenchmarkAsk(b *testing.B) {
	g := realGraph(b, realModel(b, realPolicy(b)), Options{})
	for name, q := range map[string]Query{
		"possible":           {From: "named_t", To: "cupsd_t"},
		"many back channels": {From: "ipclab_student_t", To: "ipclab_agent_t"},
		"impossible":         {From: "ipclab_student_t", To: "httpd_t", Trusted: []Trust{{Name: "domain", Except: "ipclab_subject"}}, Wide: true},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Ask(q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReach follows everything that the policy lets through.
func BenchmarkReach(b *testing.B) {
	g := realGraph(b, realModel(b, realPolicy(b)), Options{})
	for b.Loop() {
		if _, err := g.Reach(Query{From: "shadow_t:file"}); err != nil {
			b.Fatal(err)
		}
	}
}
