package policy

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

// Whatever parses prints to something that parses to the same, on one line.
func FuzzParseCIL(f *testing.F) {
	for _, seed := range []string{
		"(allow a_t self (file (read write)))", `(typetransition a b fifo_file "channel" c)`, "; comment\r\n(type a)\r(type b)",
		"(block b (optional o (in x)))", "((", "))", "(type \"a", "(alow)", "\uFEFF(type “a”)", "allow a b:c d;", "(type a\x00)",
		";;* lms 1 x\n(call m (a b))", strings.Repeat("(type ", 120), "(class c (a b)) ; (", "()", `("" "")`, `(type "")`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		nodes, err := ParseCIL("f.cil", src)
		checkStatements(t, src, nodes, err)
		if err != nil {
			checkSyntaxError(t, err)
			return
		}
		for _, n := range nodes {
			if whole := n.Statement(); !sameNode(whole.Node(), n) || whole.Node().Pos != n.Pos {
				t.Fatalf("%s read again is %s", n, whole)
			}
			again, err := ParseCIL("f.cil", []byte(n.String()))
			if err != nil || len(again) != 1 || !sameNode(again[0], n) {
				t.Fatalf("%s parses to %v, %v", n, again, err)
			}
		}
		checkRendered(t, nodes)
		Review([]Module{{File: "f.cil", Source: src}}, Scope{Subjects: []string{"a"}})
	})
}

// checkStatements: going over the statements finds the same ones, and the same
// mistake.
func checkStatements(t *testing.T, src []byte, want []*Node, mistake error) {
	t.Helper()
	i := 0
	for s, err := range Statements("f.cil", src) {
		if err != nil {
			if mistake == nil || err.Error() != mistake.Error() {
				t.Fatalf("got %v, want %v", err, mistake)
			}
			return
		}
		if mistake != nil {
			continue
		}
		n := want[i]
		if i++; !sameNode(s.Node(), n) || s.Pos != n.Pos || s.Keyword() != n.Keyword() {
			t.Fatalf("%q at %v, want %s at %v", s.Text(), s.Pos, n, n.Pos)
		}
		checkWords(t, s, n)
	}
	if mistake != nil || i != len(want) {
		t.Fatalf("%d statements without a mistake, want %d and %v", i, len(want), mistake)
	}
}

func checkWords(t *testing.T, s Statement, n *Node) {
	t.Helper()
	words, list, ok := s.Words()
	if !ok {
		return
	}
	last := len(n.List) - 1
	if len(words) != last || n.List[last].Statement().Text() != list {
		t.Fatalf("%q has the words %q and the list %q", s.Text(), words, list)
	}
	for i, word := range words {
		if n.List[i].Kind != Atom || n.List[i].Text != word {
			t.Fatalf("%q has the words %q", s.Text(), words)
		}
	}
}

func checkSyntaxError(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*SyntaxError](err)
	if !ok || e.Msg == "" || e.Pos.Line < 1 || e.Pos.Col < 1 {
		t.Fatalf("got %T %v", err, err)
	}
	if strings.ContainsFunc(e.Msg+e.Hint, unicode.IsControl) {
		t.Fatalf("control characters in %q %q", e.Msg, e.Hint)
	}
}

// checkRendered: what secilc gets is what was parsed, one list a line.
func checkRendered(t *testing.T, nodes []*Node) {
	t.Helper()
	p := parsed{nodes: nodes}
	p.render()
	again, err := ParseCIL("f.cil", p.text)
	if err != nil || len(again) != len(nodes) {
		t.Fatalf("rendered text %q: %v", p.text, err)
	}
	for i, n := range again {
		if !sameNode(n, nodes[i]) {
			t.Fatalf("%s was rendered as %s", nodes[i], n)
		}
		n.walk(func(e *Node) {
			if e.Kind == List && !sameNode(p.at(e.Pos.Line), e) {
				t.Fatalf("line %d is not %s", e.Pos.Line, e)
			}
		})
	}
}

// sameNode compares all but positions.
func sameNode(a, b *Node) bool {
	if a == nil || b == nil || a.Kind != b.Kind || a.Text != b.Text || len(a.List) != len(b.List) {
		return false
	}
	for i := range a.List {
		if !sameNode(a.List[i], b.List[i]) {
			return false
		}
	}
	return true
}

// No name that a program chooses can change any other field, nor bring a
// control character into the line for people.
func FuzzParseAVC(f *testing.F) {
	f.Add("probe", deniedFor+`pid=412 comm="probe" name="channel"`+contexts)
	f.Add(`x tcontext=a:b:evil_t tclass="file`, stampText+"avc:  granted  null for "+contexts)
	f.Add("\n\x1b[2J\x00\u202e", `type=AVC msg=audit(1.001:1): avc:  denied  { a b } for  a=b`)
	f.Add("", `audit(1.001:1): avc:  denied  { a } for  =`)
	f.Fuzz(func(t *testing.T, name, text string) {
		if a, err := ParseAVC(text); err == nil {
			checkEvidence(t, a)
		}
		_, _ = ParseSyscall(text)
		if len(name) > 1000 {
			return
		}
		want, err := ParseAVC(deniedFor + "pid=1" + contexts)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseAVC(deniedFor + "pid=1 comm=" + kernelString(name) + " path=" + kernelString(name) + contexts)
		if err != nil || got.Comm != name || got.Path != name {
			t.Fatalf("%q was read as %q and %q: %v", name, got.Comm, got.Path, err)
		}
		if got.Source != want.Source || got.Target != want.Target || got.Class != want.Class || got.Permissive || !got.Denied {
			t.Fatalf("%q changed the record: %+v", name, got)
		}
		checkEvidence(t, got)
	})
}

// kernelString writes a string as audit_log_untrustedstring does.
func kernelString(s string) string {
	for i := range len(s) {
		if s[i] == '"' || s[i] < 0x21 || s[i] > 0x7e {
			return hexOf(s)
		}
	}
	return `"` + s + `"`
}

func checkEvidence(t *testing.T, a AVC) {
	t.Helper()
	if line := a.String(); strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("not printable: %q", line)
	}
	if a.Class == "" || a.Source.Type == "" || a.Target.Type == "" {
		t.Fatalf("incomplete: %+v", a)
	}
}
