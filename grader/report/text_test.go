package report

import (
	"bufio"
	"encoding/csv"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain, with\ttabs\nand lines":              "plain, with\ttabs\nand lines",
		"\x1b[31mred\x00\x07\r":                     `\x1b[31mred\x00\a\r`,
		"\xff\xc3(":                                 `\xff\xc3(`,
		"a\u202eb\u2066c\u200fd\ufeffe":             `a\u202eb\u2066c\u200fd\ufeffe`,
		"نمی\u200cخواهم 👩\u200d👧 naïve":             "نمی\u200cخواهم 👩\u200d👧 naïve",
		"z\u0301\u0301\u0301\u0301\u0301\u0301algo": "z\u0301\u0301\u0301\u0301algo",
		"no\u00a0break \ufffe":                      "no\u00a0break \\ufffe",
	} {
		if got := cleanText(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
	long := cleanText(strings.Repeat("ä", 40<<10))
	if len(long) > mostText+40 || !strings.HasSuffix(long, "bytes more") || !utf8.ValidString(long) {
		t.Errorf("a long text became %d bytes, ending in %q", len(long), long[len(long)-20:])
	}
}

func TestCleanReachesEveryText(t *testing.T) {
	type inner struct{ Text string }
	type outer struct {
		Name  string
		When  time.Time
		One   *inner
		None  *inner
		Many  []inner
		Plain []string
		N     int
	}
	before := outer{Name: "\x01", When: time.Unix(1, 0), One: &inner{"\x02"}, Many: []inner{{"\x03"}}, Plain: []string{"\x04"}, N: 5}
	after := clean(before)
	if after.Name != `\x01` || after.One.Text != `\x02` || after.Many[0].Text != `\x03` || after.Plain[0] != `\x04` || after.None != nil || after.N != 5 || !after.When.Equal(before.When) {
		t.Errorf("%+v", after)
	}
	if before.One.Text != "\x02" || before.Many[0].Text != "\x03" || before.Plain[0] != "\x04" {
		t.Errorf("what it was made from was changed: %+v", before)
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{"": "", "the lab": "The lab.", "writer.c is missing": "writer.c is missing.", "`make` failed!": "`make` failed!", "Ünlü?": "Ünlü?"} {
		if got := sentence(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{"a `<b>` c": "a <code>&lt;b&gt;</code> c", "`x": "`x", "a `b` `c": "a <code>b</code> `c", "<i>": "&lt;i&gt;"} {
		if got := string(prose(in)); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}

// What is cleaned can go into every sink, escaped as the sink does it.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "=1+1", "`<b>`", "\x00\xff\u202e\u0301", "a\";=b\r\n'c\t@d", "]]>", "-"} {
		f.Add(s)
	}
	tags := regexp.MustCompile(`</?code>`)
	f.Fuzz(func(t *testing.T, text string) {
		s := cleanText(text)
		if !utf8.ValidString(s) {
			t.Fatalf("%q is not UTF-8", s)
		}
		for _, r := range s {
			if unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cs, r) {
				t.Errorf("%q has %U", s, r)
			}
		}
		if again := cleanText(s); again != s && len(s) < mostText {
			t.Errorf("%q is not clean: %q", s, again)
		}
		checkXML(t, s)
		if p := tags.ReplaceAllString(string(prose(s)), ""); strings.ContainsAny(p, "<>\"'") || !strings.Contains(html.UnescapeString(p), strings.ReplaceAll(s, "`", "")) && !strings.Contains(s, "`") {
			t.Errorf("%q became %q", s, p)
		}
		checkCells(t, []string{"first", s, line(s, 40), "last"})
	})
}

func checkXML(t *testing.T, s string) {
	t.Helper()
	var out strings.Builder
	if err := xml.EscapeText(&out, []byte(s)); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Text string `xml:",chardata"`
	}
	if err := xml.Unmarshal([]byte("<x>"+out.String()+"</x>"), &back); err != nil || back.Text != s {
		t.Errorf("%q came back from XML as %q: %v", s, back.Text, err)
	}
}

func checkCells(t *testing.T, cells []string) {
	t.Helper()
	var out strings.Builder
	w := bufio.NewWriter(&out)
	writeRow(w, ',', cells)
	_ = w.Flush()
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 1 || len(rows[0]) != len(cells) {
		t.Fatalf("%q became %q: %v", cells, out.String(), err)
	}
	for i, got := range rows[0] {
		if strings.TrimPrefix(got, "'") != strings.TrimPrefix(cells[i], "'") {
			t.Errorf("the cell %q came back as %q", cells[i], got)
		}
		if got != "" && strings.ContainsRune("=+-@\t", rune(got[0])) && got != "-" && !number.MatchString(got) {
			t.Errorf("the cell %q is a formula", got)
		}
	}
}
