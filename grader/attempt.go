package grader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/labs"
	"ipclab/scenarios"
)

// attempt is: allowed SUBJECT : OP PATH — the trusted probe can do it as that
// subject; denied SUBJECT : OP PATH by LAYER [CLASS PERM] — it cannot, and it
// is that layer which refuses it. A denial means something only if somebody
// else may do the same: the script must have shown that above (the positive
// control).
type attempt struct {
	subject labs.Subject
	op      api.Op
	path    string
	denied  bool
	by      scenarios.Layer
	class   string // for SELinux; empty is any
	perm    string

	followed bool // another attempt of the same statement comes after it
}

const attemptUsage = "usage: allowed SUBJECT : OP PATH, or denied SUBJECT : OP PATH by LAYER [CLASS PERM]"

func (p *parser) parseAttempt(name string, words []string) (command, error) {
	if len(words) < 4 || words[1] != ":" {
		return nil, errors.New(attemptUsage)
	}
	s, err := p.subject(words[0])
	if err != nil {
		return nil, err
	}
	a := &attempt{subject: s, op: api.Op(words[2]), path: words[3], denied: name == "denied"}
	if err := a.judgeWhat(); err != nil {
		return nil, err
	}
	return a, a.setLayer(words[4:])
}

func (a *attempt) judgeWhat() error {
	if !isObject(a.path) {
		return fmt.Errorf("the path %q is not absolute", a.path)
	}
	if ops := opsOn(a.path); !slices.Contains(ops, a.op) {
		return fmt.Errorf("there is no operation %q on such an object; there are %v", a.op, ops)
	}
	return judgeObject(a.path)
}

func (a *attempt) setLayer(words []string) error {
	switch {
	case !a.denied && len(words) == 0:
		return nil
	case !a.denied || len(words) < 2 || words[0] != "by":
		return errors.New(attemptUsage)
	}
	a.by = scenarios.Layer(words[1])
	if a.by != scenarios.ByDAC && a.by != scenarios.BySELinux {
		return fmt.Errorf("a denial can be attributed to dac or selinux, not to %q", a.by)
	}
	switch {
	case len(words) == 2:
	case len(words) == 4 && a.by == scenarios.BySELinux:
		a.class, a.perm = words[2], words[3]
	default:
		return errors.New(attemptUsage + "; CLASS and PERM only with selinux, and both")
	}
	return nil
}

func (a *attempt) check(s *scope) error {
	if !a.denied {
		s.controls = append(s.controls, *a)
		return nil
	}
	if !slices.ContainsFunc(s.controls, a.controlledBy) {
		return fmt.Errorf("no positive control: another subject must be shown above to be allowed %s on %s", a.op, a.path)
	}
	return nil
}

// controlledBy says whether c shows that what a denies can be done at all.
func (a *attempt) controlledBy(c attempt) bool {
	includes := c.op == a.op || c.op == api.OpRdwr && (a.op == api.OpRead || a.op == api.OpWrite)
	return includes && c.path == a.path && c.subject.Name != a.subject.Name && c.subject.Subject != a.subject.Subject
}

func (a *attempt) do(tr *trial) error {
	spec := api.ProbeSpec{Subject: a.subject.Subject, Op: a.op, Path: a.path, More: a.followed || tr.attemptFollows()}
	spec.Subject.Domain = a.domain()
	var res api.ProbeResult
	err := tr.machine("probing "+oneLine(a.path), func(ctx context.Context) (err error) {
		res, err = tr.run.guest.Probe(ctx, spec)
		return err
	})
	if err != nil {
		return err
	}
	o, err := a.observe(res)
	if err != nil {
		return err
	}
	o.evidence = append(o.evidence, probeEvidence(a.subject.Name, spec, res))
	return a.conclude(tr, o)
}

// attemptFollows says whether the next statement is an attempt, too.
func (tr *trial) attemptFollows() bool {
	next := tr.done + 1
	if next >= len(tr.script.statements) {
		return false
	}
	name := tr.script.statements[next].name
	return name == "allowed" || name == "denied" || name == "forbidden"
}

// domain is the subject's domain, also if the lab leaves it out.
func (a *attempt) domain() string {
	if a.subject.Domain == "" {
		return labs.DefaultDomain
	}
	return a.subject.Domain
}

func (a *attempt) conclude(tr *trial, o *observation) error {
	for _, avc := range slices.Concat(o.denials, o.logged) {
		o.evidence = append(o.evidence, avcEvidence(avc))
	}
	o.evidence = append(o.evidence, objectEvidence(o.object))
	f, err := a.judge(tr, o)
	switch {
	case err != nil:
		return err
	case f != nil:
		return f.with(o.evidence...)
	}
	tr.evidence = append(tr.evidence, o.evidence...)
	if !a.denied {
		tr.controls = append(tr.controls, *a)
	}
	return nil
}

// who names the subject in messages.
func (a *attempt) who() string {
	return fmt.Sprintf("%s (%s, %s)", a.subject.Name, a.subject.User, a.domain())
}

// what names the operation in messages.
func (a *attempt) what() string { return fmt.Sprintf("%s on %s", a.op, called(a.path)) }

// line is the attempt as a line of a script.
func (a *attempt) line() string {
	if !a.denied {
		return fmt.Sprintf("allowed %s : %s %s", a.subject.Name, a.op, a.path)
	}
	return strings.TrimSpace(fmt.Sprintf("denied %s : %s %s by %s %s %s", a.subject.Name, a.op, a.path, a.by, a.class, a.perm))
}

// rule is what the check wants SELinux to refuse.
func (a *attempt) rule() string {
	if a.class == "" {
		return "anything"
	}
	return fmt.Sprintf("{ %s } on %s", a.perm, strings.TrimSpace(a.class))
}
