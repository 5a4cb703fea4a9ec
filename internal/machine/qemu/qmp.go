package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// monitor is a connection to QEMU's machine protocol (qemu-qmp-ref(7)), as far
// as freezing and restoring need it.
type monitor struct {
	conn net.Conn
	in   *json.Decoder
}

type qmpReply struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`
	Event string          `json:"event"`
	QMP   json.RawMessage `json:"QMP"`
}

// openMonitor connects to the socket at path, which QEMU may still be making.
func openMonitor(ctx context.Context, path string) (*monitor, error) {
	conn, err := dialSocket(ctx, path)
	if err != nil {
		return nil, err
	}
	m := &monitor{conn: conn, in: json.NewDecoder(conn)}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	var hello qmpReply
	if err := m.in.Decode(&hello); err != nil {
		conn.Close()
		return nil, fmt.Errorf("qmp: %w", err)
	}
	if _, err := m.do("qmp_capabilities", nil); err != nil {
		conn.Close()
		return nil, err
	}
	return m, nil
}

// dialSocket connects to a Unix socket that is about to appear.
func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (m *monitor) close() error { return m.conn.Close() }

// do runs one command and waits for its answer.
func (m *monitor) do(command string, arguments any) (json.RawMessage, error) {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(m.conn).Encode(request); err != nil {
		return nil, fmt.Errorf("qmp %s: %w", command, err)
	}
	for {
		var r qmpReply
		if err := m.in.Decode(&r); err != nil {
			return nil, fmt.Errorf("qmp %s: %w", command, err)
		}
		if r.Error != nil {
			return nil, fmt.Errorf("qmp %s: %s", command, r.Error.Desc)
		}
		if r.Return != nil {
			return r.Return, nil
		}
	}
}

// status is the run state, such as "running", "paused" or "inmigrate".
func (m *monitor) status() (string, error) {
	raw, err := m.do("query-status", nil)
	if err != nil {
		return "", err
	}
	var s struct{ Status string }
	return s.Status, json.Unmarshal(raw, &s)
}

// leaveMemory keeps the guest's memory out of the saved state: it is in a file of
// its own already (the capability behind VM templating; see QEMU's
// docs/devel/migration, "ignore-shared").
func (m *monitor) leaveMemory() error {
	_, err := m.do("migrate-set-capabilities", map[string]any{
		"capabilities": []any{map[string]any{"capability": "x-ignore-shared", "state": true}},
	})
	return err
}

// resume reads the devices' state from descriptor 3 and lets the machine run.
func (m *monitor) resume(ctx context.Context) error {
	if err := m.leaveMemory(); err != nil {
		return err
	}
	if _, err := m.do("migrate-incoming", map[string]any{"uri": "fd:3"}); err != nil {
		return err
	}
	for {
		status, err := m.status()
		if err != nil {
			return err
		}
		if status != "inmigrate" {
			break
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	_, err := m.do("cont", nil)
	return err
}

// save stops the machine and writes the state of its devices to the file at
// path, which must exist. Memory is not written: it is in the RAM file.
func (m *monitor) save(ctx context.Context, path string) error {
	if _, err := m.do("stop", nil); err != nil {
		return err
	}
	if err := m.leaveMemory(); err != nil {
		return err
	}
	uri := map[string]any{"uri": "exec:cat >" + shellQuote(path)}
	if _, err := m.do("migrate", uri); err != nil {
		return err
	}
	for {
		raw, err := m.do("query-migrate", nil)
		if err != nil {
			return err
		}
		var s struct {
			Status string
			Desc   string `json:"error-desc"`
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		switch s.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return errors.New("saving the machine's state failed: " + s.Desc)
		}
		if err := pause(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
}

func shellQuote(s string) string {
	out := "'"
	for _, c := range s {
		if c == '\'' {
			out += `'\''`
			continue
		}
		out += string(c)
	}
	return out + "'"
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
