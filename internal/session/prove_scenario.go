package session

import (
	"context"
	"fmt"
	"strings"

	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/matrix"
	"ipclab/internal/permitted"
	"ipclab/labs"
	"ipclab/scenarios"
)

// scenarioProof proves that with the solution's policy exactly those flows and back
// channels of the lab's scenario are permitted that it wants. It needs no machine.
func scenarioProof(ctx context.Context, i *image.Image, lab *labs.Lab) Proof {
	p := Proof{What: "scenario", Claim: "with the solution's policy, what the scenario wants is permitted and what it forbids is not, each for the reason that it names"}
	findings, err := examineScenario(ctx, i, lab)
	switch {
	case err != nil:
		p.Problem = "nothing could be proved: " + err.Error()
	case len(findings) > 0:
		p.Problem = told(findings)
	}
	return p
}

// examineScenario gives the findings.
func examineScenario(ctx context.Context, i *image.Image, lab *labs.Lab) ([]matrix.Finding, error) {
	modules, err := host.WholePolicy(i)
	if err != nil {
		return nil, err
	}
	whole, err := permitted.Read(modules)
	if err != nil {
		return nil, err
	}
	s, err := withSolution(lab)
	if err != nil {
		return nil, err
	}
	view, err := permitted.Prove(ctx, s, whole)
	if err != nil {
		return nil, err
	}
	return matrix.New(s, view, nil).Findings(), nil
}

// withSolution is the lab's scenario with the policy of the solution.
func withSolution(lab *labs.Lab) (*scenarios.Scenario, error) {
	student, err := host.Modules(lab.Solution(), lab.Policy.Student)
	if err != nil {
		return nil, err
	}
	return lab.Scenario().With(student), nil
}

// told are findings as lines.
func told(findings []matrix.Finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, fmt.Sprintf("%s (line %d of the scenario)", f.Text, f.About.At.Line))
	}
	return strings.Join(lines, "\n      and ")
}
