package permitted

import (
	"cmp"
	_ "embed"
	"path"
	"slices"
	"strconv"
	"sync"

	"github.com/goccy/go-yaml"

	"ipclab/internal/flow"
	"ipclab/internal/guest/api"
	"ipclab/scenarios"
)

//go:embed machine.yaml
var machineData []byte

// machine is what every teaching machine has; machine.yaml says what each is.
type machine struct {
	Users         map[string][]string `yaml:"users"`
	Directories   []directory         `yaml:"directories"`
	Agent         string              `yaml:"agent"`
	Student       string              `yaml:"student"`
	Node          string              `yaml:"node"`
	LocalPorts    [2]int              `yaml:"local_ports"`
	ReservedPorts int                 `yaml:"reserved_ports"`
	Trusted       []trust             `yaml:"trusted"`
	Declared      []declared          `yaml:"declared"`
	Looks         map[string]string   `yaml:"looks"`
}

// directory is a directory with what decides who may use it.
type directory struct {
	Path  string `yaml:"path"`
	Owner string `yaml:"owner"`
	Group string `yaml:"group"`
	Mode  string `yaml:"mode"`
	Type  string `yaml:"type"`
}

// trust is a flow.Trust of every scenario.
type trust struct {
	Name          string `yaml:"name"`
	Except        string `yaml:"except"`
	Private       bool   `yaml:"private"`
	UnlessSubject bool   `yaml:"unless_subject"`
	Why           string `yaml:"why"`
}

// declared is a back channel between any two domains.
type declared struct {
	How   string   `yaml:"how"`
	Class string   `yaml:"class"`
	Via   []string `yaml:"via"`
	Why   string   `yaml:"why"`
}

// theMachine reads machine.yaml, once.
var theMachine = sync.OnceValues(func() (*machine, error) {
	m := &machine{}
	return m, yaml.UnmarshalWithOptions(machineData, m, yaml.Strict())
})

// InMachine gives who is trusted in a teaching machine when this scenario is in
// it, and which back channels any two of its subjects have there whatever the rules
// are. A policy need not have all of these names.
func InMachine(s *scenarios.Scenario) ([]flow.Trust, []flow.Declared, error) {
	m, err := theMachine()
	if err != nil {
		return nil, nil, err
	}
	trusted, declared := m.grants(s)
	return trusted, declared, nil
}

func (m *machine) grants(s *scenarios.Scenario) (trusted []flow.Trust, declared []flow.Declared) {
	var domains []string
	for _, one := range s.Subjects {
		domains = append(domains, cmp.Or(one.Domain, m.Student))
	}
	for _, t := range m.Trusted {
		if !t.UnlessSubject || !slices.Contains(domains, t.Name) {
			trusted = append(trusted, flow.Trust{Name: t.Name, Except: t.Except, Private: t.Private, Why: t.Why})
		}
	}
	for _, t := range s.Trusted {
		trusted = append(trusted, flow.Trust{Name: t.Type, Except: t.Except, Private: t.Private, Why: t.Why})
	}
	for _, d := range m.Declared {
		declared = append(declared, d.between(domains)...)
	}
	return trusted, declared
}

// between declares the channel between any two of the domains.
func (d declared) between(domains []string) []flow.Declared {
	var all []flow.Declared
	for _, from := range domains {
		for _, to := range domains {
			for _, via := range d.Via {
				all = append(all, flow.Declared{From: from, To: to, Class: d.Class, How: d.How, Via: via, Why: d.Why})
			}
		}
	}
	return all
}

// mqueue stands for the directory that POSIX message queues are in.
const mqueue = "mqueue"

// above gives the directories that a path leads through, outermost first, of
// those that the scenario makes and that are there anyway. Where one is not known
// the second value is its path.
func (m *machine) above(s *scenarios.Scenario, file string) ([]directory, string) {
	var all []directory
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		d, ok := m.directory(s, dir)
		if !ok {
			return nil, dir
		}
		all = append(all, d)
		if dir == "/" {
			slices.Reverse(all)
			return all, ""
		}
	}
}

// directory finds a directory; a scenario's own one goes before the machine's.
func (m *machine) directory(s *scenarios.Scenario, at string) (directory, bool) {
	if i := slices.IndexFunc(s.Directories, func(d api.Directory) bool { return d.Path == at }); i >= 0 {
		d := s.Directories[i]
		return directory{Path: d.Path, Owner: d.Owner, Group: d.Group, Mode: d.Mode, Type: d.Type}, true
	}
	if i := slices.IndexFunc(m.Directories, func(d directory) bool { return d.Path == at }); i >= 0 {
		return m.Directories[i], true
	}
	return directory{}, false
}

// in tells whether a user is in a group.
func (m *machine) in(user, group string) bool {
	return user == group || slices.Contains(m.Users[user], group)
}

// octal reads a mode; one that is none lets nobody do anything.
func octal(mode string) int {
	bits, err := strconv.ParseUint(mode, 8, 12)
	if err != nil {
		return 0
	}
	return int(bits)
}
