package policy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseCIL(t *testing.T) {
	nodes, err := ParseCIL("a.cil", []byte("\uFEFF; gr\u00fc\u00df dich ( \"\n(allow a_t self\r\n\t(file (read)))(type \"x y;\")\r;end"))
	if err != nil {
		t.Fatal(err)
	}
	atom := func(text string, line, col int) *Node {
		return &Node{Kind: Atom, Text: text, Pos: Pos{"a.cil", line, col}}
	}
	want := []*Node{
		{Kind: List, Pos: Pos{"a.cil", 2, 1}, List: []*Node{atom("allow", 2, 2), atom("a_t", 2, 8), atom("self", 2, 12),
			{Kind: List, Pos: Pos{"a.cil", 3, 2}, List: []*Node{atom("file", 3, 3),
				{Kind: List, Pos: Pos{"a.cil", 3, 8}, List: []*Node{atom("read", 3, 9)}}}}}},
		{Kind: List, Pos: Pos{"a.cil", 3, 16}, List: []*Node{atom("type", 3, 17),
			{Kind: String, Text: "x y;", Pos: Pos{"a.cil", 3, 22}}}},
	}
	for _, n := range nodes {
		if again := n.Statement().Node(); !reflect.DeepEqual(again, n) {
			t.Errorf("read again: %v, want %v", again, n)
		}
		n.walk(func(e *Node) { e.text = "" })
	}
	if !reflect.DeepEqual(nodes, want) {
		t.Errorf("got %v, want %v", nodes, want)
	}
	if got := nodes[0].String(); got != "(allow a_t self (file (read)))" {
		t.Errorf("printed %s", got)
	}
	if got := nodes[1].String(); got != `(type "x y;")` {
		t.Errorf("printed %s", got)
	}
}

func TestParseCILEmpty(t *testing.T) {
	for _, source := range []string{"", "\n\r\n", "; only a comment", "\uFEFF"} {
		if nodes, err := ParseCIL("a.cil", []byte(source)); err != nil || len(nodes) != 0 {
			t.Errorf("%q: got %v, %v", source, nodes, err)
		}
	}
}

func TestParseCILErrors(t *testing.T) {
	tests := []struct{ name, source, at, msg, hint string }{
		{"unclosed", "(type a)\n  (allow a b (file (read))\n(type b)", "2:3",
			`parenthesis of this "allow" statement is never closed`, "write the missing ) at the end of this statement"},
		{"two unclosed", "(allow a b (file (read)", "1:1", "never closed", "2 are open"},
		{"unclosed without word", "((", "1:1", "the parenthesis is never closed", "2 are open"},
		{"extra", "(type a)\n(type b))\n", "2:9", "this ) closes nothing", "the statement that begins at s.cil:2:1 is already complete"},
		{"extra at once", ")", "1:1", "closes nothing", "delete it"},
		{"misspelt", "(alow a b (file (read)))", "1:2", `no statement "alow"`, `did you mean "allow"?`},
		{"letters swapped", "(tpye a)", "1:2", `no statement "tpye"`, `did you mean "type"?`},
		{"capitals", "(ALLOW a b (file (read)))", "1:2", `no statement "ALLOW"`, `did you mean "allow"?`},
		{"old language", "(type_transition a b file c)", "1:2", `no statement "type_transition"`, `did you mean "typetransition"?`},
		{"nothing like it", "(xylophone)", "1:2", `no statement "xylophone"`, ""},
		{"no keyword", "(type a)\n()", "2:1", "begins with a keyword", "for example"},
		{"list first", "((type a))", "1:1", "begins with a keyword", "for example"},
		{"quoted keyword", `("type" a)`, "1:1", "begins with a keyword", "for example"},
		{"kernel syntax", "allow a b:file { read };", "1:1", `"allow" stands outside parentheses`, "(allow SOURCE TARGET"},
		{"hash comment", "(type a)\n# comment", "2:1", `"#" stands outside`, "a comment begins with ;"},
		{"string outside", `"x"`, "1:1", `"x" stands outside`, "in parentheses"},
		{"open string", "(type a)\n(type \"b\n)", "2:7", "is not closed on this line", `double quote: "`},
		{"string over CR", "(type \"b\rc\")", "1:7", "is not closed on this line", `double quote: "`},
		{"control in string", "(type \"b\x01\")", "1:7", "cannot be printed", "printable"},
		{"bad UTF-8 in string", "(type \"b\xff\")", "1:7", "cannot be printed", "printable"},
		{"typographic quotes", "(type “b”)", "1:7", "CIL has no use for", `plain double quote: "`},
		{"hard space", "(type\u00a0b)", "1:6", "this blank is not a plain space (U+00A0)", "type a space"},
		{"backslash", "(type \\b)", "1:7", "CIL has no use for", "no line continuation"},
		{"binary", "\x8c\xff\x7c", "1:1", "this is not text", "CIL file?"},
		{"NUL", "(type\x00a)", "1:6", "CIL has no use for", "delete it"},
		{"deep", strings.Repeat("(", MaxDepth+1), "1:101", "nested more than 100 deep", ""},
		{"huge word", "(" + strings.Repeat("a", 10_000) + ")", "1:2", "CIL has no statement", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseCIL("s.cil", []byte(tt.source))
			e, ok := errors.AsType[*SyntaxError](err)
			if !ok {
				t.Fatalf("got %T %v", err, err)
			}
			if !strings.HasPrefix(e.Error(), "s.cil:"+tt.at+": ") || !strings.Contains(e.Msg, tt.msg) {
				t.Errorf("got %v, want %s %s", e, tt.at, tt.msg)
			}
			if !strings.Contains(e.Hint, tt.hint) || (tt.hint == "") != (e.Hint == "") {
				t.Errorf("hint %q, want %q", e.Hint, tt.hint)
			}
			if len(e.Msg) > 300 {
				t.Errorf("message of %d bytes", len(e.Msg))
			}
		})
	}
}

func TestParseCILTooLarge(t *testing.T) {
	_, err := ParseCIL("s.cil", make([]byte, MaxSource+1))
	if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Pos != (Pos{File: "s.cil"}) || !strings.Contains(e.Error(), "s.cil: the file is too large") {
		t.Errorf("got %v", err)
	}
}

func TestDepthLimitIsReadable(t *testing.T) {
	source := "(type " + strings.Repeat("(", MaxDepth-1) + strings.Repeat(")", MaxDepth)
	nodes, err := ParseCIL("s.cil", []byte(source))
	if err != nil || len(nodes) != 1 || nodes[0].String() != source {
		t.Errorf("got %v, %v", nodes, err)
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"allow", "allowx", "call", "in"}
	for word, want := range map[string]string{
		"alow": "allow", "allwo": "allow", "allow_x": "allowx", "cal": "call", "on": "in", "": "", "zebra": "",
		strings.Repeat("a", 1000): "",
	} {
		if got := nearest(word, candidates); got != want {
			t.Errorf("nearest(%q) = %q, want %q", clip(word), got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "axc", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestACompiledPolicyIsNamedAsSuch(t *testing.T) {
	source := []byte("\x8c\xff\x7c\xf9\x08\x00\x00\x00SE Linux\x21\x00\x00\x00rest")
	for _, src := range [][]byte{source, source[:16]} {
		_, err := ParseCIL("policy.33", src)
		e, ok := errors.AsType[*SyntaxError](err)
		if !ok || !strings.Contains(e.Msg, "compiled policy") || !strings.Contains(e.Hint, "checkpolicy") {
			t.Errorf("got %v", err)
		}
		if says := strings.Contains(e.Msg, "version 33"); says != (len(src) > 16) {
			t.Errorf("got %v", err)
		}
	}
}
