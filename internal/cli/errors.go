package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ipclab/grader"
	"ipclab/internal/intake"
	"ipclab/internal/policy"
	"ipclab/internal/session"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// Exit codes.
const (
	codeDone    = 0
	codeStudent = 1 // the student's work falls short
	codeUsage   = 2
	codeMachine = 3
	codeLab     = 4
	codeStopped = 130 // Ctrl-C, as shells have it
)

// usageError is a command line that is not understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func (e *usageError) Hint() string {
	return "`ipclab help` lists the commands and `ipclab help COMMAND` explains one"
}

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// exactly wants so many arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("want %s", what)
		}
		return nil
	}
}

func atMostOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("want at most %s", what)
		}
		return nil
	}
}

// whichError says that no lab was named and that it is not clear which is meant.
type whichError struct{ running []string }

func (e *whichError) Error() string {
	if len(e.running) == 0 {
		return "which lab? none is running"
	}
	return "which lab? " + strings.Join(e.running, " and ") + " are running"
}

func (e *whichError) Hint() string {
	if len(e.running) == 0 {
		return "`ipclab list` shows the labs, `ipclab start LAB` starts one"
	}
	return "name it, as in `ipclab check " + e.running[0] + "`"
}

// exitError ends a command with a code and nothing more to say.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// conclude prints an error, if there is one, and gives the exit code.
func (a *app) conclude(ctx context.Context, err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return codeDone
	case errors.As(err, &exit):
		return exit.code
	case ctx.Err() != nil:
		fmt.Fprintln(a.err, "stopped")
		return codeStopped
	}
	a.printError(err)
	return codeOf(err)
}

// printError prints one error and its hint.
func (a *app) printError(err error) {
	if a.json {
		_ = json.NewEncoder(a.out).Encode(struct {
			Error string `json:"error"`
			Hint  string `json:"hint,omitempty"`
			Code  int    `json:"code"`
		}{err.Error(), hintOf(err), codeOf(err)})
		return
	}
	fmt.Fprintf(a.err, "error: %s\n", indentRest(grader.Escape(err.Error())))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(a.err, "hint: %s\n", hint)
	}
}

// indentRest indents all lines but the first.
func indentRest(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") }

// hintOf asks an error for its hint.
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Hint
	}
	var compile *policy.CompileError
	if errors.As(err, &compile) {
		return compile.Hint
	}
	var tool *policy.ToolError
	if errors.As(err, &tool) {
		return tool.Hint
	}
	return ""
}

// codeOf says whose fault an error is.
func codeOf(err error) int {
	var (
		usage    *usageError
		which    *whichError
		unknown  *labs.UnknownError
		check    *grader.UnknownCheckError
		hidden   *grader.HiddenCheckError
		edition  *labs.EditionError
		token    *labs.TokenError
		plain    *labs.NoVariantsError
		secret   *labs.SecretError
		variant  *session.VariantError
		needed   *secretNeededError
		exists   *labs.ExistsError
		manifest *labs.ManifestError
		syntax   *policy.SyntaxError
		compile  *policy.CompileError
		work     *workspace.Error
		taken    *takenError
		handed   *intake.Error
	)
	switch {
	case errors.As(err, &usage), errors.As(err, &which), errors.As(err, &unknown), errors.As(err, &check), errors.As(err, &exists),
		errors.As(err, &hidden), errors.As(err, &edition), errors.As(err, &token), errors.As(err, &plain),
		errors.As(err, &secret), errors.As(err, &variant), errors.As(err, &needed), errors.As(err, &taken), gradeUsage(err), reportUsage(err), sipcUsage(err), scenarioUsage(err), provingUsage(err), chooseUsage(err):
		return codeUsage
	case errors.As(err, &manifest), errors.As(err, &syntax), errors.As(err, &compile), provingLab(err):
		return codeLab
	case errors.As(err, &work), errors.As(err, &handed) && handed.Fault == grader.Student, sipcOther(err):
		return codeStudent
	}
	if strings.HasPrefix(err.Error(), "unknown command") { // cobra has no type for it
		return codeUsage
	}
	return codeMachine
}

// printJSON prints a value for programs.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
