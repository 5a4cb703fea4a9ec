package policy

import (
	"fmt"
	"strings"
)

// Table says of each domain what it may do to each object.
type Table struct {
	Domains []string // without sipc_ and _t: "helper"
	Rows    []Row
}

// Row is one operation on one object.
type Row struct {
	Object    string     // "queue"
	Operation string     // as check scripts name it: docs/manifest.md
	Needs     [][]Access // what the kernel asks for, question by question
	Cells     []Access   // for each domain what it is refused first; the zero Access: nothing
}

// Access is a permission of a class.
type Access struct{ Class, Permission string }

// String is the permission with its class before it.
func (a Access) String() string { return a.Class + " " + a.Permission }

// Type is the type of a domain of the table.
func Type(domain string) string { return "sipc_" + strings.ReplaceAll(domain, "-", "_") + "_t" }

// Class is the class of an object of the table.
func Class(object string) string {
	switch strings.TrimPrefix(object, "far-") {
	case "queue":
		return "msgq"
	case "segment":
		return "shm"
	case "semaphores":
		return "sem"
	}
	return "file"
}

// Target is the type that a domain is refused an access on.
func (r Row) Target(domain string, a Access) string {
	switch {
	case r.Operation == "create":
		return Type(domain)
	case a.Class == "system":
		return "kernel_t"
	case a.Class == "file":
		return "proc_t"
	case strings.HasPrefix(r.Object, "far-"):
		return Type("far-helper")
	}
	return Type("helper")
}

// Columns before those of the domains.
const leading = 3

// ParseTable reads a table: lines of words, the first of which names the domains.
// Lines that begin with # do not count.
func ParseTable(text string) (*Table, error) {
	var t *Table
	for number, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
		case len(words) <= leading:
			return nil, fmt.Errorf("line %d: only %d words", number+1, len(words))
		case t == nil:
			t = &Table{Domains: words[leading:]}
		case len(words) != leading+len(t.Domains):
			return nil, fmt.Errorf("line %d: %d words for %d columns", number+1, len(words), leading+len(t.Domains))
		default:
			t.Rows = append(t.Rows, parseRow(words))
		}
	}
	if t == nil {
		return nil, fmt.Errorf("the table is empty")
	}
	return t, nil
}

func parseRow(words []string) Row {
	r := Row{Object: words[0], Operation: words[1]}
	class := Class(r.Object)
	for _, question := range strings.Split(words[2], ";") {
		var asked []Access
		own := class
		for _, permission := range strings.Split(question, ",") {
			a := parseAccess(permission, own)
			own = a.Class
			asked = append(asked, a)
		}
		r.Needs = append(r.Needs, asked)
	}
	for _, cell := range words[leading:] {
		a := Access{}
		if cell != "+" {
			a = parseAccess(cell, class)
		}
		r.Cells = append(r.Cells, a)
	}
	return r
}

func parseAccess(text, class string) Access {
	if named, permission, ok := strings.Cut(text, ":"); ok {
		return Access{named, permission}
	}
	return Access{class, text}
}

// Markdown is the table for people: + where a domain may, else the permission
// that it lacks.
func (t *Table) Markdown() string {
	var b strings.Builder
	b.WriteString("| object | operation | " + strings.Join(t.Domains, " | ") + " |\n")
	b.WriteString(strings.Repeat("| --- ", 2+len(t.Domains)) + "|\n")
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "| %s | `%s` |", r.Object, r.Operation)
		for _, a := range r.Cells {
			fmt.Fprintf(&b, " %s |", r.cell(a))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (r Row) cell(a Access) string {
	switch {
	case a == Access{}:
		return "**+**"
	case a.Class == Class(r.Object):
		return a.Permission
	}
	return a.String()
}
