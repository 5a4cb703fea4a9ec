package policy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// BinaryError is a compiled policy that cannot be read.
type BinaryError struct {
	File, Msg, Advice string
	Err               error // the cause; may be nil
}

// Error says what is wrong with which file.
func (e *BinaryError) Error() string { return e.File + ": " + e.Msg }

// Unwrap gives the cause.
func (e *BinaryError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *BinaryError) Hint() string { return e.Advice }

// ReadWhole reads a whole policy from a file: CIL as it is, and a compiled
// policy, such as /sys/fs/selinux/policy, as the CIL that checkpolicy writes of it.
// Whether the CIL is right is not looked at. Errors: *SyntaxError for what is too
// large, *BinaryError.
func ReadWhole(ctx context.Context, file string) (Module, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return Module{}, err
	}
	if _, ok := compiled(source); ok {
		source, err = decompile(ctx, file)
	} else if !looksLikeCIL(source) {
		return Module{}, &BinaryError{File: file, Msg: "this is neither CIL nor a compiled policy",
			Advice: "a policy is CIL text, such as checkpolicy -M -b -C writes, or the file that the kernel loads, such as /sys/fs/selinux/policy"}
	}
	return Module{File: file, Source: source}, err
}

// looksLikeCIL tells text from what is none: CIL begins with a parenthesis or a
// comment, behind white space.
func looksLikeCIL(source []byte) bool {
	text := strings.TrimLeft(string(source[:min(len(source), 4096)]), " \t\r\n")
	return !strings.ContainsRune(text, 0) && (strings.HasPrefix(text, "(") || strings.HasPrefix(text, ";"))
}

// decompile has checkpolicy write a compiled policy as CIL. One without levels
// is read by another mode of it.
func decompile(ctx context.Context, file string) ([]byte, error) {
	tool, err := exec.LookPath("checkpolicy")
	if err != nil {
		return nil, &BinaryError{File: file, Msg: "this is a compiled policy, and checkpolicy, which reads it, is not installed",
			Advice: "apt-get install checkpolicy; or give the policy as CIL", Err: err}
	}
	dir, err := os.MkdirTemp("", "ipclab-policy-")
	if err != nil {
		return nil, fmt.Errorf("room to read a policy: %w", err)
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "policy.cil")
	complaint := ""
	for _, levels := range [][]string{{"-M"}, nil} {
		said, err := checkpolicy(ctx, append(levels, "-b", "-C", "-o", out, file), tool)
		if err == nil {
			return os.ReadFile(out)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if complaint == "" {
			complaint = said
		}
	}
	return nil, unreadable(file, complaint)
}

// checkpolicy runs it with bounds on memory and time: the file is untrusted.
func checkpolicy(ctx context.Context, args []string, tool string) (complaint string, err error) {
	messages := &head{most: secilcOutput}
	args = append([]string{"-c", limited, "sh", strconv.Itoa(secilcMemory >> 10), strconv.Itoa(secilcSeconds), tool}, args...)
	cmd := exec.CommandContext(ctx, "/bin/sh", args...)
	cmd.Stdout, cmd.Stderr = messages, messages
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nobody reads what an orphan writes
	err = cmd.Run()
	return messages.String(), err
}

// unreadable says what checkpolicy said, with what to do about it.
func unreadable(file, complaint string) error {
	line := firstComplaint(complaint)
	e := &BinaryError{File: file, Msg: "checkpolicy cannot read this policy: " + line, Err: errors.New(complaint)}
	e.Advice = "is it whole? `ipclab scenario prove` without --policy takes that of the machines' image"
	if strings.Contains(line, "version") {
		e.Advice = "it was made for another kernel; have it written as CIL there (checkpolicy -M -b -C -o policy.cil FILE), and give that"
	}
	return e
}

// firstComplaint is the first line that says something, without libsepol's name.
func firstComplaint(text string) string {
	for line := range strings.Lines(text) {
		if _, rest, ok := strings.Cut(line, ": "); ok && strings.TrimSpace(rest) != "" {
			return strings.TrimSpace(rest)
		}
	}
	return "it does not say why"
}
