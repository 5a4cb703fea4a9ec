package mechanism

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed mechanisms.yaml
var data []byte

//go:embed always.txt
var always string

// Always are the system calls that a filter which allows only some must allow as
// well, because no subject can be told what to do without them. A filter that
// refuses some may refuse these too.
func Always() []string {
	var calls []string
	for line := range strings.Lines(always) {
		if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "#") {
			calls = append(calls, word)
		}
	}
	return calls
}

// Mechanism is one mechanism, and what it asks of the kernel.
type Mechanism struct {
	Kind  Kind   `yaml:"kind"`
	Title string `yaml:"title"`
	About string `yaml:"about"` // a sentence or two
	// Classes are the SELinux classes that rules about it name; the first is the
	// object's own.
	Classes []string `yaml:"classes"`
	Place   Place    `yaml:"place"`
	// Namespace is the kind of namespace that both ends must share to find the
	// object ("ipc", "net", "mnt", "pid"); empty: none.
	Namespace string `yaml:"namespace"`
	Made      Made   `yaml:"made"`
	Make      []Call `yaml:"make"` // what its maker does
	Ways      []Way  `yaml:"ways"` // the first is the usual one
}

// Place is how both ends find an object.
type Place string

// The places.
const (
	NoPlace  Place = ""         // it is handed over, or there is none
	Path     Place = "path"     // a path in the file system
	Name     Place = "queue"    // a name of mq_open
	Memory   Place = "memory"   // a name of shm_open
	Key      Place = "key"      // a key of System V
	Port     Place = "port"     // a port of the loopback address
	Protocol Place = "protocol" // a protocol of netlink
)

// Made says who makes the objects of a mechanism.
type Made string

// Who may make them.
const (
	ByAgent Made = "agent" // a subject, or the agent for them
	ByMaker Made = "maker" // a subject, whose type the object gets
	ByNone  Made = "none"  // there is nothing to make
)

// Way is a way of using a mechanism to tell something.
type Way struct {
	Name  string `yaml:"name"`  // as a flow's "how" gives it
	About string `yaml:"about"` // a few words
	// Receiver is "maker" where only the object's maker can be told something in
	// this way; empty where either can.
	Receiver Only   `yaml:"receiver"`
	From     []Call `yaml:"from"` // what the one who tells does, in order
	To       []Call `yaml:"to"`   // what the one who learns does
}

// Only limits a call or a need to one of the two ends.
type Only string

// The limits.
const (
	Anybody   Only = ""
	OnlyMaker Only = "maker" // where the end is the object's maker
	OnlyOther Only = "other" // where it is not
)

// Call is a system call, or a few that are made together.
type Call struct {
	Name     string   `yaml:"name"`
	Syscalls []string `yaml:"syscalls"` // all that it makes, as Linux names them on x86-64
	Only     Only     `yaml:"only"`
	// Each says that it is made for every message. Any other call is made once, and
	// what it was allowed then is not asked again.
	Each bool `yaml:"each"`
	// Finds says that it looks the object up: it must be in the end's namespace.
	Finds bool `yaml:"finds"`
	// Directory is what the object's directory must allow: "x" to find a name in it,
	// "wx" to make one.
	Directory string `yaml:"directory"`
	// Mode is what else is asked before SELinux: "r", "w" or "rw" of the object's
	// mode, "user" that both ends are of one user, "port" that the port is not
	// reserved (below 1024).
	Mode string `yaml:"mode"`
	// Overrides are the capabilities any of which lets one pass all the same.
	Overrides []string `yaml:"overrides"`
	Needs     []Need   `yaml:"needs"` // what SELinux is asked, in order
}

// Need is a question to SELinux.
type Need struct {
	By          string   `yaml:"by"`    // who needs it: "message", or empty for the end itself
	On          On       `yaml:"on"`    // of what
	Class       string   `yaml:"class"` // "object": the class of the object that is meant
	Permissions []string `yaml:"permissions"`
	Only        Only     `yaml:"only"`
	// Gives is what a refusal gives in place of EACCES: "MSG_CTRUNC" where a
	// descriptor is left out, "nothing" where a message is passed over.
	Gives string `yaml:"gives"`
}

// On is what a Need is about: whose type is the target of the question.
type On string

// The targets.
const (
	OnObject    On = "object"
	OnDirectory On = "directory" // that the object is in
	OnMessage   On = "message"   // has the type that the policy gives, by default the queue's
	OnSelf      On = "self"      // the end's own socket
	OnMaker     On = "maker"     // the process that made the object, or its socket
	OnFrom      On = "from"      // the process of the one who tells
	OnTo        On = "to"        // the process of the one who learns
	OnPort      On = "port"
	OnNode      On = "node" // the address
)

// table reads mechanisms.yaml, once.
var table = sync.OnceValues(func() ([]Mechanism, error) { return Parse(data) })

// All are all mechanisms, in the order of Kinds. The caller must not change what
// they refer to.
func All() []Mechanism {
	all, err := table()
	if err != nil {
		panic("mechanisms.yaml: " + err.Error()) // embedded, and tested
	}
	return slices.Clone(all)
}

// Find gives the mechanism of a kind.
func Find(k Kind) (Mechanism, bool) {
	all := All()
	i := slices.IndexFunc(all, func(m Mechanism) bool { return m.Kind == k })
	if i < 0 {
		return Mechanism{}, false
	}
	return all[i], true
}

// Way gives a way by its name; an empty one is the usual way.
func (m Mechanism) Way(name string) (Way, bool) {
	if name == "" && len(m.Ways) > 0 {
		return m.Ways[0], true
	}
	i := slices.IndexFunc(m.Ways, func(w Way) bool { return w.Name == name })
	if i < 0 {
		return Way{}, false
	}
	return m.Ways[i], true
}

// Names are the names of its ways.
func (m Mechanism) Names() []string {
	var names []string
	for _, w := range m.Ways {
		names = append(names, w.Name)
	}
	return names
}

// SignalPermission is the permission of class process that sending a signal asks
// for, by the signal's name without SIG, or "0" (selinux_task_kill of Linux).
func SignalPermission(signal string) string {
	switch signal {
	case "0":
		return "signull"
	case "CHLD":
		return "sigchld"
	case "KILL":
		return "sigkill"
	case "STOP":
		return "sigstop"
	}
	return "signal"
}

// Applies tells whether what is limited so counts for an end that is, or is
// not, the object's maker.
func (o Only) Applies(maker bool) bool {
	return o == Anybody || (o == OnlyMaker) == maker
}

// Parse reads mechanisms in the form of mechanisms.yaml. Unknown keys, and
// values that are none of those documented here, are errors.
func Parse(src []byte) ([]Mechanism, error) {
	var all []Mechanism
	if err := yaml.UnmarshalWithOptions(src, &all, yaml.Strict()); err != nil {
		return nil, err
	}
	for _, m := range all {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Kind, err)
		}
	}
	return all, nil
}

// check tells what is wrong with a mechanism.
func (m Mechanism) check() error {
	switch {
	case !slices.Contains(Kinds(), m.Kind):
		return fmt.Errorf("there is no such mechanism")
	case m.Title == "" || m.About == "" || len(m.Classes) == 0 || len(m.Ways) == 0:
		return fmt.Errorf("title, about, classes or ways are missing")
	case !slices.Contains([]string{"", "ipc", "net", "mnt", "pid"}, m.Namespace):
		return fmt.Errorf("there is no namespace %q", m.Namespace)
	case !slices.Contains([]Place{NoPlace, Path, Name, Memory, Key, Port, Protocol}, m.Place):
		return fmt.Errorf("there is no place %q", m.Place)
	case !slices.Contains([]Made{ByAgent, ByMaker, ByNone}, m.Made) || (m.Made == ByNone) != (len(m.Make) == 0):
		return fmt.Errorf("made %q does not fit what its maker does", m.Made)
	}
	return m.checkCalls()
}

// checkCalls tells what is wrong with a mechanism's calls.
func (m Mechanism) checkCalls() error {
	calls := slices.Clone(m.Make)
	for _, w := range m.Ways {
		if w.Name == "" || w.About == "" || w.Receiver != Anybody && w.Receiver != OnlyMaker {
			return fmt.Errorf("a way lacks its name or what it is about, or has an odd receiver")
		}
		calls = append(append(calls, w.From...), w.To...)
	}
	for _, c := range calls {
		if err := c.check(); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

// check tells what is wrong with a call.
func (c Call) check() error {
	switch {
	case c.Name == "" || len(c.Syscalls) == 0 || !c.Only.known():
		return fmt.Errorf("a call has a name, system calls, and only: maker or other")
	case !slices.Contains([]string{"", "x", "wx"}, c.Directory) || !slices.Contains([]string{"", "r", "w", "rw", "user", "port"}, c.Mode):
		return fmt.Errorf("there is no mode %q", c.Directory+c.Mode)
	case (c.Directory != "") != slices.ContainsFunc(c.Needs, func(n Need) bool { return n.On == OnDirectory }):
		return fmt.Errorf("what is asked of a directory's mode and what SELinux is asked about it go together")
	case c.Mode == "" && len(c.Overrides) > 0:
		return fmt.Errorf("nothing is asked that %s could override", strings.Join(c.Overrides, ", "))
	}
	for _, n := range c.Needs {
		if n.Class == "" || len(n.Permissions) == 0 || !n.Only.known() || n.By != "" && n.By != string(OnMessage) || !n.On.known() ||
			!slices.Contains([]string{"", "nothing", "MSG_CTRUNC"}, n.Gives) {
			return fmt.Errorf("a need names what it is on, a class and permissions; what it gives is nothing or MSG_CTRUNC")
		}
	}
	return nil
}

func (o Only) known() bool { return o == Anybody || o == OnlyMaker || o == OnlyOther }

func (o On) known() bool {
	return slices.Contains([]On{OnObject, OnDirectory, OnMessage, OnSelf, OnMaker, OnFrom, OnTo, OnPort, OnNode}, o)
}
