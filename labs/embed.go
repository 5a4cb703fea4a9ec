package labs

import (
	"embed"
	"io/fs"
)

// embedded holds the folders beside this file. The pattern takes a new lab
// along without being changed; "all:" because names that begin with a dot or
// an underscore would otherwise be left out without a word. What embedding
// still cannot carry (a folder with its own go.mod, execute permission, empty
// folders), Lint reports.
//
//go:embed all:*/*
var embedded embed.FS

// Embedded is the labs that are part of the program.
func Embedded() Source { return Source{fsys: embedded} }

// template is the skeleton that New copies. It is itself a complete lab.
func template() fs.FS { return sub(embedded, "template") }
