package guest

import (
	"fmt"
	"os/exec"
	"runtime"

	"github.com/opencontainers/selinux/go-selinux"

	"ipclab/internal/guest/api"
)

// The domains that the agent puts code in.
const (
	studentDomain  = "ipclab_student_t"
	adminContext   = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
	subjectContext = "system_u:system_r:%s:s0"
	objectContext  = "system_u:object_r:%s:s0"
)

// contextOf gives the whole SELinux context of a subject.
func contextOf(s api.Subject) string {
	domain := s.Domain
	if domain == "" {
		domain = studentDomain
	}
	return fmt.Sprintf(subjectContext, domain)
}

// startLabelled starts cmd in the given context. The exec label belongs to the
// thread, and the child is made from the thread that calls fork: so the
// goroutine keeps its thread until that is done.
func startLabelled(cmd *exec.Cmd, context string, start func(*exec.Cmd) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := selinux.SetExecLabel(context); err != nil {
		return fmt.Errorf("domain %s: %w", context, err)
	}
	defer selinux.SetExecLabel("") // an empty label is always accepted
	return start(cmd)
}
