package policy

import (
	"fmt"
	"strings"
)

// Context is an SELinux security context.
type Context struct {
	User  string
	Role  string
	Type  string
	Level string // MLS level or range, such as s0-s0:c0.c1023; empty without MLS
}

// ParseContext reads user:role:type or user:role:type:level.
func ParseContext(text string) (Context, error) {
	parts := strings.SplitN(text, ":", 4) // a level holds colons of its own
	if len(parts) < 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Context{}, fmt.Errorf("%q is not a security context (user:role:type:level)", clip(text))
	}
	c := Context{User: parts[0], Role: parts[1], Type: parts[2]}
	if len(parts) == 4 {
		c.Level = parts[3]
	}
	return c, nil
}

// String gives the context in the kernel's form.
func (c Context) String() string {
	s := c.User + ":" + c.Role + ":" + c.Type
	if c.Level != "" {
		s += ":" + c.Level
	}
	return s
}
