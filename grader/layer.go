package grader

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
	"ipclab/scenarios"
)

// observation is what an attempt came to: the kernel's answer, and what
// SELinux said about that very process.
type observation struct {
	errno    string
	object   api.Object
	denials  []policy.AVC // enforced
	logged   []policy.AVC // denied by the policy, yet let through
	evidence []Evidence
}

// observe reads a probe's result. It is machine trouble if the result cannot
// be relied on.
func (a *attempt) observe(res api.ProbeResult) (*observation, error) {
	switch {
	case res.PID <= 0:
		return nil, machineFault("probing "+oneLine(a.path), errors.New("the probe did not run"))
	case res.Lost > 0:
		return nil, machineFault("probing "+oneLine(a.path), fmt.Errorf("the kernel lost %s meanwhile, so that a denial cannot be told from another", count(int(res.Lost), "audit record", "audit records")))
	case typeOf(res.Context) != a.domain():
		return nil, machineFault("probing "+oneLine(a.path), fmt.Errorf("the probe ran as %q, not in %s", res.Context, a.domain()))
	}
	o := &observation{errno: res.Errno, object: res.Object}
	for _, r := range res.Records {
		if err := o.addRecord(r, res.PID); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// addRecord keeps the AVC records of the probe's own process. Records that
// user space wrote have other types and prove nothing.
func (o *observation) addRecord(r api.Record, pid int) error {
	if r.Type != uint16(policy.RecordAVC) {
		return nil
	}
	avc, err := policy.ParseAVC(r.Text)
	switch {
	case err != nil:
		return machineFault("reading the audit trail", err)
	case avc.PID != pid || !avc.Denied:
	case avc.Permissive:
		o.logged = append(o.logged, avc)
	case !overridesDAC(avc):
		o.denials = append(o.denials, avc)
	}
	return nil
}

// overridesDAC tells the question "may it pass over the mode?", which the
// kernel asks only after the mode has refused.
func overridesDAC(avc policy.AVC) bool {
	return avc.Class == "capability" && (avc.Has("dac_override") || avc.Has("dac_read_search"))
}

// succeeded says whether the kernel let the operation through. Opening a FIFO
// without reader gives ENXIO only after permission was granted.
func (a *attempt) succeeded(o *observation) bool {
	return o.errno == "" || o.errno == "ENXIO" && (a.op == api.OpWrite || a.op == api.OpAppend)
}

// layer is who refused, if somebody did. A message that SELinux does not let
// somebody take is passed over (msgrcv finds none), and the refusal is recorded.
func (o *observation) layer() scenarios.Layer {
	switch {
	case o.errno == "ENOMSG" && len(o.denials) > 0:
		return scenarios.BySELinux
	case o.errno != "EACCES" && o.errno != "EPERM":
		return ""
	case len(o.denials) > 0:
		return scenarios.BySELinux
	}
	return scenarios.ByDAC
}

// judge compares what was seen with what must be. The error is the machine's.
func (a *attempt) judge(tr *trial, o *observation) (*failure, error) {
	if o.object.Kind == absent && a.op != api.OpCreate && a.op != api.OpInfo {
		return failed(nil, "%s, so that nothing can be allowed or denied there", nothingAt(a.path)), nil
	}
	if !a.succeeded(o) && o.layer() == "" {
		return failed(nil, "%s could not try %s: it ended with %s, which is neither an access nor a denial", a.who(), a.what(), oneLine(o.errno)), nil
	}
	if !a.denied {
		return a.judgeAllowed(o), nil
	}
	return a.judgeDenied(tr, o)
}

func (a *attempt) judgeAllowed(o *observation) *failure {
	if !a.succeeded(o) {
		return failed(nil, "%s is refused %s, and must be allowed: %s", a.who(), a.what(), o.refusal())
	}
	onObject := func(avc policy.AVC) bool {
		return api.IsSysV(a.path) || avc.Target.Type == typeOf(o.object.Context)
	}
	if slices.ContainsFunc(o.logged, onObject) {
		return failed(nil, "%s got through with %s only because SELinux is permissive for it: the policy does not allow it, the denial was only logged", a.who(), a.what())
	}
	return nil
}

func (a *attempt) judgeDenied(tr *trial, o *observation) (*failure, error) {
	switch layer := o.layer(); {
	case a.succeeded(o) && len(o.logged) > 0:
		return failed(nil, "%s was allowed %s: the denial was only logged, because the domain or the machine is permissive", a.who(), a.what()), nil
	case a.succeeded(o):
		return failed(nil, "%s was allowed %s, and must be denied it by %s", a.who(), a.what(), layerName(a.by)), nil
	case layer != a.by:
		return a.wrongLayer(o), nil
	case layer == scenarios.BySELinux:
		return a.judgeRule(tr, o)
	}
	return a.judgeMode(tr, o)
}

// refusal says who refused.
func (o *observation) refusal() string {
	if o.layer() == scenarios.BySELinux {
		return fmt.Sprintf("SELinux refused it (%s)", oneLine(o.denials[0].String()))
	}
	return fmt.Sprintf("DAC refused it (%s, mode %s of %s:%s, and no record of SELinux)",
		o.errno, oneLine(o.object.Mode), oneLine(o.object.Owner), oneLine(o.object.Group))
}

// wrongLayer explains why a denial by somebody else is not enough.
func (a *attempt) wrongLayer(o *observation) *failure {
	why := "whoever gets past the mode (as owner, member of the group, or by a mistaken chmod) would then be let through by the policy; SELinux has to refuse by itself"
	if a.by == scenarios.ByDAC {
		why = "the mode must refuse by itself, without the policy"
	}
	return failed(nil, "%s was denied %s, but by the wrong layer: %s. It must be %s: %s", a.who(), a.what(), o.refusal(), layerName(a.by), why)
}

func layerName(l scenarios.Layer) string {
	if l == scenarios.BySELinux {
		return "SELinux"
	}
	return "DAC"
}

// judgeRule asks whether SELinux refused the very thing that it must.
func (a *attempt) judgeRule(tr *trial, o *observation) (*failure, error) {
	targets, err := a.targets(tr, o)
	if err != nil {
		return nil, err
	}
	for _, avc := range o.denials {
		if avc.Source.Type == a.domain() && slices.Contains(targets, avc.Target.Type) &&
			(a.class == "" || avc.Class == a.class && avc.Has(a.perm)) {
			return nil, nil
		}
	}
	return failed(nil, "%s was denied %s by SELinux, but for another reason: %s. It must be refused %s of type %s",
		a.who(), a.what(), oneLine(o.denials[0].String()), a.rule(), oneLine(targets[0])), nil
}

// targets are the types that the denial may be about: the object's, and for
// what happens in a directory also the directory's.
func (a *attempt) targets(tr *trial, o *observation) ([]string, error) {
	if api.IsSysV(a.path) {
		return a.sysVTargets(o), nil
	}
	if a.class != "dir" && a.op != api.OpCreate && a.op != api.OpUnlink {
		return []string{typeOf(o.object.Context)}, nil
	}
	dir, err := tr.stat(path.Dir(a.path))
	if err != nil {
		return nil, err
	}
	if a.class == "dir" || o.object.Kind == absent {
		return []string{typeOf(dir.Context), typeOf(o.object.Context)}, nil
	}
	return []string{typeOf(o.object.Context), typeOf(dir.Context)}, nil
}

// judgeMode asks whether the modes can have refused at all. When neither they
// nor any record of SELinux say so, nobody knows who did.
func (a *attempt) judgeMode(tr *trial, o *observation) (*failure, error) {
	if api.IsSysV(a.path) {
		return a.judgeSysVMode(o), nil
	}
	need := map[api.Op]int64{api.OpRead: 4, api.OpWrite: 2, api.OpAppend: 2, api.OpRdwr: 6}[a.op]
	if need == 0 || !surelyGrants(o.object, a.subject.User, need) {
		return nil, nil
	}
	for dir := path.Dir(a.path); ; dir = path.Dir(dir) {
		d, err := tr.stat(dir)
		if err != nil {
			return nil, err
		}
		if !surelyGrants(d, a.subject.User, 1) {
			return nil, nil
		}
		if dir == "/" {
			return failed(nil, "%s was denied %s, but not by DAC: the modes let it through, and there is no record of SELinux either", a.who(), a.what()), nil
		}
	}
}

// surelyGrants says whether the mode grants the bits to the user whatever
// groups the user is in.
func surelyGrants(o api.Object, user string, bits int64) bool {
	mode := octal(o.Mode)
	if mode < 0 {
		return false
	}
	if o.Owner == user {
		return mode>>6&bits == bits
	}
	return mode>>3&bits == bits && mode&bits == bits
}
