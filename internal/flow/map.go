package flow

import (
	_ "embed" // for the two files
	"fmt"
	"slices"
	"strings"
)

//go:embed permissions.map
var permissionsSource []byte

//go:embed channels.map
var channelsSource []byte

// Direction says which way information flows, seen from the process that is
// granted a permission.
type Direction uint8

// The directions. They can be combined.
const (
	Read  Direction = 1 << iota // the process learns from the object
	Write                       // the process tells the object
)

// String gives the word that permissions.map has for it.
func (d Direction) String() string {
	return [...]string{"none", "read", "write", "both"}[d&(Read|Write)]
}

// Flow is what one permission lets flow.
type Flow struct {
	Dir    Direction
	Narrow bool   // a few bits at a time
	Side   string // of the object; "" is its plain one
	Medium string // in place of the object: one for the whole machine; "" is none
}

// Permission is a line of permissions.map, for one permission of one class.
type Permission struct {
	Name  string
	Flows []Flow // empty for none
	Why   string
}

// Map says what flows by which permission, and against it.
type Map struct {
	Channels []Channel
	Notes    []Note
	classes  map[string]*class
}

// class is what is known of an object class.
type class struct {
	process bool // the object is the program that has the type
	perms   map[string]Permission
}

// MapError is a line of a permission map that cannot be read.
type MapError struct {
	File string
	Line int // from 1
	Msg  string
}

// Error gives the place and what is wrong there.
func (e *MapError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// DefaultMap gives the map for Linux 6.1 and Debian 12 that is part of this
// program.
func DefaultMap() (*Map, error) {
	m, err := ParseMap("permissions.map", permissionsSource)
	if err != nil {
		return nil, err
	}
	return m, m.ParseChannels("channels.map", channelsSource)
}

// Permission finds what the map says of a permission.
func (m *Map) Permission(class, name string) (Permission, bool) {
	c, ok := m.classes[class]
	if !ok {
		return Permission{}, false
	}
	p, ok := c.perms[name]
	return p, ok
}

// process tells whether an object of the class is the program that has the type.
func (m *Map) process(class string) bool {
	c, ok := m.classes[class]
	return ok && c.process
}

// CoverError is a policy with permissions that the map says nothing of.
type CoverError struct {
	Missing []string // CLASS:PERMISSION
}

// Error names the first of them.
func (e *CoverError) Error() string {
	shown := strings.Join(e.Missing[:min(len(e.Missing), 8)], ", ")
	return fmt.Sprintf("the permission map says nothing of %d permissions of the policy: %s", len(e.Missing), shown)
}

// Hint says where to put them.
func (e *CoverError) Hint() string {
	return "this policy is of another version; say in internal/flow/permissions.map what flows by them, each with its reason"
}

// missing lists the permissions of a policy, as CLASS:PERMISSION, that the map
// says nothing of.
func (m *Map) missing(classes []string, permissions func(string) []string) []string {
	var missing []string
	for _, class := range classes {
		for _, name := range permissions(class) {
			if _, ok := m.Permission(class, name); !ok {
				missing = append(missing, class+":"+name)
			}
		}
	}
	slices.Sort(missing)
	return missing
}
