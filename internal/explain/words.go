package explain

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed operations.map
var operationData string

// operations says in words what permissions are about.
type operations struct {
	classes map[string]string            // what an object is called
	perms   map[string]map[string]string // by class and permission
}

// anyClass is the class whose words count for all that have none.
const anyClass = "any"

// operationTable reads operations.map, once.
var operationTable = sync.OnceValues(func() (*operations, error) { return parseOperations(operationData) })

// parseOperations reads the form of operations.map.
func parseOperations(text string) (*operations, error) {
	o := &operations{classes: map[string]string{}, perms: map[string]map[string]string{}}
	var classes []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		names, words, ok := strings.Cut(line, ": ")
		if !ok {
			return nil, fmt.Errorf("operations.map:%d: no colon and words after it", number)
		}
		if rest, isClass := strings.CutPrefix(names, "class "); isClass {
			classes = strings.Fields(rest)
		}
		for _, class := range classes {
			if err := o.enter(class, names, words); err != nil {
				return nil, fmt.Errorf("operations.map:%d: %w", number, err)
			}
		}
	}
	return o, nil
}

// enter takes one line for one class.
func (o *operations) enter(class, names, words string) error {
	if strings.HasPrefix(names, "class ") {
		if o.classes[class] != "" {
			return fmt.Errorf("the class %s comes twice", class)
		}
		o.classes[class], o.perms[class] = words, map[string]string{}
		return nil
	}
	for _, name := range strings.Fields(names) {
		if o.perms[class][name] != "" {
			return fmt.Errorf("%s %s comes twice", class, name)
		}
		o.perms[class][name] = words
	}
	return nil
}

// object names what a class is about.
func (o *operations) object(class string) string {
	if name := o.classes[class]; name != "" {
		return name
	}
	return class
}

// opening are permissions that stand beside the one that says more.
var opening = []string{"open", "unix_read", "unix_write"}

// what tells an operation by its permissions.
func (o *operations) what(class string, perms []string) string {
	telling := slices.DeleteFunc(slices.Clone(perms), func(p string) bool { return slices.Contains(opening, p) })
	if len(telling) == 0 {
		telling = perms
	}
	if slices.Contains(telling, "read") && slices.Contains(telling, "write") && (class == "file" || class == "fifo_file") {
		return "open it for reading and writing at once (O_RDWR)"
	}
	var words []string
	for _, p := range telling {
		text := o.perms[class][p]
		if text == "" {
			text = o.perms[anyClass][p]
		}
		if text == "" {
			text = fmt.Sprintf("do what asks for the permission %q", p)
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return strings.Join(words, "; and to ")
}

// CallName names a system call by its architecture (AUDIT_ARCH_*) and number.
func CallName(arch uint32, number int) string { return callName(arch, number) }

// Escape shows a name that a program chose: bare where it is a plain word, else
// in quotes with everything odd escaped.
func Escape(name string) string { return escaped(name) }
