package observed

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// intent is what the scenario says must refuse, which matters where several do.
type intent struct {
	end               scenarios.End
	by                scenarios.Layer
	class, permission string
}

// refusal is a call that was refused, and by whom.
type refusal struct {
	end        scenarios.End
	step       api.Called
	by         scenarios.Layer
	class      string
	permission string
	avc        *policy.AVC
	why        string
}

// stopped tells what stopped it.
func (r *reader) stopped(e ends, t api.Tried, steps []api.Called, want intent) scenarios.Seen {
	seen := scenarios.Seen{Outcome: scenarios.Stopped, Evidence: evidenceOf(t)}
	var all []refusal
	for _, s := range steps {
		one, refused, err := e.judge(s)
		if err != nil {
			return unknownOf(err, seen.Evidence)
		}
		if refused {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return e.silent(seen)
	}
	one := choose(all, want)
	seen.By, seen.Class, seen.Permission, seen.Refused = one.by, one.class, one.permission, one.end
	seen.Errno, seen.Syscall, seen.Text = one.step.Errno, one.step.Syscall, one.String()
	if one.by == "" {
		seen.Outcome = scenarios.Unknown
	}
	return seen
}

func unknownOf(err error, evidence []string) scenarios.Seen {
	seen := unknown("what was recorded cannot be read: " + err.Error())
	seen.Evidence = evidence
	return seen
}

// silent is for what was refused to nobody and yet did not come through.
func (e ends) silent(seen scenarios.Seen) scenarios.Seen {
	if kind := e.apart(); kind != "" {
		seen.By, seen.Text = scenarios.ByNamespace, "nothing arrived: the two are in different "+kind+" namespaces"
		return seen
	}
	seen.Outcome, seen.Text = scenarios.Unknown, "nothing was refused, and nothing arrived"
	return seen
}

// choose takes the refusal that the scenario means, or the first.
func choose(all []refusal, want intent) refusal {
	fits := []func(refusal) bool{
		func(r refusal) bool {
			return r.end == want.end && r.by == want.by && (want.class == "" || r.class == want.class && r.has(want.permission))
		},
		func(r refusal) bool { return r.end == want.end },
		func(refusal) bool { return true },
	}
	for _, fit := range fits {
		if i := slices.IndexFunc(all, fit); i >= 0 {
			one := all[i]
			if one.has(want.permission) && one.class == want.class {
				one.permission = want.permission
			}
			return one
		}
	}
	return all[0]
}

func (r refusal) has(permission string) bool { return r.avc != nil && r.avc.Has(permission) }

// String is one line for people.
func (r refusal) String() string {
	who := r.step.Actor + ": " + r.step.Call
	switch {
	case r.why != "":
		return who + ": " + r.why
	case r.avc != nil:
		return fmt.Sprintf("%s: SELinux %s", who, r.avc)
	}
	return fmt.Sprintf("%s gave %s", who, r.step.Errno)
}

// judge tells who refused a call, if somebody did.
func (e ends) judge(s api.Called) (refusal, bool, error) {
	one := refusal{step: s, end: e.endOf(s)}
	avcs, filtered, err := recordsOf(s)
	switch {
	case err != nil:
		return one, false, err
	case filtered || s.Died == "SIGSYS":
		one.by, one.why = scenarios.BySeccomp, "seccomp refused "+nameOf(s)+" ("+orWord(s.Errno, "the process was killed")+")"
	case len(s.Moved) > 0:
		one.by, one.why = scenarios.ByCgroup, "the control group refused it: "+strings.Join(s.Moved, ", ")
	case len(avcs) > 0 && mayHide(s):
		one.by, one.class, one.permission, one.avc = scenarios.BySELinux, avcs[0].Class, avcs[0].Perms[0], &avcs[0]
	case s.Errno == "":
		one.why = "the process was ended by " + s.Died
		return one, s.Died != "", nil
	case notThere(s.Errno) && e.apart() != "":
		one.by, one.why = scenarios.ByNamespace, s.Errno+": the two are in different "+e.apart()+" namespaces"
	case s.Errno == "EACCES" || s.Errno == "EPERM":
		one.by, one.why = scenarios.ByDAC, s.Errno+", and no record of SELinux or seccomp"
	case s.Errno == "EAGAIN" || s.Errno == "ENOMSG" || s.Errno == "ENXIO":
		return one, false, nil // nothing there, which nobody refused
	default:
		one.why = s.Errno + ", which is no refusal that this knows"
	}
	return one, true, nil
}

// mayHide tells whether a call with a denial came to nothing. Most give an error;
// a descriptor or a message that SELinux holds back is just not there.
func mayHide(s api.Called) bool {
	return slices.Contains([]string{"EACCES", "EPERM", "ENOMSG", "EAGAIN", api.Truncated}, s.Errno)
}

// recordsOf reads a call's records: enforced denials of the very process, and
// whether its filter refused something.
func recordsOf(s api.Called) (avcs []policy.AVC, filtered bool, err error) {
	var j policy.Joiner
	for _, r := range s.Records {
		if err := j.Add(policy.RecordType(r.Type), r.Text); err != nil {
			return nil, false, err
		}
	}
	own, _ := policy.ParseContext(s.Context)
	for _, event := range j.Events() {
		if event.Seccomp != nil && event.Seccomp.PID == s.PID {
			filtered = true
		}
		for _, a := range event.Denials() {
			if a.PID == s.PID && a.Source.Type == own.Type && len(a.Perms) > 0 {
				avcs = append(avcs, a)
			}
		}
	}
	return avcs, filtered, nil
}

// notThere are the answers to who looks for something that is not where he is.
func notThere(errno string) bool {
	return slices.Contains([]string{"ENOENT", "ESRCH", "ECONNREFUSED", "EADDRNOTAVAIL", "ENETUNREACH", "EHOSTUNREACH", "EINVAL", "EIDRM", "ETIMEDOUT"}, errno)
}

// apart is the kind of namespace that the two are in different ones of, if the
// object is found in one.
func (e ends) apart() string {
	kind := namespaceOf(e.via)
	if kind == "" || e.from.Namespaces[kind] == e.to.Namespaces[kind] {
		return ""
	}
	return kind
}

// endOf tells whose call it was. A third subject's is nobody's.
func (e ends) endOf(s api.Called) scenarios.End {
	switch s.Actor {
	case e.from.Name:
		return scenarios.FromEnd
	case e.to.Name:
		return scenarios.ToEnd
	}
	return ""
}

func nameOf(s api.Called) string { return orWord(s.Syscall, s.Call) }

func orWord(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return word
}
