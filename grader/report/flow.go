package report

import (
	"cmp"
	"slices"
	"strings"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/internal/guest/api"
)

// flowMatrix shows what the trusted probe could do: who tried, to do what to
// which object, and who refused.
type flowMatrix struct {
	Paths    []flowPath
	Columns  []flowColumn
	Subjects []flowSubject
	Contrary int // cells with something that must not be so
}

// flowPath is an object, above as many columns as there are operations on it.
type flowPath struct {
	Path  string
	Width int
}

type flowColumn struct{ Path, Op string }

type flowSubject struct {
	Name, User, Domain string
	Cells              []flowCell // as many as there are columns; an empty one was not tried
}

type flowCell struct{ Outcomes []flowOutcome }

// flowOutcome is what came of an attempt, and the check that made it.
type flowOutcome struct {
	Mark, Text string // a sign and a word or two
	Class      string // for the style
	Wanted     string // what must be so instead; empty if it is as it must be
	Check      string // id
	Detail     string // the kernel's answer in one line
}

// attempt is one probe and what followed it in the evidence.
type attempt struct {
	probe  *grader.Probe
	text   string
	avcs   []*grader.AVC
	check  string
	wanted string
}

// newFlowMatrix is nil if nothing was probed.
func newFlowMatrix(g gradebook.Grade) *flowMatrix {
	var all []attempt
	if g.Report != nil {
		for _, r := range g.Report.Results {
			all = append(all, attemptsOf(r)...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	m := &flowMatrix{}
	m.addColumns(all)
	for _, a := range all {
		m.add(a)
	}
	return m
}

// attemptsOf groups the evidence of a check by probe. A check stops at the first
// attempt that is not as it must be, so that is the last one.
func attemptsOf(r grader.Result) []attempt {
	var out []attempt
	for _, e := range r.Evidence {
		switch {
		case e.Probe != nil:
			out = append(out, attempt{probe: e.Probe, text: e.Text, check: r.Check})
		case e.AVC != nil && len(out) > 0:
			out[len(out)-1].avcs = append(out[len(out)-1].avcs, e.AVC)
		}
	}
	if r.Verdict == grader.Fail && r.Script != nil && len(out) > 0 {
		out[len(out)-1].wanted = demand(cmp.Or(r.Script.Means, r.Script.Text))
	}
	return out
}

// demand reads what a line of a check script wants of an attempt; it is empty
// if the line is about something else.
func demand(script string) string {
	words := strings.Fields(script)
	by := slices.Index(words, "by")
	switch {
	case len(words) == 0:
		return ""
	case words[0] == "allowed":
		return "allowed"
	case words[0] == "denied" && by > 0 && by+1 < len(words):
		return "denied by " + layerName(words[by+1])
	}
	return ""
}

func layerName(layer string) string {
	names := map[string]string{"dac": "the mode", "selinux": "SELinux", "seccomp": "seccomp", "namespace": "the namespace", "cgroup": "the cgroup"}
	if name, ok := names[layer]; ok {
		return name
	}
	return layer
}

// addColumns orders the objects as they come and the operations from the
// harmless to the harmful.
func (m *flowMatrix) addColumns(all []attempt) {
	ops := []api.Op{api.OpStat, api.OpRead, api.OpWrite, api.OpAppend, api.OpRdwr, api.OpCreate, api.OpUnlink, api.OpChmod}
	for _, a := range all {
		if slices.ContainsFunc(m.Paths, func(p flowPath) bool { return p.Path == a.probe.Path }) {
			continue
		}
		path := flowPath{Path: a.probe.Path}
		for _, op := range ops {
			if slices.ContainsFunc(all, func(b attempt) bool { return b.probe.Path == path.Path && b.probe.Op == string(op) }) {
				m.Columns = append(m.Columns, flowColumn{path.Path, string(op)})
				path.Width++
			}
		}
		m.Paths = append(m.Paths, path)
	}
}

func (m *flowMatrix) add(a attempt) {
	at := slices.Index(m.Columns, flowColumn{a.probe.Path, a.probe.Op})
	if at < 0 {
		return
	}
	cell := &m.subject(a).Cells[at]
	o := a.outcome()
	same := func(b flowOutcome) bool { return b.Text == o.Text && b.Wanted == o.Wanted }
	if slices.ContainsFunc(cell.Outcomes, same) {
		return
	}
	if o.Wanted != "" {
		m.Contrary++
	}
	cell.Outcomes = append(cell.Outcomes, o)
}

func (m *flowMatrix) subject(a attempt) *flowSubject {
	domain := typeOf(a.probe.Context)
	at := slices.IndexFunc(m.Subjects, func(s flowSubject) bool { return s.Name == a.probe.Subject && s.Domain == domain })
	if at < 0 {
		at = len(m.Subjects)
		m.Subjects = append(m.Subjects, flowSubject{Name: a.probe.Subject, User: a.probe.User, Domain: domain,
			Cells: make([]flowCell, len(m.Columns))})
	}
	return &m.Subjects[at]
}

// outcome reads the kernel's answer as the engine does (grader/layer.go).
func (a attempt) outcome() flowOutcome {
	o := flowOutcome{Wanted: a.wanted, Check: a.check, Detail: a.text}
	op := api.Op(a.probe.Op)
	switch errno := a.probe.Errno; {
	case errno == "" || errno == "ENXIO" && (op == api.OpWrite || op == api.OpAppend):
		o.Mark, o.Text, o.Class = "→", "allowed", "allowed"
		if slices.ContainsFunc(a.avcs, func(v *grader.AVC) bool { return v.Permissive }) {
			o.Mark, o.Text, o.Class = "⇢", "only logged", "logged"
		}
	case errno != "EACCES" && errno != "EPERM":
		o.Mark, o.Text, o.Class = "?", errno, "other"
	case slices.ContainsFunc(a.avcs, refuses):
		o.Mark, o.Text, o.Class = "⊘", "SELinux", "selinux"
	default:
		o.Mark, o.Text, o.Class = "⊘", "mode", "dac"
	}
	return o
}

// refuses says that the record is a refusal of SELinux, and not its answer to
// the question whether the mode may be passed over.
func refuses(v *grader.AVC) bool {
	overridesDAC := v.Class == "capability" &&
		(slices.Contains(v.Perms, "dac_override") || slices.Contains(v.Perms, "dac_read_search"))
	return v.Denied && !v.Permissive && !overridesDAC
}

func typeOf(context string) string {
	if parts := strings.SplitN(context, ":", 4); len(parts) >= 3 {
		return parts[2]
	}
	return context
}
