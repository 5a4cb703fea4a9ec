package api

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// SysV names a System V object by what ftok(3) makes its key of. Where other
// objects have a path, it stands as KIND:PATH:PROJECT, such as
// "msgq:/run/ipclab/sipc:Q".
type SysV struct {
	Kind    string // msgq, shm, sem
	Path    string // absolute, without a colon; what is there gives the key
	Project string // one printable character of ASCII
}

// The kinds of System V objects, which are the names of SELinux's classes, too.
const (
	KindQueue      = "msgq"
	KindSegment    = "shm"
	KindSemaphores = "sem"
)

// SysVKinds are the kinds of System V objects.
func SysVKinds() []string { return []string{KindQueue, KindSegment, KindSemaphores} }

// String is the name in the place of a path.
func (v SysV) String() string { return v.Kind + ":" + v.Path + ":" + v.Project }

// IsSysV tells such a name from a path: it does not begin with a slash, but
// with a kind.
func IsSysV(name string) bool {
	kind, _, _ := strings.Cut(name, ":")
	return slices.Contains(SysVKinds(), kind)
}

// ParseSysV reads what String writes. The error says what is wrong with it.
func ParseSysV(name string) (SysV, error) {
	kind, rest, _ := strings.Cut(name, ":")
	file, project, ok := strings.Cut(rest, ":")
	v := SysV{kind, file, project}
	switch {
	case !IsSysV(name) || !ok:
		return SysV{}, fmt.Errorf("%q does not name a System V object as msgq:PATH:LETTER does", name)
	case !path.IsAbs(file) || path.Clean(file) != file:
		return SysV{}, fmt.Errorf("%q: the path is not a plain absolute one", name)
	case len(project) != 1 || project[0] <= ' ' || project[0] > '~':
		return SysV{}, fmt.Errorf("%q: what follows the path is not one letter", name)
	}
	return v, nil
}
