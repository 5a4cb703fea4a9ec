package actor

import (
	"fmt"

	seccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// putOn puts a seccomp filter on every thread of this process, for good
// (seccomp(2)). What it refuses is recorded in the audit trail. The calls by which
// orders and answers come and go pass it on that one socket; on every other
// descriptor it decides about them, too.
func putOn(f *api.Filter) error {
	if f == nil {
		return nil
	}
	refuse, err := refusal(f.Errno)
	if err != nil {
		return err
	}
	otherwise := seccomp.ActAllow
	if f.Deny == nil {
		otherwise = refuse
	}
	filter, err := seccomp.NewFilter(otherwise)
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	defer filter.Release()
	if err := filter.SetLogBit(true); err != nil {
		return fmt.Errorf("seccomp: record what is refused: %w", err)
	}
	if err := rules(filter, f, refuse); err != nil {
		return err
	}
	if err := filter.Load(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// refusal is what a refused call leads to.
func refusal(errno string) (seccomp.ScmpAction, error) {
	if errno == "" {
		return seccomp.ActKillProcess, nil
	}
	for number := unix.Errno(1); number < 134; number++ { // EHWPOISON is the last one
		if unix.ErrnoName(number) == errno {
			return seccomp.ActErrno.SetReturnCode(int16(number)), nil
		}
	}
	return 0, fmt.Errorf("seccomp: there is no errno %q", errno)
}

// rules writes the filter's rules.
func rules(filter *seccomp.ScmpFilter, f *api.Filter, refuse seccomp.ScmpAction) error {
	for _, name := range f.Deny {
		if err := rule(filter, name, refuse, seccomp.CompareNotEqual); err != nil {
			return err
		}
	}
	for _, name := range f.Allow {
		if err := rule(filter, name, seccomp.ActAllow, seccomp.CompareInvalid); err != nil {
			return err
		}
	}
	if f.Deny != nil {
		return nil
	}
	for _, name := range controlCalls() {
		if err := rule(filter, name, seccomp.ActAllow, seccomp.CompareEqual); err != nil {
			return err
		}
	}
	return nil
}

// controlCalls are the calls of hear and say.
func controlCalls() []string { return []string{"recvfrom", "sendto"} }

// rule adds one rule. Of the calls that the control socket is used by, it is one
// about that descriptor only, or about all others.
func rule(filter *seccomp.ScmpFilter, name string, action seccomp.ScmpAction, control seccomp.ScmpCompareOp) error {
	call, err := seccomp.GetSyscallFromName(name)
	if err != nil {
		return fmt.Errorf("seccomp: there is no system call %q", name)
	}
	if control == seccomp.CompareInvalid || name != "recvfrom" && name != "sendto" {
		err = filter.AddRule(call, action)
	} else {
		err = filter.AddRuleConditional(call, action, []seccomp.ScmpCondition{{Argument: 0, Op: control, Operand1: ControlFD}})
	}
	if err != nil {
		return fmt.Errorf("seccomp: a rule about %s: %w", name, err)
	}
	return nil
}

// SyscallName is a system call's name by its number in the audit trail.
func SyscallName(number int) string {
	name, err := seccomp.ScmpSyscall(number).GetName()
	if err != nil {
		return fmt.Sprintf("system call %d", number)
	}
	return name
}
