package session

import (
	"context"
	"slices"

	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/policy"
	"ipclab/labs"
)

// policyProof proves that with the lab's policy, the solution's, and every rule
// that the review would let pass, no domain of a student reaches what judges
// it. It needs no machine.
func policyProof(ctx context.Context, h *host.Host, i *image.Image, lab *labs.Lab) Proof {
	p := Proof{What: "policy", Claim: "with all that the review lets pass, student code reaches neither the agent nor the probe, the audit log or the policy"}
	modules, err := policyOf(lab)
	if err != nil {
		p.Problem = err.Error()
		return p
	}
	bounds := lab.Policy.Review
	found, err := h.ProvePolicy(ctx, i, modules, policy.Scope{Subjects: bounds.Subjects, Objects: bounds.Objects})
	switch {
	case err != nil:
		p.Problem = "nothing could be proved: " + err.Error()
	case !found.Holds():
		p.Problem = found.String()
	}
	return p
}

// policyOf reads the lab's modules and the solution's.
func policyOf(lab *labs.Lab) ([]policy.Module, error) {
	given, err := host.Modules(lab.FS(), lab.Policy.Given)
	if err != nil {
		return nil, err
	}
	student, err := host.Modules(lab.Solution(), lab.Policy.Student)
	return slices.Concat(given, student), err
}
