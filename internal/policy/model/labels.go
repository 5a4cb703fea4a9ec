package model

import (
	"strconv"

	"ipclab/internal/policy"
)

// Making is the type of an object of a class that a domain makes within another
// object: a file in a directory, a message in a queue. From and In are types or
// attributes. With Name it is only meant for a file of that name.
type Making struct {
	From, In, Class, Name, Into string
}

// PortLabel is the type of the ports of a protocol, both bounds included.
type PortLabel struct {
	Protocol    string
	First, Last int
	Type        string
}

// making keeps a type transition that labels objects.
func (m *Model) making(n *policy.Node) error {
	one := Making{From: m.Real(n.List[1].Text), In: m.Real(n.List[2].Text), Class: n.List[3].Text, Into: m.Real(n.List[len(n.List)-1].Text)}
	if len(n.List) == 6 {
		one.Name = n.List[4].Text
	}
	m.Makings = append(m.Makings, one)
	return nil
}

// TypeOfMade is the type of what a domain makes within an object of a type:
// what a type transition says, and otherwise what the kernel does without one:
// sockets and processes have their maker's type, everything else that of what
// it is made in (security_compute_sid). A rule for a name goes before the others.
func (m *Model) TypeOfMade(from, in, class, name string, socket bool) (string, error) {
	into := ""
	for _, one := range m.Makings {
		if one.Class != class || one.Name != "" && one.Name != name || one.Name == "" && into != "" {
			continue
		}
		applies, err := m.within(from, one.From)
		if err == nil && applies {
			applies, err = m.within(in, one.In)
		}
		if err != nil {
			return "", err
		}
		if !applies {
			continue
		}
		if into = one.Into; one.Name != "" {
			return into, nil
		}
	}
	switch {
	case into != "":
		return into, nil
	case socket:
		return from, nil
	}
	return in, nil
}

// within tells whether a type is, or has, a name.
func (m *Model) within(typeName, name string) (bool, error) {
	if typeName == name {
		return true, nil
	}
	if _, isType := m.numbers[name]; isType {
		return false, nil
	}
	set, err := m.TypesOf(name)
	number, ok := m.Number(typeName)
	return ok && err == nil && set.Has(number), err
}

// portcon reads (portcon PROTOCOL PORT CONTEXT) and (portcon PROTOCOL (FIRST LAST) CONTEXT).
func (m *Model) portcon(n *policy.Node) error {
	if len(n.List) != 4 {
		return Unread(n, "this labels no ports")
	}
	ports := n.List[2].List
	if n.List[2].Kind != policy.List {
		ports = []*policy.Node{n.List[2], n.List[2]}
	}
	label := PortLabel{Protocol: n.List[1].Text, Type: m.typeIn(n.List[3])}
	if len(ports) != 2 {
		return Unread(n, "this labels no ports")
	}
	var err1, err2 error
	label.First, err1 = strconv.Atoi(ports[0].Text)
	label.Last, err2 = strconv.Atoi(ports[1].Text)
	if err1 != nil || err2 != nil {
		return Unread(n, "these are no ports")
	}
	m.Ports = append(m.Ports, label)
	return nil
}

// TypeOfPort is the type of a port: that of the narrowest range it lies in, else
// that of the initial SID "port"; empty if there is none.
func (m *Model) TypeOfPort(protocol string, port int) string {
	width, label := 1<<16, m.Initial["port"]
	for _, p := range m.Ports {
		if p.Protocol == protocol && p.First <= port && port <= p.Last && p.Last-p.First < width {
			width, label = p.Last-p.First, p.Type
		}
	}
	return label
}

// initial reads (sidcontext NAME CONTEXT).
func (m *Model) initial(n *policy.Node) error {
	if len(n.List) != 3 {
		return Unread(n, "this labels nothing")
	}
	m.Initial[n.List[1].Text] = m.typeIn(n.List[2])
	return nil
}

// typeIn is the type in a context that is written out; empty if it is not.
func (m *Model) typeIn(context *policy.Node) string {
	if len(context.List) < 3 {
		return ""
	}
	return m.Real(context.List[2].Text)
}
