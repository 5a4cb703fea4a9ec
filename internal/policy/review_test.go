package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func testScope() Scope {
	return Scope{Subjects: []string{"w_t", "r_t"}, Objects: []string{"fifo_t", "dir_t"}}
}

func TestReviewWithinBounds(t *testing.T) {
	source := `; data goes one way
(allow w_t fifo_t (fifo_file (open write getattr)))
(allow r_t fifo_t (fifo_file (open read getattr))) ; the other end
(allow w_t dir_t (dir (search add_name write)))
(allow w_t fifo_t (fifo_file (create)))
(allow w_t r_t (process (signull)))
(allow w_t self (fifo_file (ioctl)))
(allowx w_t self (ioctl fifo_file (0x541b 21531)))
(typetransition w_t dir_t fifo_file fifo_t)
(typetransition w_t dir_t fifo_file "channel" fifo_t)
`
	if got := Review([]Module{{File: "a.cil", Source: []byte(source)}, {File: "empty.cil"}}, testScope()); len(got) != 0 {
		t.Errorf("findings: %v", got)
	}
}

func TestReviewFindings(t *testing.T) {
	tests := []struct {
		source string
		want   []string // "LINE:COL part of What"
	}{
		{"(typepermissive w_t)", []string{"1:1 turns enforcement off"}},
		{"(dontaudit r_t fifo_t (fifo_file (write)))", []string{"1:1 hides denials"}},
		{"(dontauditx r_t fifo_t (ioctl fifo_file (1)))", []string{"1:1 hides denials"}},
		{"(auditallow r_t fifo_t (fifo_file (write)))", []string{"1:1 adds audit records"}},
		{"(neverallow r_t fifo_t (fifo_file (write)))", []string{`1:1 "neverallow" is for the author`}},
		{"(roleallow system_r sysadm_r)", []string{`1:1 "roleallow" changes who may be in which role`}},
		{"(roletype system_r w_t)", []string{`1:1 "roletype" changes who`}},
		{"(userrole system_u system_r)", []string{`1:1 "userrole" changes who`}},
		{"(typeattributeset domain (w_t))", []string{`1:1 "typeattributeset" changes what types`}},
		{"(typebounds w_t r_t)", []string{`1:1 "typebounds" changes`}},
		{"(typealias a)(typealiasactual a fifo_t)", []string{`1:1 "typealias" changes`, `1:14 "typealiasactual" changes`}},
		{"(type x_t)", []string{`1:1 "type" changes`}},
		{"(boolean b true)\n(booleanif b (true (allow w_t fifo_t (fifo_file (write)))))", []string{`1:1 "boolean" makes`, `2:1 "booleanif" makes`}},
		{"(optional o (allow w_t fifo_t (fifo_file (write))))", []string{`1:1 "optional" can hide`}},
		{"(block b)(in b (allow w_t fifo_t (fifo_file (write))))", []string{`1:1 "block" can hide`, `1:10 "in" can hide`}},
		{"(macro m ())(call m ())", []string{`1:1 "macro" can`, `1:13 "call" can`}},
		{"(classpermission cp)(allow w_t fifo_t cp)", []string{`1:1 "classpermission" gives`, "1:39 not a class with a list"}},
		{"(policycap open_perms)", []string{`1:1 "policycap" is not for`}},
		{"(handleunknown allow)", []string{`1:1 "handleunknown" is not for`}},
		{"(constrain (fifo_file (read)) (eq u1 u2))", []string{`1:1 "constrain" is not for`}},
		{"(rangetransition w_t fifo_t process ((s0) (s0)))", []string{`1:1 "rangetransition" is not for`}},

		{"(allow agent_t fifo_t (fifo_file (read)))", []string{"1:8 rules for agent_t"}},
		{"(allow fifo_t fifo_t (fifo_file (read)))", []string{"1:8 rules for fifo_t"}},
		{"(allow self fifo_t (fifo_file (read)))", []string{"1:8 rules for self"}},
		{"(allow all all (fifo_file (read)))", []string{"1:8 rules for all", "1:12 rules about all"}},
		{`(allow "w_t" "fifo_t" (fifo_file (read)))`, []string{`1:8 rules for "w_t"`, `1:14 rules about "fifo_t"`}},
		{"(allow (w_t r_t) fifo_t (fifo_file (read)))", []string{"1:8 rules for (w_t r_t)"}},
		{"(allow w_t shadow_t (file (read)))", []string{"1:12 rules about shadow_t"}},
		{"(allow w_t .fifo_t (fifo_file (read)))", []string{"1:12 rules about .fifo_t"}},
		{"(allow w_t fifo_t)", []string{`1:1 not how "allow" is written`}},
		{"(allow w_t fifo_t (fifo_file (read)) (fifo_file (write)))", []string{`1:1 not how "allow"`}},
		{"(allow w_t fifo_t (fifo_file read))", []string{"1:19 not a class with a list"}},
		{"(allow w_t fifo_t (fifo_file (all)))", []string{"1:31 all stands for permissions"}},
		{"(allow w_t fifo_t (fifo_file (*)))", []string{"1:31 * stands for"}},
		{"(allow w_t fifo_t (fifo_file (not (read))))", []string{"1:31 not stands for", "1:35 (read) stands for"}},
		{`(allow w_t fifo_t (fifo_file ("write")))`, []string{`1:31 "write" stands for`}},
		{"(allow w_t fifo_t (fifo_file ((and (all) (not (read))))))", []string{"1:31 (and (all) (not (read))) stands for"}},
		{"(allow w_t fifo_t ((fifo_file) (read)))", []string{"1:20 (fifo_file) is not the plain name"}},
		{"(allow w_t fifo_t\n (fifo_file (relabelfrom read\n  relabelto)))", []string{`2:14 "relabelfrom" would`, `3:3 "relabelto" would`}},
		{"(allow w_t self (process (execmem)))", []string{`1:27 "execmem" would`}},
		{"(allow w_t r_t (process (ptrace transition)))", []string{`1:26 "ptrace" would`, `1:33 "transition" would`}},
		{"(allow w_t dir_t (dir (mounton)))", []string{`1:24 "mounton" would`}},
		{"(allow w_t fifo_t (security (setenforce load_policy)))", []string{
			`1:20 class "security" is about`, `1:30 "setenforce" would`, `1:41 "load_policy" would`}},
		{"(allow w_t self (capability (sys_admin)))", []string{`1:18 class "capability" is about`}},

		{"(allowx w_t fifo_t px)", []string{"1:20 not a class with a list of numbers"}},
		{"(allowx w_t fifo_t (ioctl fifo_file ((range 0x0 0xffff))))", []string{"1:38 (range 0x0 0xffff) is not a plain number"}},
		{"(allowx w_t fifo_t (ioctl fifo_file (all)))", []string{"1:38 all is not a plain number"}},
		{"(allowx x_t fifo_t)", []string{`1:1 not how "allowx"`}},

		{"(typetransition w_t bin_t process r_t)", []string{"1:21 rules about bin_t", "1:27 moves a program", "1:35 may not get the type r_t"}},
		{"(typetransition x_t dir_t fifo_file fifo_t)", []string{"1:17 rules for x_t"}},
		{"(typetransition w_t dir_t fifo_file shadow_t)", []string{"1:37 may not get the type shadow_t"}},
		{"(typetransition w_t dir_t fifo_file (n) fifo_t)", []string{"1:37 not a plain name"}},
		{"(typetransition w_t dir_t fifo_t)", []string{`1:1 not how "typetransition"`}},

		{"(alow w_t fifo_t (fifo_file (read)))", []string{`1:2 no statement "alow"`}},
		{"(allow w_t fifo_t (fifo_file (read))", []string{"1:1 is never closed"}},
		{"; hi\r(typepermissive w_t)", []string{"2:1 turns enforcement off"}},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			got := Review([]Module{{File: "s.cil", Source: []byte(tt.source)}}, testScope())
			if len(got) != len(tt.want) {
				t.Fatalf("got %d findings %v, want %d", len(got), got, len(tt.want))
			}
			for i, f := range got {
				place, part, _ := strings.Cut(tt.want[i], " ")
				if !strings.HasPrefix(f.String(), "s.cil:"+place+": ") || !strings.Contains(f.What, part) {
					t.Errorf("finding %d: got %q, want %q", i, f, tt.want[i])
				}
				if f.Hint == "" {
					t.Errorf("finding %d has no hint: %q", i, f)
				}
			}
		})
	}
}

// Every statement of the language but three is refused by itself.
func TestReviewRefusesAllOthers(t *testing.T) {
	for _, word := range strings.Fields(keywords) {
		if slices.Contains([]string{"allow", "allowx", "typetransition"}, word) {
			continue
		}
		got := Review([]Module{{File: "s.cil", Source: []byte("(" + word + " x)")}}, testScope())
		if len(got) != 1 || got[0].Rule != "("+word+" x)" || got[0].What == "" || got[0].Hint == "" {
			t.Errorf("%s: got %+v", word, got)
		}
	}
}

func TestReviewModulesInOrder(t *testing.T) {
	modules := []Module{
		{File: "b.cil", Source: []byte("(typepermissive w_t)\n(type x)")},
		{File: "a.cil", Source: []byte("(")},
		{File: "big.cil", Source: make([]byte, MaxModule+1)},
	}
	var got []string
	for _, f := range Review(modules, Scope{}) {
		got = append(got, f.Pos.String())
	}
	if want := []string{"b.cil:1:1", "b.cil:2:1", "a.cil:1:1", "big.cil"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReviewEmptyScope(t *testing.T) {
	got := Review([]Module{{File: "s.cil", Source: []byte("(allow w_t fifo_t (fifo_file (read)))")}}, Scope{})
	if len(got) != 2 || got[0].Hint != "use one of: (none)" {
		t.Errorf("got %+v", got)
	}
}
