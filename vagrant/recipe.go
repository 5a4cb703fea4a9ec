// Package vagrant holds the recipe of the teaching machine: the list of its
// packages and the script that turns a plain Debian into it. The QEMU image
// (internal/image) and the Vagrant box are made from the same files. It is data
// only; who uses it decides how it is run.
package vagrant

import "embed"

//go:embed packages.txt provision.sh guest
var recipe embed.FS

// Recipe gives the files of the recipe.
func Recipe() embed.FS { return recipe }
