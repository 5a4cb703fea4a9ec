package proof

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/policy"
)

// widest is a module with every rule that policy.Review lets a student write in
// a lab. More allow rules never allow less: what holds with this module holds
// with every one that passes the review.
func (m rules) widest(scope policy.Scope) policy.Module {
	var b strings.Builder
	targets := slices.Concat(scope.Subjects, scope.Objects)
	for _, class := range m.Classes() {
		perms := m.grantable(class)
		if len(perms) == 0 {
			continue
		}
		for _, subject := range scope.Subjects {
			for _, target := range targets {
				fmt.Fprintf(&b, "(allow %s %s (%s (%s)))\n", subject, target, class, strings.Join(perms, " "))
			}
		}
	}
	return policy.Module{File: "what the review lets pass", Source: []byte(b.String())}
}

// grantable are the permissions of a class that a student may grant.
func (m rules) grantable(class string) []string {
	return slices.DeleteFunc(m.Permissions(class), func(p string) bool { return !policy.Grantable(class, p) })
}
