package explain

import (
	"ipclab/internal/flow"
	"ipclab/scenarios"
)

// InMachine gives who is trusted in a teaching machine, and which back channels
// every two of a scenario's subjects have there whatever the rules are.
func InMachine(s *scenarios.Scenario) ([]flow.Trust, []flow.Declared) {
	if s == nil {
		return nil, nil
	}
	trusted := []flow.Trust{
		{Name: "domain", Except: "ipclab_subject", Why: "the machine's own programs"},
		{Name: "null_device_t:chr_file", Why: "what is written to /dev/null is gone"},
		{Name: "zero_device_t:chr_file", Why: "what is written to /dev/zero is gone"},
		{Name: "devtty_t:chr_file", Why: "/dev/tty stands for the terminal of who opens it, which has a type of its own"},
		{Name: "urandom_device_t:chr_file", Why: "what is written to it cannot be told from what it gives"},
		{Name: "ipclab_agent_t:fifo_file", Private: true, Why: "each pipe leads between the agent and one run"},
		{Name: "ipclab_agent_t:fd", Why: "no descriptor is given to two runs"},
	}
	student := true
	for _, one := range s.Subjects {
		student = student && domainOf(one) != studentDomain
	}
	if student {
		trusted = append(trusted, flow.Trust{Name: studentDomain, Why: "runs nothing beside the scenario"})
	}
	for _, t := range s.Trusted {
		trusted = append(trusted, flow.Trust{Name: t.Type, Except: t.Except, Private: t.Private, Why: t.Why})
	}
	return trusted, nil
}
