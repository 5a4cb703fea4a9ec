// Package permitted computes what of a scenario would get through: the second of
// the three ways to look at one. It asks the layers in the order in which the
// kernel does: the declared filter on system calls, namespaces, owner and mode,
// and SELinux, of which it has the whole policy. Nothing is run, and no machine
// is needed.
//
// For a flow over an object it goes through the calls of both ends
// (internal/mechanism) and asks of each what the kernel would ask: the first
// refusal is what stops the flow, and without one it flows. For a flow over
// whatever way, and for every pair of subjects, it asks the information-flow graph
// (internal/flow), and has each answer that there is none certified.
//
// What it does not look at, it names: users, roles and levels of SELinux, the
// bounds of control groups, and what only running would show, such as how fast
// a back channel is. Whether an answer is the wanted one is for internal/matrix.
package permitted
