package grader

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipclab/internal/guest/api"
)

// seconds is a duration for people: "5 s", "0.25 s".
func seconds(d time.Duration) string {
	digits := 2
	if d >= 10*time.Second {
		digits = 0
	}
	s := strconv.FormatFloat(d.Seconds(), 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + " s"
}

// size is a number of bytes for people.
func size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// judgeExit says whether a run ended as it must: by itself, with exit code 0,
// or with another one if it has to fail. Anything else than an exit of its own
// is a failure either way: a program that crashed has refused nothing.
func judgeExit(label string, x api.Exit, mustFail bool) *failure {
	if x.Cause == api.CauseExit {
		return judgeCode(label, x.Code, mustFail)
	}
	return judgeCause(label, x)
}

func judgeCode(label string, code int, mustFail bool) *failure {
	switch {
	case mustFail && code == 0:
		return failed(nil, "%s ended with exit code 0, and had to fail here with another one", label)
	case !mustFail && code != 0:
		return failed(nil, "%s ended with exit code %d, and had to end with 0", label, code)
	}
	return nil
}

// judgeCause names what ended a run that did not end by itself.
func judgeCause(label string, x api.Exit) *failure {
	detail := ""
	if x.Detail != "" {
		detail = " (" + short(oneLine(x.Detail)) + ")"
	}
	switch x.Cause {
	case api.CauseSignal:
		return failed(nil, "%s crashed: %s%s", label, signalText(x.Signal), detail)
	case api.CauseTimeout:
		return failed(nil, "%s hung: it was still running after %s and was stopped%s", label, seconds(x.Wall), detail).forWantOfTime()
	case api.CauseFlood:
		return failed(nil, "%s flooded its output: it printed more than %s and was stopped%s", label, size(maxOutput), detail)
	case api.CauseMemory:
		return failed(nil, "%s used more memory than it may have, and the kernel ended it%s", label, detail)
	case api.CausePids:
		return failed(nil, "%s started more processes than it may have, and was stopped%s", label, detail)
	case api.CauseNotBegun:
		return failed(nil, "%s could not be started%s", label, detail)
	}
	return machineFault("running "+label, fmt.Errorf("it was ended by cause %q, for no reason of ours%s", x.Cause, detail))
}

// signalText names a signal and what it usually means.
func signalText(name string) string {
	meaning := map[string]string{
		"SIGSEGV": "it used memory that is not its own",
		"SIGBUS":  "it used memory that is not there",
		"SIGFPE":  "it made an impossible calculation, such as a division by zero",
		"SIGILL":  "it ran an instruction that does not exist",
		"SIGABRT": "it gave up by abort(), often after a failed assertion or damaged memory",
		"SIGPIPE": "it wrote to a channel that nobody reads any more",
		"SIGALRM": "its alarm() went off unhandled",
		"SIGSYS":  "it made a forbidden system call",
		"SIGKILL": "it was killed",
		"SIGTERM": "it was asked to end",
		"SIGHUP":  "its terminal or its parent went away",
		"SIGXCPU": "it used more processor time than it may have",
		"SIGXFSZ": "it made a file larger than it may",
	}[name]
	if meaning == "" {
		return oneLine(name) + " ended it"
	}
	return name + " ended it: " + meaning
}
