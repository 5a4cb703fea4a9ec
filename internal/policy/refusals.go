package policy

import (
	"fmt"
	"strings"
)

// refusal says why a statement is not allowed in a student's module, and what
// to do about it.
func refusal(keyword string) (what, hint string) {
	switch keyword {
	case "typepermissive":
		return "this turns enforcement off for a domain: nothing would be denied any more, and nothing would be shown",
			"delete it, and allow what the domain needs"
	case "dontaudit", "dontauditx":
		return "this hides denials: the record of a denial is the evidence that your policy works",
			"delete it: a denial that is meant to happen may be seen"
	case "auditallow", "auditallowx":
		return "this adds audit records, and they are kept for the checks", "delete it; `ipclab check` shows the denials"
	case "neverallow", "neverallowx", "deny":
		return fmt.Sprintf("%q is for the author of the base policy", keyword), "delete it: what no rule allows is denied"
	}
	return refusalOfGroup(keyword)
}

func refusalOfGroup(keyword string) (what, hint string) {
	const only = "write allow and typetransition rules only"
	switch keyword {
	case "block", "blockinherit", "blockabstract", "optional", "macro", "call", "in", "tunable", "tunableif":
		return fmt.Sprintf("%q can hide or change rules, so it is not for a lab's policy", keyword),
			"write the rules themselves, one after the other"
	case "boolean", "booleanif":
		return fmt.Sprintf("%q makes rules that come and go: this lab's rules have to hold always", keyword),
			"write the rules without a condition"
	case "type", "typealias", "typealiasactual", "typeattribute", "typeattributeset", "expandtypeattribute", "typebounds":
		return fmt.Sprintf("%q changes what types there are and what they belong to; the lab gives all that you need", keyword), only
	case "classpermission", "classpermissionset", "classmap", "classmapping", "permissionx":
		return fmt.Sprintf("%q gives permissions another name, so that a rule does not say what it allows", keyword),
			"list the permissions in the rule"
	}
	if strings.HasPrefix(keyword, "role") || strings.HasPrefix(keyword, "user") {
		return fmt.Sprintf("%q changes who may be in which role; the lab's users and roles stay as they are", keyword), only
	}
	return fmt.Sprintf("%q is not for a student's module", keyword), only
}

// powerfulClass names the classes whose permissions are powers over the
// machine. None is part of communication between two programs.
func powerfulClass(class string) bool {
	switch class {
	case "security", "system", "kernel_service", "bpf", "perf_event", "lockdown", "io_uring", "user_namespace",
		"capability", "capability2", "cap_userns", "cap2_userns", "process2", "filesystem", "memprotect", "service", "passwd",
		"chr_file", "blk_file", "anon_inode", "netlink_audit_socket", "netlink_selinux_socket",
		"vsock_socket", "packet_socket", "rawip_socket", "tun_socket", "key_socket", "xdp_socket", "alg_socket":
		return true
	}
	return false
}

// powerfulPermission names permissions that change labels, domains, memory
// protection or the policy itself, whatever the class.
func powerfulPermission(perm string) bool {
	switch perm {
	case "relabelfrom", "relabelto", "mounton", "quotaon", "execmod", // of files and file systems
		"entrypoint", "execute_no_trans", "execute",
		"execmem", "execstack", "execheap", "ptrace", "transition", "dyntransition", // of processes
		"setexec", "setfscreate", "setkeycreate", "setsockcreate", "setcurrent", "noatsecure", "siginh", "rlimitinh", "share",
		"load_policy", "setenforce", "setbool", "setsecparam", "setcheckreqprot", "compute_relabel", // of the policy
		"module_load", "module_request", "syslog_read", "syslog_mod", "map_create", "prog_load":
		return true
	}
	return false
}

// Grantable tells whether Review lets a rule between the types of a scope grant
// a permission.
func Grantable(class, perm string) bool { return !powerfulClass(class) && !powerfulPermission(perm) }

// list joins names for a hint.
func list(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}
