package policy

import "fmt"

// CheckPlain refuses modules that the compiler shall not even see: those with
// anything but single, flat statements about types. The compiler is a large
// program in C that runs on the instructor's computer, and what has broken it
// in the past are blocks, optionals, macros and named sets inside each other.
// None of them is ever within the bounds of a Review. The error is a
// *SyntaxError or a *CompileError.
func CheckPlain(modules []Module) error {
	for _, m := range modules {
		nodes, err := m.parse()
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if !plain(n.Keyword()) {
				_, hint := refusal(n.Keyword())
				return &CompileError{Pos: n.Pos, Msg: fmt.Sprintf("%q is not compiled from a student's module", n.Keyword()), Hint: hint}
			}
		}
	}
	return nil
}

// plain names the statements that the compiler may see of a student's module.
// Most of them are findings of a Review all the same.
func plain(keyword string) bool {
	switch keyword {
	case "allow", "allowx", "auditallow", "auditallowx", "dontaudit", "dontauditx",
		"typetransition", "typechange", "typemember", "typepermissive",
		"type", "typealias", "typealiasactual", "typeattribute", "typeattributeset", "roletype":
		return true
	}
	return false
}
