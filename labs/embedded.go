package labs

import "io/fs"

// Embedded is the labs that are part of the program.
func Embedded() Source { return Source{fsys: embedded} }

// template is the skeleton that New copies. It is itself a complete lab.
func template() fs.FS { return sub(embedded, "template") }
