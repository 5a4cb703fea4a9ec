//go:build student

package labs

import "embed"

// embedded holds the folders beside this file as students get them: with the
// build tag "student" the program has no solution, no wrong solution and no
// hidden check in it. The template is no lab that anybody has to solve, and is
// there whole.
//
//go:embed */lab.yaml */scenario.yaml */README.md all:*/starter all:*/policy all:*/checks all:template
var embedded embed.FS
