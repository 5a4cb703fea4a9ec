package policy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rule is an allow rule of the module, as it is written there: one in a line.
var rule = regexp.MustCompile(`(?m)^\(allow (\S+) (\S+) \((\S+) \(([^()]+)\)\)\)`)

// granted are all accesses that the module grants, by "SOURCE TARGET".
func granted(t *testing.T) map[string][]Access {
	t.Helper()
	all := map[string][]Access{}
	found := rule.FindAllStringSubmatch(string(Module()), -1)
	for _, m := range found {
		target := strings.Replace(m[2], "self", m[1], 1)
		for _, p := range strings.Fields(m[4]) {
			all[m[1]+" "+target] = append(all[m[1]+" "+target], Access{m[3], p})
		}
	}
	if n := strings.Count(string(Module()), "(allow "); n != len(found) || n < 20 {
		t.Fatalf("%d rules of %d could be read", len(found), n)
	}
	return all
}

func table(t *testing.T) *Table {
	t.Helper()
	m, err := Matrix()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The matrix says what the module says: of each operation the first access that is
// not granted. Whether the kernel asks so is for the machine to show.
func TestMatrixIsTheModules(t *testing.T) {
	rules := granted(t)
	for _, r := range table(t).Rows {
		for i, domain := range table(t).Domains {
			if want := refused(rules, r, domain); r.Cells[i] != want {
				t.Errorf("%s %s %s: the matrix has %q, the module %q", domain, r.Operation, r.Object, r.Cells[i], want)
			}
		}
	}
}

func refused(rules map[string][]Access, r Row, domain string) Access {
	for _, question := range r.Needs {
		for _, a := range question {
			if !slices.Contains(rules[Type(domain)+" "+r.Target(domain, a)], a) {
				return a
			}
		}
	}
	return Access{}
}

// Every right is used by an operation of the matrix, but for two: those of the
// messages' type.
func TestNoRightIsIdle(t *testing.T) {
	used := map[string]bool{}
	m := table(t)
	for _, r := range m.Rows {
		for i, domain := range m.Domains {
			for _, a := range slices.Concat(r.Needs...) {
				if (r.Cells[i] == Access{}) {
					used[Type(domain)+" "+r.Target(domain, a)+" "+a.String()] = true
				}
			}
		}
	}
	for pair, list := range granted(t) {
		for _, a := range list {
			if !used[pair+" "+a.String()] && a.String() != "msgq enqueue" && a.String() != "file getattr" {
				t.Errorf("%s: %s is of no use", pair, a)
			}
		}
	}
}

// Neither end may do what the other end could find out about, but the one thing
// that the channel is for.
func TestNoEndWritesWhatTheOtherReads(t *testing.T) {
	for pair, list := range granted(t) {
		source, _, _ := strings.Cut(pair, " ")
		if source != Type("receiver") && source != Type("far-receiver") {
			continue
		}
		for _, a := range list {
			if !slices.Contains([]string{"associate", "unix_read", "read", "receive"}, a.Permission) {
				t.Errorf("%s may %s", source, a)
			}
		}
	}
}

func TestEveryRuleHasAReason(t *testing.T) {
	lines := strings.Split(string(Module()), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "(allow ") && !strings.HasPrefix(lines[i-1], "(allow ") && !strings.HasPrefix(lines[i-1], "; ") {
			t.Errorf("line %d has no reason above it: %s", i+1, line)
		}
	}
}

func TestPageShowsTheMatrix(t *testing.T) {
	page, err := os.ReadFile("../../docs/sipc-policy.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), table(t).Markdown()) {
		t.Errorf("docs/sipc-policy.md has another matrix; it should be:\n%s", table(t).Markdown())
	}
}

func TestTableMistakes(t *testing.T) {
	for text, says := range map[string]string{
		"":                              "is empty",
		"object operation needs":        "line 1: only 3 words",
		"o o n a b\nqueue stat x + ":    "line 2: 4 words for 5 columns",
		"# o o n a\no o n a\nq s x + +": "line 3: 5 words for 4 columns",
	} {
		if _, err := ParseTable(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
}
