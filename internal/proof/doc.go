// Package proof shows, by the rules of a whole SELinux policy, that student
// code cannot reach what judges it: the agent, the trusted probe's file, the
// audit log, the port to the host, the policy itself. The running probe has the
// domain of the subject that it stands for; that no program of a run reaches it
// is seen to in the guest.
//
// It computes every domain that student code can become, beginning with the
// subjects of the labs, and holds the claims of claims.cil against what each of
// them is granted. The answer names the domains, or the path of rules by which
// a claim breaks.
//
// It errs on one side only. Rules under a boolean count whatever its value, and
// roles, levels, constraints and file modes, which only take away, do not
// count: so what is proved impossible is impossible. What it cannot read is
// not proved. Mistakes in the kernel or in a trusted program are beyond it.
//
// The package reads policies and does not compile or load them; what a student
// may say at all is judged by policy.Review.
package proof
