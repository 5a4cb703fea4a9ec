package policy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Compiler compiles policy with secilc(8). The zero value takes secilc from
// PATH.
type Compiler struct {
	// Secilc is the program's path or name; empty is "secilc".
	Secilc string
	// Version tells this compiler from another in the keys of a Cache. Empty
	// means the digest of the program file.
	Version string
}

// CompileError is a module that is CIL, but not a policy. Pos is in the module
// that has to change; its Line is 0 when secilc did not say where.
type CompileError struct {
	Pos   Pos
	Msg   string
	Hint  string   // what to do; may be empty
	Rules []string // the rules that disagree, each with its place
}

// Error gives the place and what is wrong there, without hint and rules.
func (e *CompileError) Error() string { return e.Pos.String() + ": " + e.Msg }

// FlatError is a flattened base policy that does not compile by itself: no
// fault of the student.
type FlatError struct {
	Line int // in the flattened policy; 0 when secilc did not say
	Msg  string
}

// Error says what is wrong with the base policy.
func (e *FlatError) Error() string {
	if e.Line == 0 {
		return "base policy: " + e.Msg
	}
	return fmt.Sprintf("base policy, line %d: %s", e.Line, e.Msg)
}

// Compile makes the binary policy of the flattened policy in the file flat and
// the modules. The modules are untrusted; nothing of them is run.
//
// Errors: *SyntaxError and *CompileError for a module, *FlatError for flat,
// *ToolError for this machine, and the context's when it ended first.
func (c Compiler) Compile(ctx context.Context, flat string, modules []Module) ([]byte, error) {
	all, err := parseAll(modules)
	if err != nil {
		return nil, err
	}
	policy, complaint, err := c.compile(ctx, flat, all)
	if errors.Is(err, errTooMuch) && len(all) > 0 {
		return nil, tooMuch(all[len(all)-1].file)
	}
	if err != nil || complaint == "" {
		return policy, err
	}
	return nil, c.explain(ctx, flat, all, complaint)
}

func (c Compiler) compile(ctx context.Context, flat string, modules []parsed) ([]byte, string, error) {
	r, err := newRun(c.tool(), flat, modules)
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(r.dir)
	policy, complaint, err := r.compile(ctx)
	if err == nil && policy == nil && complaint == "" {
		complaint = "secilc gave no reason"
	}
	return policy, complaint, err
}

// explain turns secilc's messages into an error. When they do not point into a
// module, the base policy is tried alone, to know whose fault it is.
func (c Compiler) explain(ctx context.Context, flat string, modules []parsed, complaint string) error {
	d := newDiagnosis(flat, modules, complaint)
	if err := d.inModule(); err != nil {
		return err
	}
	_, alone, err := c.compile(ctx, flat, nil)
	switch {
	case err != nil:
		return err
	case alone != "" || len(modules) == 0:
		return d.inFlat()
	}
	return d.somewhere()
}

// tooMuch blames the last module: what comes before it compiles every day.
func tooMuch(file string) error {
	return &CompileError{Pos: Pos{File: file}, Msg: fmt.Sprintf("the compiler gave up on these rules after %d s of work", secilcSeconds),
		Hint: "write plain rules, without macros and blocks inside each other"}
}

func (c Compiler) tool() string {
	if c.Secilc == "" {
		return "secilc"
	}
	return c.Secilc
}

func flags() []string { return strings.Fields(secilcFlags) }
