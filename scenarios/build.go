package scenarios

import (
	"strconv"

	"ipclab/internal/guest/api"
	"ipclab/internal/mechanism"
)

// build makes a scenario of values that the grammar accepted.
func build(v *value) *Scenario {
	s := &Scenario{
		Name:     v.get("name").text,
		Title:    v.get("title").text,
		About:    v.get("about").text,
		Policy:   v.get("policy").texts(),
		Booleans: v.get("booleans").truths(),
	}
	for _, one := range v.get("directories").list {
		s.Directories = append(s.Directories, directory(one))
	}
	for _, e := range v.get("subjects").entries {
		s.Subjects = append(s.Subjects, subject(e))
	}
	for _, e := range v.get("objects").entries {
		s.Objects = append(s.Objects, object(e))
	}
	for _, one := range v.get("flows").list {
		s.Flows = append(s.Flows, flow(one))
	}
	buildRest(s, v)
	return s
}

func buildRest(s *Scenario, v *value) {
	for _, one := range v.get("backchannels").list {
		s.BackChannels = append(s.BackChannels, backChannel(one))
	}
	for _, one := range v.get("revocations").list {
		s.Revocations = append(s.Revocations, revocation(one))
	}
	for _, one := range v.get("trusted").list {
		s.Trusted = append(s.Trusted, Trusted{
			Type: one.get("type").text, Except: one.get("except").text,
			Private: one.get("private").truth, Why: one.get("why").text, At: one.at,
		})
	}
	for _, one := range v.get("broken").list {
		s.Twins = append(s.Twins, twin(one))
	}
}

func directory(v *value) api.Directory {
	return api.Directory{
		Path: v.get("path").text, Owner: v.get("owner").text, Group: v.get("group").text,
		Mode: v.get("mode").text, Type: v.get("type").text,
	}
}

func subject(e entry) Subject {
	v := e.value
	s := Subject{
		Name: e.key, User: v.get("user").text, Domain: v.get("domain").text,
		Capabilities: v.get("capabilities").texts(), At: e.keyAt,
	}
	for _, n := range v.get("namespaces").entries {
		if s.Namespaces == nil {
			s.Namespaces = map[string]string{}
		}
		s.Namespaces[n.key] = n.value.text
	}
	if f := v.find("seccomp"); f != nil {
		s.Seccomp = &Seccomp{Deny: f.get("deny").texts(), Allow: f.get("allow").texts(), Errno: f.get("errno").text}
	}
	if c := v.find("cgroup"); c != nil {
		s.Cgroup = &Cgroup{Memory: bytesOf(c.get("memory").text), Pids: int(c.get("pids").number)}
	}
	return s
}

// bytesOf reads a size such as 64M, which the grammar has accepted.
func bytesOf(size string) int64 {
	if size == "" {
		return 0
	}
	last := len(size) - 1
	n, err := strconv.ParseInt(size[:last], 10, 64)
	if err != nil {
		return 0
	}
	return n << map[byte]int{'K': 10, 'M': 20, 'G': 30}[size[last]]
}

func object(e entry) Object {
	v := e.value
	o := Object{
		Name: e.key, Kind: mechanism.Kind(v.get("kind").text), Path: v.get("path").text,
		Port: int(v.get("port").number), Protocol: v.get("protocol").text, Signal: v.get("signal").text,
		Of: v.get("of").text, Owner: v.get("owner").text, Group: v.get("group").text, Mode: v.get("mode").text,
		Type: v.get("type").text, Maker: v.get("maker").text, At: e.keyAt,
	}
	if k := v.find("key"); k != nil {
		o.Key = api.SysV{Kind: string(o.Kind), Path: k.get("path").text, Project: k.get("project").text}
	}
	return o
}

func flow(v *value) Flow {
	return Flow{
		From: v.get("from").text, To: v.get("to").text, Via: v.get("via").text, How: v.get("how").text,
		Want: Want(v.get("want").text), By: Layer(v.get("by").text), Class: v.get("class").text,
		Permission: v.get("permission").text, Syscall: v.get("syscall").text, Errno: v.get("errno").text,
		Refused: End(v.get("refused").text), Why: v.get("why").text, At: v.at,
	}
}

func backChannel(v *value) BackChannel {
	return BackChannel{
		From: v.get("from").text, To: v.get("to").text, Via: v.get("via").text, How: v.get("how").text,
		Want: Want(v.get("want").text), Why: v.get("why").text, Bound: v.get("bound").number,
		Look: v.get("look").text, Tries: End(v.get("tries").text), By: Layer(v.get("by").text), Class: v.get("class").text,
		Permission: v.get("permission").text, At: v.at,
	}
}

func revocation(v *value) Revocation {
	return Revocation{
		From: v.get("from").text, To: v.get("to").text, Via: v.get("via").text, How: v.get("how").text,
		Boolean: v.get("boolean").text, Held: Held(v.get("held").text), Why: v.get("why").text, At: v.at,
	}
}

func twin(v *value) Twin {
	t := Twin{Name: v.get("name").text, Title: v.get("title").text, Rules: v.get("rules").text, At: v.at, changes: v}
	for _, one := range v.get("finds").list {
		t.Finds = append(t.Finds, Find{
			From: one.get("from").text, To: one.get("to").text, Via: one.get("via").text, How: one.get("how").text,
			Permitted: one.find("permitted") == nil || one.get("permitted").truth,
			Observed:  one.find("observed") == nil || one.get("observed").truth,
			Why:       one.get("why").text, At: one.at,
		})
	}
	return t
}
