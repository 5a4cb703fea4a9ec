package matrix

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/drawing"
	"ipclab/internal/mechanism"
	"ipclab/scenarios"
)

// Graph is the scenario as a picture: subjects and objects, an arrow for each step
// of a flow, those that must be impossible crossed out with what must stop them,
// back channels dashed, and what is found standing out.
func (m *Matrix) Graph() *drawing.Graph {
	g := &grapher{m: m, nodes: map[string]int{}, arrows: map[string]*step{}}
	for _, s := range m.scenario.Subjects {
		g.node("subject "+s.Name, drawing.Node{Name: s.Name, Details: subjectDetails(s), Shape: drawing.Actor})
	}
	for _, o := range m.scenario.Objects {
		g.node("object "+o.Name, drawing.Node{Name: o.Name, Details: objectDetails(o), Shape: shape(o.Kind)})
	}
	for _, item := range m.items {
		g.item(item)
	}
	g.attempts()
	g.makers()
	return g.finish()
}

func subjectDetails(s scenarios.Subject) []string {
	var details []string
	add := func(condition bool, format string, args ...any) {
		if condition {
			details = append(details, fmt.Sprintf(format, args...))
		}
	}
	add(s.User != "", "user %s", s.User)
	add(s.Domain != "", "%s", s.Domain)
	kinds := make([]string, 0, len(s.Namespaces))
	for kind := range s.Namespaces {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		add(true, "%s namespace: %s", kind, s.Namespaces[kind])
	}
	if s.Seccomp != nil {
		add(len(s.Seccomp.Deny) > 0, "filter: no %s", strings.Join(s.Seccomp.Deny, ", "))
		add(len(s.Seccomp.Allow) > 0, "filter: only %s", strings.Join(s.Seccomp.Allow, ", "))
	}
	if s.Cgroup != nil {
		add(s.Cgroup.Pids > 0, "at most %d tasks", s.Cgroup.Pids)
		add(s.Cgroup.Memory > 0, "at most %s", memory(s.Cgroup.Memory))
	}
	add(len(s.Capabilities) > 0, "may %s", strings.Join(s.Capabilities, ", "))
	return details
}

// memory writes a number of bytes in the unit in which it is a whole number.
func memory(bytes int64) string {
	for _, unit := range []string{"bytes", "KiB", "MiB"} {
		if bytes%1024 != 0 {
			return fmt.Sprintf("%d %s", bytes, unit)
		}
		bytes /= 1024
	}
	return fmt.Sprintf("%d GiB", bytes)
}

func objectDetails(o scenarios.Object) []string {
	kind := string(o.Kind)
	switch {
	case o.Signal != "":
		kind += " " + o.Signal
	case o.Port != 0:
		kind += fmt.Sprintf(" port %d", o.Port)
	case o.Of != "":
		kind += " of " + o.Of
	case o.Protocol != "":
		kind += " " + o.Protocol
	}
	details := []string{kind}
	if rights := strings.TrimSpace(o.Mode + " " + owner(o)); rights != "" {
		details[0] += ", " + rights
	}
	if o.Type != "" {
		details = append(details, o.Type)
	}
	return details
}

func owner(o scenarios.Object) string {
	if o.Group == "" {
		return o.Owner
	}
	return o.Owner + ":" + o.Group
}

func shape(kind mechanism.Kind) drawing.Shape {
	switch kind {
	case mechanism.FIFO, mechanism.Pipe:
		return drawing.Pipe
	case mechanism.File:
		return drawing.Document
	case mechanism.Queue, mechanism.POSIXQueue:
		return drawing.Queue
	case mechanism.Segment, mechanism.POSIXSegment:
		return drawing.Memory
	case mechanism.Semaphores:
		return drawing.Counter
	case mechanism.TCP, mechanism.UDP, mechanism.SCTP:
		return drawing.Network
	case mechanism.Descriptor:
		return drawing.Handle
	case mechanism.Signal:
		return drawing.Signal
	case mechanism.Exit:
		return drawing.End
	}
	return drawing.Socket
}

// grapher makes the graph. Steps that several flows share are one arrow.
type grapher struct {
	m      *Matrix
	graph  drawing.Graph
	nodes  map[string]int
	arrows map[string]*step
	order  []string // of the arrows
}

// step is an arrow, with what refuses what it stands for.
type step struct {
	drawing.Arrow
	channels []group // objects, with ways of using each
	refusals []group // layers and classes, with permissions of each
}

// group is what is told together, in one line of a label.
type group struct {
	layer, subject string
	what           []string
}

// join adds to the group of a layer and subject, a new one if there is none.
func join(groups *[]group, layer, subject, what string) {
	at := slices.IndexFunc(*groups, func(g group) bool { return g.layer == layer && g.subject == subject })
	if at < 0 {
		at, *groups = len(*groups), append(*groups, group{layer: layer, subject: subject})
	}
	if g := &(*groups)[at]; what != "" && !slices.Contains(g.what, what) {
		g.what = append(g.what, what)
	}
}

// widest is how many characters a line of a label has, where it can be broken.
const widest = 32

func (g group) lines() []string {
	text := strings.TrimSpace(g.subject + " " + strings.Join(g.what, ", "))
	if text == "" {
		return nil
	}
	return wrapped(text, widest)
}

// label is all that is written at the arrow.
func (s *step) label() []string {
	label, layer := s.Label, ""
	for _, g := range s.channels {
		label = append(label, g.lines()...)
	}
	for _, g := range s.refusals {
		if g.layer != layer {
			label, layer = append(label, "✗ "+g.layer), g.layer
		}
		label = append(label, g.lines()...)
	}
	return label
}

// refuse adds what stops an item.
func (s *step) refuse(i *Item) {
	layer, subject, what := i.refusal()
	join(&s.refusals, layer, subject, what)
}

func (g *grapher) node(key string, n drawing.Node) {
	if _, twice := g.nodes[key]; twice {
		return
	}
	g.nodes[key] = len(g.graph.Nodes)
	g.graph.Nodes = append(g.graph.Nodes, n)
}

func (g *grapher) item(i *Item) {
	from, okFrom := g.nodes["subject "+i.From]
	to, okTo := g.nodes["subject "+i.To]
	object, through := g.nodes["object "+i.Via]
	switch {
	case !okFrom || !okTo || i.Topic == Revocation && i.Finding == 0:
	case i.Topic == BackChannel || !through:
		g.direct(i, from, to)
	case i.stopped() == scenarios.Stopped:
		g.stoppedStep(i, from, object, to)
	default:
		g.step(i, from, object)
		g.step(i, object, to)
	}
}

// stopped is what is drawn of the item: what was seen, where that is not what is
// intended, otherwise the intention.
func (i *Item) stopped() scenarios.Outcome {
	if i.Finding > 0 {
		for _, s := range []*scenarios.Seen{i.Observed, i.Permitted} {
			if s != nil && s.Outcome == opposite(i.Wants) {
				return s.Outcome
			}
		}
	}
	return i.Wants
}

func opposite(o scenarios.Outcome) scenarios.Outcome {
	if o == scenarios.Flows {
		return scenarios.Stopped
	}
	return scenarios.Flows
}

// direct is an arrow from subject to subject.
func (g *grapher) direct(i *Item, from, to int) {
	crossed := i.stopped() == scenarios.Stopped
	a := g.arrow(i, from, to, crossed)
	a.Loose = true
	name, how := i.Via, i.How
	switch {
	case i.Topic == Revocation:
		name, how = "held open after "+i.Boolean, ""
	case name == "":
		name = "any way"
	}
	if rate := i.rate(); rate != "" && !crossed {
		how += " · " + rate
	}
	join(&a.channels, "", name, how)
	if crossed {
		a.refuse(i)
	}
}

// rate is what a back channel carries, or may carry.
func (i *Item) rate() string {
	for _, s := range []*scenarios.Seen{i.Observed, i.Permitted} {
		if s != nil && s.Rate > 0 {
			return Rate(s.Rate)
		}
	}
	if i.Topic == BackChannel && i.Bound > 0 {
		return "≤ " + Rate(i.Bound)
	}
	return ""
}

// step is an arrow to or from an object, through which something comes.
func (g *grapher) step(i *Item, from, to int) {
	a := g.arrow(i, from, to, false)
	if i.How != "" && !slices.Contains(a.Label, i.How) {
		a.Label = append(a.Label, i.How)
	}
}

// stoppedStep is the arrow at the end that is refused.
func (g *grapher) stoppedStep(i *Item, from, object, to int) {
	end := i.Refused
	for _, s := range []*scenarios.Seen{i.Permitted, i.Observed} {
		if s != nil && s.Outcome == scenarios.Stopped && s.Refused != "" && (i.Wants == scenarios.Flows || end == "") {
			end = s.Refused
		}
	}
	if end == scenarios.ToEnd {
		g.arrow(i, object, to, true).refuse(i)
		g.order = append(g.order, fmt.Sprintf("attempt %d %d", from, object))
		return
	}
	g.arrow(i, from, object, true).refuse(i)
}

// refusal says what stops the item: what is intended to, or else what was seen to.
func (i *Item) refusal() (layer, subject, what string) {
	s := scenarios.Seen{By: i.By, Class: i.Class, Permission: i.Permission, Syscall: i.Syscall, Errno: i.Errno}
	for _, other := range []*scenarios.Seen{i.Permitted, i.Observed} {
		if other != nil && other.Outcome == scenarios.Stopped && s.By == "" {
			s = *other
		}
	}
	if s.By == scenarios.BySELinux {
		return layerName(s.By), s.Class, s.Permission
	}
	return strings.TrimSpace(layerName(s.By) + " " + s.Errno), "", s.Syscall
}

// layerName is how a layer is written in a picture.
func layerName(l scenarios.Layer) string {
	switch l {
	case scenarios.BySELinux:
		return "SELinux"
	case scenarios.ByDAC:
		return "DAC"
	case "":
		return "stopped"
	}
	return string(l)
}

// arrow gives the arrow for a step, a new one if there is none like it.
func (g *grapher) arrow(i *Item, from, to int, crossed bool) *step {
	style := drawing.Wanted
	switch {
	case i.Topic == BackChannel:
		style = drawing.Back
	case i.Topic == Flow && i.Wants == scenarios.Stopped:
		style = drawing.Forbidden
	}
	key := fmt.Sprintf("%s %d %d %v %d", style, from, to, crossed, i.Finding)
	a, ok := g.arrows[key]
	if !ok {
		a = &step{Arrow: drawing.Arrow{From: from, To: to, Style: style, Crossed: crossed, Number: i.Finding}}
		g.arrows[key], g.order = a, append(g.order, key)
	} else {
		a.Title += "\n"
	}
	a.Title += words(i)
	return a
}

// attempts adds the first step of what is stopped at the second, where nothing
// else comes that way.
func (g *grapher) attempts() {
	for _, key := range g.order {
		var from, object int
		if _, err := fmt.Sscanf(key, "attempt %d %d", &from, &object); err != nil {
			continue
		}
		if !g.leads(from, object) {
			g.arrows[key] = &step{Arrow: drawing.Arrow{From: from, To: object, Style: drawing.Attempt}}
		}
	}
}

// makers adds who makes an object, where nothing else leads to or from them, and
// what a passed descriptor is of.
func (g *grapher) makers() {
	for _, o := range g.m.scenario.Objects {
		object := g.nodes["object "+o.Name]
		if maker, ok := g.nodes["subject "+o.Maker]; ok && !g.touched(maker) {
			g.hint(maker, object, "makes")
		}
		if of, ok := g.nodes["object "+o.Of]; ok && !g.touched(of) {
			g.hint(of, object, "is open as")
		}
	}
}

// hint adds an arrow that stands for no flow.
func (g *grapher) hint(from, to int, label string) {
	key := fmt.Sprintf("hint %d %d", from, to)
	g.arrows[key] = &step{Arrow: drawing.Arrow{From: from, To: to, Style: drawing.Attempt, Label: []string{label}}}
	g.order = append(g.order, key)
}

// touched tells whether a flow leads to or from a node.
func (g *grapher) touched(node int) bool {
	for key, a := range g.arrows {
		if (a.From == node || a.To == node) && !strings.HasPrefix(key, "hint ") {
			return true
		}
	}
	return false
}

func (g *grapher) leads(from, to int) bool {
	for _, a := range g.arrows {
		if a.From == from && a.To == to && !a.Crossed {
			return true
		}
	}
	return false
}

func (g *grapher) finish() *drawing.Graph {
	drawn := map[string]bool{}
	for _, key := range g.order {
		if a := g.arrows[key]; a != nil && !drawn[key] {
			drawn[key] = true
			a.Label = a.label()
			g.graph.Arrows = append(g.graph.Arrows, a.Arrow)
		}
	}
	m := g.m
	g.graph.Title, g.graph.Subtitle = title(m.scenario), m.subtitle()
	for _, i := range m.items {
		g.graph.Words = append(g.graph.Words, words(i)+".")
	}
	for _, f := range m.findings {
		g.graph.Notes = append(g.graph.Notes, drawing.Note{Number: f.Number, Text: f.Text})
		g.graph.Words = append(g.graph.Words, fmt.Sprintf("Finding %d: %s.", f.Number, f.Text))
	}
	return &g.graph
}

func title(s *scenarios.Scenario) string {
	if s.Title == "" {
		return s.Name
	}
	return s.Title
}

// subtitle says which views there are, and whether they agree.
func (m *Matrix) subtitle() string {
	views := []string{"intended"}
	if m.permitted != nil {
		views = append(views, "permitted")
	}
	if m.observed != nil {
		views = append(views, "observed")
	}
	switch n := len(m.findings); {
	case len(views) == 1:
		return "As intended."
	case n == 0:
		return fmt.Sprintf("What is %s agrees.", list(views))
	case n == 1:
		return fmt.Sprintf("What is %s differs: one finding.", list(views))
	default:
		return fmt.Sprintf("What is %s differs: %d findings.", list(views), n)
	}
}

func list(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " and " + words[n]
	}
	return strings.Join(words, "")
}

// words is an item as a sentence, without its end.
func words(i *Item) string {
	text := "From " + i.From + " to " + i.To
	if i.Via != "" {
		text += " through " + i.Via
	}
	if i.How != "" {
		text += " (" + i.How + ")"
	}
	switch {
	case i.Topic == Revocation && i.Wants == scenarios.Stopped:
		return text + ": what is open must stop when " + i.Boolean + " is switched off"
	case i.Topic == Revocation:
		return text + ": what is open goes on when " + i.Boolean + " is switched off"
	case i.Wants == scenarios.Stopped && i.Intention() != "":
		return text + ": must be impossible, by " + i.Intention()
	case i.Wants == scenarios.Stopped:
		return text + ": must be impossible"
	case i.Topic == BackChannel && i.rate() != "":
		return text + ": a few bits come, which is accepted: " + i.rate()
	case i.Topic == BackChannel:
		return text + ": a few bits come, which is accepted"
	}
	return text + ": must come through"
}
