package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeQMP serves one connection with the given replies and gives the commands
// that it heard.
func fakeQMP(t *testing.T, replies map[string][]string) (*monitor, func() []string) {
	t.Helper()
	path := filepath.Join(shortDir(t), "qmp")
	l, err := net.Listen("unix", path)
	must(t, err)
	heard, done := []string{}, make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		serveQMP(conn, replies, func(command string, arguments json.RawMessage) {
			heard = append(heard, strings.TrimSpace(command+" "+string(arguments)))
		})
	}()
	m, err := openMonitor(context.Background(), path)
	must(t, err)
	t.Cleanup(func() { m.close(); l.Close(); <-done })
	return m, func() []string { m.close(); <-done; return heard }
}

const ignoreShared = `migrate-set-capabilities {"capabilities":[{"capability":"x-ignore-shared","state":true}]}`

func TestResume(t *testing.T) {
	m, heard := fakeQMP(t, map[string][]string{
		"query-status": {`{"return":{"status":"inmigrate"}}`, `{"return":{"status":"inmigrate"}}`, `{"return":{"status":"paused"}}`},
	})
	must(t, m.resume(context.Background()))
	want := []string{
		"qmp_capabilities", ignoreShared, `migrate-incoming {"uri":"fd:3"}`,
		"query-status", "query-status", "query-status", "cont",
	}
	if got := heard(); !slices.Equal(got, want) {
		t.Errorf("commands: %q, want %q", got, want)
	}
}

func TestSave(t *testing.T) {
	m, heard := fakeQMP(t, map[string][]string{
		"query-migrate": {`{"return":{"status":"active"}}`, `{"return":{"status":"completed"}}`},
	})
	must(t, m.save(context.Background(), "/a b/state"))
	want := []string{
		"qmp_capabilities", "stop", ignoreShared, `migrate {"uri":"exec:cat \u003e'/a b/state'"}`,
		"query-migrate", "query-migrate",
	}
	if got := heard(); !slices.Equal(got, want) {
		t.Errorf("commands: %q, want %q", got, want)
	}
}

func TestQMPFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		replies map[string][]string
		do      func(*monitor) error
		want    string
	}{
		"refused": {map[string][]string{"migrate-incoming": {`{"error":{"class":"GenericError","desc":"no such URI"}}`}},
			func(m *monitor) error { return m.resume(context.Background()) }, "qmp migrate-incoming: no such URI"},
		"hangs up": {map[string][]string{"cont": {"hang up"}, "query-status": {`{"return":{"status":"paused"}}`}},
			func(m *monitor) error { return m.resume(context.Background()) }, "qmp cont: EOF"},
		"not JSON": {map[string][]string{"stop": {"]["}},
			func(m *monitor) error { return m.save(context.Background(), "/s") }, "qmp stop: invalid"},
		"save fails": {map[string][]string{"query-migrate": {`{"return":{"status":"failed","error-desc":"disk full"}}`}},
			func(m *monitor) error { return m.save(context.Background(), "/s") }, "disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := fakeQMP(t, tt.replies)
			if err := tt.do(m); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestHangUpIsEOF(t *testing.T) {
	m, _ := fakeQMP(t, map[string][]string{"quit": {"hang up"}})
	if _, err := m.do("quit", nil); !errors.Is(err, io.EOF) {
		t.Errorf("quit: %v", err)
	}
}

func TestWaitsEndWithTheContext(t *testing.T) {
	reason := errors.New("QEMU died")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(reason)
	if _, err := dialSocket(ctx, filepath.Join(shortDir(t), "none")); !errors.Is(err, reason) {
		t.Errorf("dialSocket: %v", err)
	}
	m, _ := fakeQMP(t, map[string][]string{"query-status": {`{"return":{"status":"inmigrate"}}`}})
	if err := m.resume(ctx); !errors.Is(err, reason) {
		t.Errorf("resume: %v", err)
	}
	if err := m.save(ctx, "/s"); !errors.Is(err, reason) {
		t.Errorf("save: %v", err)
	}
}
