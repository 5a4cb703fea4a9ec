// Package policy reads, compiles and judges SELinux policy on the host, and
// turns the kernel's audit records into typed values.
//
// It knows four things:
//
//   - ParseCIL reads CIL, the language of the policy modules that labs give
//     and students write, with a position for every name.
//   - Compiler turns a flattened base policy and modules into the binary policy
//     that the kernel loads. It runs secilc(8) and maps what secilc says to the
//     student's file, line and column. Cache keeps the results by digest.
//   - Review looks at a student's modules without compiling them and says which
//     statements go beyond what the lab lets its students say.
//   - ParseAVC and ParseSyscall read audit records as the kernel sends them,
//     with values that the audited process chose safely apart from the rest.
//
// All input may be hostile: modules come from students, and audit records hold
// names that their programs chose. Parsers have limits and never panic, and
// secilc gets its input in a form that was printed from our own parse, so that
// what was reviewed is what is compiled.
//
// The package does not load policy into a kernel, does not talk to a guest and
// prints nothing; that is for packages guest, machine and cli.
package policy
