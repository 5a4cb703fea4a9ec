package grader

import (
	"fmt"
	"path"
	"slices"

	"ipclab/internal/guest/api"
	"ipclab/scenarios"
)

// What is particular about System V objects: they have a key in the place of a
// path, operations of their own, and the type of the domain that made them.

// isObject says whether a word names an object.
func isObject(word string) bool { return path.IsAbs(word) || api.IsSysV(word) }

// judgeObject says what is wrong with an object's name.
func judgeObject(name string) error {
	if !api.IsSysV(name) {
		return nil
	}
	_, err := api.ParseSysV(name)
	return err
}

// called names an object in messages. Keys and identifiers differ from run to
// run and are not named.
func called(name string) string {
	v, err := api.ParseSysV(name)
	if err != nil {
		return oneLine(name)
	}
	what := map[string]string{api.KindQueue: "message queue", api.KindSegment: "shared memory segment",
		api.KindSemaphores: "set of semaphores"}[v.Kind]
	return oneLine(fmt.Sprintf("the %s ftok(%s, '%s')", what, v.Path, v.Project))
}

// nothingAt says that an object is missing.
func nothingAt(name string) string {
	if api.IsSysV(name) {
		return "there is nothing with the key of " + called(name)
	}
	return "there is nothing at " + oneLine(name)
}

// opsOn are the operations that can be tried on an object.
func opsOn(name string) []api.Op {
	if v, err := api.ParseSysV(name); err == nil {
		return api.SysVOps(v.Kind)
	}
	return []api.Op{api.OpRead, api.OpWrite, api.OpAppend, api.OpRdwr, api.OpStat, api.OpUnlink, api.OpChmod, api.OpCreate}
}

// kernelType is what the kernel's own SID stands for: the target of questions
// about the machine as a whole.
const kernelType = "kernel_t"

// sysVTargets are the types that a denial may be about: the object's and its
// messages', which have the same; of what somebody makes, that of who makes it.
func (a *attempt) sysVTargets(o *observation) []string {
	switch a.op {
	case api.OpCreate:
		return []string{a.domain()}
	case api.OpInfo:
		return []string{kernelType}
	}
	return []string{typeOf(o.object.Context)}
}

// judgeSysVMode asks whether owner and mode can have refused at all (ipcperms
// in ipc/util.c).
func (a *attempt) judgeSysVMode(o *observation) *failure {
	owners := []api.Op{api.OpIPCSet, api.OpRemove, api.OpLock}
	free := []api.Op{api.OpCreate, api.OpInfo, api.OpIndexAny, api.OpMsgget, api.OpShmget, api.OpSemget}
	var sure bool
	switch {
	case slices.Contains(free, a.op):
		sure = true
	case slices.Contains(owners, a.op):
		sure = o.object.Owner == a.subject.User
	default:
		sure = surelyGrants(o.object, a.subject.User, sysVBits(a.op))
	}
	if !sure {
		return nil
	}
	return failed(nil, "%s was denied %s, but not by %s: owner and mode let it through, and there is no record of SELinux either",
		a.who(), a.what(), layerName(scenarios.ByDAC))
}

// sysVBits are the bits of the mode that an operation needs.
func sysVBits(op api.Op) int64 {
	switch op {
	case api.OpMsgsnd, api.OpSemop:
		return 2
	case api.OpShmatRW:
		return 6
	}
	return 4
}
