package observed

import (
	"fmt"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
)

// evidenceOf are the calls, each with what was recorded of it below.
func evidenceOf(t api.Tried) []string {
	var lines []string
	for _, s := range t.Steps {
		lines = append(lines, lineOf(s))
		for _, r := range s.Records {
			lines = append(lines, "  "+recordLine(r))
		}
	}
	if o := t.Object; o != nil {
		lines = append(lines, fmt.Sprintf("the object: %s %s, mode %s, %s:%s, %s", o.Kind, o.Path, o.Mode, o.Owner, o.Group, o.Context))
	}
	return lines
}

func lineOf(s api.Called) string {
	who := s.Actor
	if who == "" {
		who = "the agent"
	}
	line := who + ": " + s.Text
	if s.Errno == "" && s.Died == "" {
		line += " = ok"
	}
	if s.Died != "" {
		line += " (ended by " + s.Died + ")"
	}
	return line
}

// recordLine is a record for people, or as the kernel wrote it.
func recordLine(r api.Record) string {
	if policy.RecordType(r.Type) == policy.RecordAVC {
		if avc, err := policy.ParseAVC(r.Text); err == nil {
			return avc.String()
		}
	}
	return r.Text
}

// onlyLogged says when something came through although the policy denies it.
func onlyLogged(steps []api.Called) string {
	for _, s := range steps {
		for _, r := range s.Records {
			if avc, err := policy.ParseAVC(r.Text); err == nil && avc.Denied && avc.Permissive {
				return ", only because SELinux is permissive: the policy does not allow it"
			}
		}
	}
	return ""
}
