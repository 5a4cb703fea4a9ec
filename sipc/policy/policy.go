// Package policy holds the SELinux policy of SIPC: a module in CIL with a domain
// for each part that a program plays. It is data only. docs/sipc-policy.md
// explains it, and has the matrix of operations by which it is tested.
package policy

import _ "embed" // for the module

//go:embed sipc.cil
var module string

// Module is the policy's module.
func Module() []byte { return []byte(module) }
