package grader

import (
	"context"
	"fmt"

	"ipclab/internal/policy"
)

// scope is what the lab lets its students write rules about.
func (tr *trial) scope() policy.Scope {
	bounds := tr.run.lab.Policy.Review
	return policy.Scope{Subjects: bounds.Subjects, Objects: bounds.Objects}
}

// findings are what the review has against the modules to be loaded. It looks
// at the student's only; modules that are not there are somebody else's to
// complain about.
func (tr *trial) findings(withStudent bool) []policy.Finding {
	if !withStudent {
		return nil
	}
	modules, err := tr.studentModules()
	if err != nil {
		return nil
	}
	return policy.Review(modules, tr.scope())
}

// withheldFault is for a statement that would need the student's policy in the
// kernel, where it was not let.
func (tr *trial) withheldFault() error {
	return failed(nil, "the policy was not loaded, because it says what it may not: %s", oneLine(tr.withheld))
}

// review judges the text of the student's modules, and proves what becomes of
// the whole policy with them.
func (tr *trial) review() error {
	modules, err := tr.studentModules()
	if err != nil {
		return err
	}
	findings := policy.Review(modules, tr.scope())
	if len(findings) == 0 {
		return tr.proveClean(modules)
	}
	var evidence []Evidence
	for _, f := range findings {
		evidence = append(evidence, findingEvidence(f.Pos, f.What, f.Hint))
	}
	evidence = append(evidence, tr.proveFound(modules)...)
	return failed(evidence, "the policy says what it may not: %s%s", oneLine(findings[0].String()), andMore(len(findings)-1))
}

// proveClean holds for every policy without a finding, or else for this one. A
// student's rules within the bounds that break the proof are the fault of the
// bounds.
func (tr *trial) proveClean(modules []policy.Module) error {
	holds, text, err := tr.prove(nil, tr.scope())
	if err == nil && !holds {
		holds, text, err = tr.prove(modules, policy.Scope{})
	}
	switch {
	case err != nil:
		tr.evidence = append(tr.evidence, proofEvidence("nothing could be proved: "+err.Error()))
	case !holds:
		return labFault("what the lab lets its students say is too much: %s", oneLine(text))
	case text != "":
		tr.evidence = append(tr.evidence, proofEvidence(text))
	}
	return nil
}

// proveFound tells what modules with findings would have led to.
func (tr *trial) proveFound(modules []policy.Module) []Evidence {
	switch holds, text, err := tr.prove(modules, policy.Scope{}); {
	case err != nil:
		return []Evidence{proofEvidence("nothing could be proved: " + err.Error())}
	case !holds:
		return []Evidence{proofEvidence("with this policy in the kernel, " + text)}
	}
	return nil
}

// prove asks the builder, if it can prove anything.
func (tr *trial) prove(student []policy.Module, scope policy.Scope) (holds bool, text string, err error) {
	prover, ok := tr.run.builder.(PolicyProver)
	if !ok {
		return true, "", nil
	}
	given, err := tr.givenModules()
	if err != nil {
		return false, "", err
	}
	err = tr.aside(tr.run.compileLimit(), func(ctx context.Context) error {
		holds, text, err = prover.Prove(ctx, given, student, scope)
		return err
	})
	return holds, text, err
}

func andMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}
