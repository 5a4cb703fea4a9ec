package guest

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"ipclab/internal/guest/api"
)

// A rule has the layout of struct audit_rule_data (linux/audit.h): flags, action,
// field_count, mask[64], fields[64], values[64], fieldflags[64], buflen, buf.
func TestAuditRuleIsLaidOutAsTheKernelWantsIt(t *testing.T) {
	rules := watchRules([]string{"some_t"})
	if len(rules) != 4 {
		t.Fatalf("%d rules", len(rules))
	}
	b := rules[2].bytes()
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(b[4*i:]) }
	if len(b) != ruleLength+len("some_t") || word(0) != filterExit || word(1) != ruleAlways || word(2) != 2 {
		t.Fatalf("%d bytes, head %d %d %d", len(b), word(0), word(1), word(2))
	}
	const mask, fields, values, flags, length = 3, 67, 131, 195, 259
	if bit := word(mask + unix.SYS_OPENAT/32); bit>>(unix.SYS_OPENAT%32)&1 != 1 {
		t.Error("openat is not in the mask")
	}
	if bit := word(mask + unix.SYS_WRITE/32); bit>>(unix.SYS_WRITE%32)&1 != 0 {
		t.Error("write is in the mask")
	}
	if word(fields) != fieldExit || int32(word(values)) != -int32(unix.EACCES) || word(flags) != fieldEqual {
		t.Errorf("the first field is %d %d %x", word(fields), int32(word(values)), word(flags))
	}
	if word(fields+1) != fieldSubjType || word(values+1) != 6 || word(length) != 6 || string(b[ruleLength:]) != "some_t" {
		t.Errorf("the text is %d %q", word(length), b[ruleLength:])
	}
}

func TestPoliciesAreSwappedWhileThereIsATrace(t *testing.T) {
	var s policies
	s.keep(kept{sha256: "plain"})
	pair := []api.TracedPolicy{{Plain: "plain", Watched: "watched"}}
	if got := s.missing(pair); len(got) != 1 || got[0] != "watched" {
		t.Errorf("missing: %q", got)
	}
	s.keep(kept{sha256: "watched"})
	if err := s.watch(pair); err != nil { // none of them is loaded: nothing goes into the kernel
		t.Fatal(err)
	}
	if name, watched := s.now(); name != "" || watched {
		t.Errorf("now %q %v", name, watched)
	}
	for range keepPolicies { // what a trace needs is not dropped for others
		s.keep(kept{sha256: "another"})
	}
	s.loaded = "plain"
	if name, watched := s.now(); name != "plain" || !watched {
		t.Errorf("now %q %v", name, watched)
	}
	if got := s.missing(pair); len(got) != 0 {
		t.Errorf("missing: %q", got)
	}
	s.loaded = "another"
	if err := s.unwatch(); err != nil {
		t.Fatal(err)
	}
	if s.swapOf("plain") >= 0 {
		t.Error("it is still swapped")
	}
}
