// Package policy holds the SELinux policy of SIPC as data: a module in CIL with
// a domain for each part that a program plays, and the matrix of operations that
// it is tested by. docs/sipc-policy.md explains both. The package neither
// compiles nor loads a policy.
package policy

import _ "embed" // for the module and the matrix

//go:embed sipc.cil
var module string

//go:embed matrix.txt
var matrix string

// Module is the policy's module.
func Module() []byte { return []byte(module) }

// Matrix is who may do what, as the module is meant.
func Matrix() (*Table, error) { return ParseTable(matrix) }
