package api

import "testing"

func TestParseSysV(t *testing.T) {
	for _, kind := range SysVKinds() {
		want := SysV{kind, "/run/ipclab/sipc", "Q"}
		if got, err := ParseSysV(want.String()); err != nil || got != want {
			t.Errorf("%s became %+v (%v)", want, got, err)
		}
	}
	for _, bad := range []string{"", "msgq", "msgq:", "msgq:/a", "msgq:/a:", "msgq:a:Q", "msgq:/a/:Q", "msgq:/a:QQ", "msgq:/a:Q:Q",
		"msgq:/a: ", "fifo:/a:Q", "/a:Q", "MSGQ:/a:Q"} {
		if got, err := ParseSysV(bad); err == nil {
			t.Errorf("%q is %+v", bad, got)
		}
	}
}

// What is parsed is written as it was: a name stands for one object only.
func FuzzParseSysV(f *testing.F) {
	f.Add("msgq:/run/ipclab/sipc:Q")
	f.Add("sem:/:;")
	f.Fuzz(func(t *testing.T, name string) {
		v, err := ParseSysV(name)
		if err == nil && (v.String() != name || !IsSysV(name)) {
			t.Errorf("%q became %q", name, v.String())
		}
	})
}
