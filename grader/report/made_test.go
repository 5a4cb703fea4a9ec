package report_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/labs"
)

// begun is when everything here happened.
func begun() time.Time { return time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC) }

// fifoLab is the lab fifo with two hidden checks more.
func fifoLab(t testing.TB) gradebook.Lab {
	t.Helper()
	c, err := labs.NewCatalog(labs.Embedded())
	must(t, err)
	l, err := c.Find("fifo")
	must(t, err)
	lab := gradebook.LabOf(l)
	lab.Digest = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809"
	lab.Checks = append(lab.Checks,
		gradebook.Check{ID: "secret-burst", Step: "Hidden", Title: "SECRET a burst of records", Expect: "SECRET expectation", Points: 6, Needs: []string{"atomic"}, Hidden: true, Hint: "SECRET hint"},
		gradebook.Check{ID: "secret-link", Step: "Hidden", Title: "SECRET a link in the directory", Expect: "SECRET expectation", Points: 4, Needs: []string{"builds"}, Hidden: true})
	lab.Points = 0
	for _, c := range lab.Checks {
		lab.Points += c.Points
	}
	return lab
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// maker makes up grades as the grader would give them.
type maker struct {
	lab   gradebook.Lab
	rand  *rand.Rand
	lines int // of a hostile output
}

func newMaker(t testing.TB) *maker {
	return &maker{lab: fifoLab(t), rand: rand.New(rand.NewPCG(3, 14)), lines: 300}
}

// judge makes a grade in which just these checks fail, and what needs them is
// skipped.
func (m *maker) judge(id, name string, fails ...string) gradebook.Grade {
	r := &grader.Report{Lab: m.lab.Name, Title: m.lab.Title, Complete: true, Duration: 3200 * time.Millisecond}
	var down []string
	for _, c := range m.lab.Checks {
		res := grader.Result{Check: c.ID, Title: c.Title, MaxPoints: c.Points, By: c.By, Expected: c.Expect,
			Duration: time.Duration(80+m.rand.IntN(400)) * time.Millisecond}
		for _, need := range c.Needs {
			if slices.Contains(down, need) {
				res.Unmet = append(res.Unmet, need)
			}
		}
		switch {
		case len(res.Unmet) > 0:
			res.Verdict, res.Duration = grader.Skipped, 0
			down = append(down, c.ID)
		case slices.Contains(fails, c.ID):
			m.fail(&res)
			down = append(down, c.ID)
		default:
			res.Verdict, res.Points = grader.Pass, c.Points
			res.Evidence = passEvidence(c.ID)
		}
		r.Add(res)
	}
	score := r.Points
	return gradebook.Grade{ID: id, Student: gradebook.Student{ID: strings.ToUpper(id), Name: name, Email: id + "@example.org"},
		Source: "submissions/" + id + ".tar.gz", Digest: strings.Repeat("0f1e2d3c", 8), Key: strings.Repeat("ab12cd34", 8),
		Status: gradebook.Graded, Score: &score, MaxScore: m.lab.Points, Report: r, Tries: 1, Begun: begun(), Duration: 4100 * time.Millisecond}
}

// unjudged makes a grade without a report.
func (m *maker) unjudged(id, name string, status gradebook.Status, fault grader.Fault, problem, hint string) gradebook.Grade {
	g := m.judge(id, name)
	g.Status, g.Fault, g.Problem, g.Hint, g.Report, g.Score = status, fault, problem, hint, nil, nil
	if status == gradebook.Refused {
		zero := 0
		g.Score = &zero
	}
	return g
}

func (m *maker) fail(r *grader.Result) {
	r.Verdict, r.Fault = grader.Fail, grader.Student
	r.Script = &grader.Position{File: "checks/" + r.Check + ".txtar", Line: 7, Text: "object $CHANNEL kind=fifo mode=0660", Phase: "its mode"}
	switch r.Check {
	case "builds":
		r.Message = "`make -s -j2` ended with exit code 2: writer.c does not compile"
		r.Script.Text = "build"
		text := "writer.c: In function 'main':\nwriter.c:41:9: error: unused variable 'fd' [-Werror=unused-variable]\n   41 |     int fd = -1;\n      |         ^~\ncc1: all warnings being treated as errors\nmake: *** [Makefile:7: writer] Error 1\n"
		r.Evidence = []grader.Evidence{{Kind: grader.KindCompiler, Text: "stderr of make: writer.c: In function 'main': …",
			Output: &grader.Output{Program: "make", Stream: "stderr", Text: text, Bytes: len(text)}},
			exitOf("make", 2)}
	case "mode", "umask":
		wrong := []string{"0644", "0666", "0640"}[m.rand.IntN(3)]
		r.Message = "the FIFO has mode " + wrong + ", not 0660"
		r.Evidence = []grader.Evidence{objectOf("fifo", wrong)}
	case "policy":
		r.Message = "policy/one-way.cil does not compile: 4:23: the type TODO is not declared"
		r.Evidence = []grader.Evidence{{Kind: grader.KindFinding, Text: "policy/one-way.cil:4:23: the type TODO is not declared",
			Finding: &grader.Finding{File: "policy/one-way.cil", Line: 4, Col: 23, Text: "the type TODO is not declared", Hint: "put one of the lab's types there"}}}
	case "reader-cannot-write":
		r.Message = "reader (bob, ipclab_fifo_reader_t) was allowed append on /run/ipclab/fifo/channel, and must be denied it by SELinux"
		r.Script.Text, r.Script.Means = "forbidden reader -> writer : $CHANNEL", "denied reader : append $CHANNEL by selinux fifo_file append"
		r.Evidence = append(passEvidence(r.Check)[:5], probeOf("alice", "alice", "ipclab_student_t", "append", ""), objectOf("fifo", "0660"),
			probeOf("reader", "bob", "ipclab_fifo_reader_t", "append", ""), objectOf("fifo", "0660"))
	case "third-user":
		r.Message = "carol (carol, ipclab_student_t) was denied read on /run/ipclab/fifo/channel, but by the wrong layer: SELinux refused it. It must be DAC"
		r.Script.Text, r.Script.Means = "forbidden alice -> carol : $CHANNEL", "denied carol : read $CHANNEL by dac"
		r.Evidence = append(passEvidence(r.Check)[:6], probeOf("carol", "carol", "ipclab_student_t", "read", "EACCES"),
			avcOf("ipclab_student_t", "ipclab_fifo_t", "fifo_file", "read", false), objectOf("fifo", "0666"))
	case "atomic":
		r.Message = "record 17 is mixed with another one: \"aaaaaabbbbbbb\" is neither writer's"
		r.Evidence = []grader.Evidence{exitOf("writer", 0), exitOf("writer", 0),
			{Kind: grader.KindOutput, Text: "stdout of reader: aaaaaabbbbbbb …", Output: &grader.Output{Program: "reader", Stream: "stdout", Text: "aaaaaabbbbbbb\n" + strings.Repeat("aaaaaaaaaaaaa\n", 20), Bytes: 81920}}}
	default:
		r.Message = "the reader printed nothing within 5 s"
		r.Script.Text = "stdout '^hello$'"
		r.Evidence = []grader.Evidence{{Kind: grader.KindExit, Text: "reader: its time was over after 5.0 s", Exit: &grader.Exit{Program: "reader", Cause: "timeout", Code: -1, Wall: 5 * time.Second}}}
	}
}

func passEvidence(check string) []grader.Evidence {
	denied := func(subject, user, domain, op, perm string) []grader.Evidence {
		return []grader.Evidence{probeOf(subject, user, domain, op, "EACCES"), avcOf(domain, "ipclab_fifo_t", "fifo_file", perm, false), objectOf("fifo", "0660")}
	}
	allowed := func(subject, user, domain, op string) []grader.Evidence {
		errno := ""
		if op == "write" {
			errno = "ENXIO"
		}
		return []grader.Evidence{probeOf(subject, user, domain, op, errno), objectOf("fifo", "0660")}
	}
	switch check {
	case "builds":
		return []grader.Evidence{exitOf("make", 0)}
	case "kind":
		return []grader.Evidence{objectOf("fifo", "0660"), exitOf("writer", 0)}
	case "third-user":
		return slices.Concat(allowed("bob", "bob", "ipclab_student_t", "read"), allowed("alice", "alice", "ipclab_student_t", "write"),
			allowed("alice", "alice", "ipclab_student_t", "create"),
			[]grader.Evidence{probeOf("carol", "carol", "ipclab_student_t", "read", "EACCES"), objectOf("fifo", "0660"),
				probeOf("carol", "carol", "ipclab_student_t", "write", "EACCES"), objectOf("fifo", "0660"),
				probeOf("carol", "carol", "ipclab_student_t", "create", "EACCES"), objectOf("fifo", "0660")})
	case "reader-cannot-write":
		return slices.Concat(allowed("writer", "alice", "ipclab_fifo_writer_t", "write"), denied("reader", "bob", "ipclab_fifo_reader_t", "write", "write"),
			allowed("alice", "alice", "ipclab_student_t", "append"), denied("reader", "bob", "ipclab_fifo_reader_t", "append", "append"),
			allowed("alice", "alice", "ipclab_student_t", "rdwr"), denied("reader", "bob", "ipclab_fifo_reader_t", "rdwr", "write"))
	case "writer-cannot-read":
		return slices.Concat(allowed("reader", "bob", "ipclab_fifo_reader_t", "read"), denied("writer", "alice", "ipclab_fifo_writer_t", "read", "read"))
	}
	return nil
}

const channel = "/run/ipclab/fifo/channel"

func probeOf(subject, user, domain, op, errno string) grader.Evidence {
	outcome := "succeeded"
	if errno != "" {
		outcome = errno
	}
	context := "user_u:user_r:" + domain + ":s0"
	return grader.Evidence{Kind: grader.KindProbe, Text: fmt.Sprintf("probe as %s (%s, %s): %s %s: %s", subject, user, context, op, channel, outcome),
		Probe: &grader.Probe{Subject: subject, User: user, Context: context, Op: op, Path: channel, Errno: errno}}
}

func avcOf(source, target, class, perm string, permissive bool) grader.Evidence {
	return grader.Evidence{Kind: grader.KindAVC, Text: fmt.Sprintf("SELinux denied { %s } from %s to %s on %s", perm, source, target, class),
		AVC: &grader.AVC{Time: begun(), Denied: true, Permissive: permissive, Perms: []string{perm}, Class: class, Source: source, Target: target, PID: 731,
			Raw: fmt.Sprintf(`avc:  denied  { %s } for  pid=731 comm="ipclab-probe" name="channel" dev="tmpfs" ino=912 scontext=user_u:user_r:%s:s0 tcontext=user_u:object_r:%s:s0 tclass=%s permissive=0`, perm, source, target, class)}}
}

func objectOf(kind, mode string) grader.Evidence {
	return grader.Evidence{Kind: grader.KindObject, Text: fmt.Sprintf("%s: %s, mode %s, owner alice, group channel, type ipclab_fifo_t", channel, kind, mode),
		Object: &grader.Object{Path: channel, Kind: kind, Mode: mode, Owner: "alice", Group: "channel", Type: "ipclab_fifo_t", Inode: 912, Links: 1}}
}

func exitOf(program string, code int) grader.Evidence {
	return grader.Evidence{Kind: grader.KindExit, Text: fmt.Sprintf("%s: exit code %d after 0.31 s", program, code),
		Exit: &grader.Exit{Program: program, Cause: "exit", Code: code, Wall: 310 * time.Millisecond}}
}

// nasty is what a hostile program or student writes, one trick a sink.
func nasty() []string {
	return []string{
		`<script>alert(1)</script><img src=x onerror=alert(2)>`,
		`"><svg/onload=alert(3)> ' onmouseover='alert(4)`,
		`</style></script></title><!-- ]]> --> <![CDATA[ x ]]> &amp; &#x41; {{.Key}}`,
		`=cmd|' /C calc'!A0`, `+1+1`, `-2+3`, `@SUM(A1:A9)`, "\t=1+1", `＝1+1`, `x";=HYPERLINK("http://evil.example","x")`,
		"\x1b[31mred\x1b[0m\x1b]0;title\x07", "nul\x00 bell\x07 \x0b vt \ufffe \uffff", "bytes \xff\xfe\xc3\x28",
		"abc\u202etxt.exe\u202c \u2066isolate", "z" + strings.Repeat("\u0301\u0310", 60) + "algo",
		strings.Repeat("A", 2000), strings.Repeat("𝔘", 700), "ข้อความ العربية עברית 漢字 👩\u200d👩\u200d👧 نمی\u200cخواهم",
		"line one\r\nline two\nPASS: everything\n--- PASS: forged (0.00s)\n</system-out>", "Points Possible", "    Points Possible", "",
	}
}

// class is about forty submissions, of every kind there is.
func (m *maker) class() []gradebook.Grade {
	names := []string{"Ada Okafor", "Ben Lindqvist", "Chiara Rossi", "Dmitri Volkov", "Elif Yılmaz", "Farah Haddad", "Grace Kim", "Hugo Martín",
		"Ines Duarte", "Jonas Becker", "Kavya Iyer", "Liam O’Connor", "Mei Tanaka", "Noor Rahman", "Olga Nowak", "Pau Ferrer", "Quinn Avery",
		"Rosa Jiménez", "Sven Dahl", "Tariq Aziz", "Uma Patel", "Viktor Horvat", "Wen Zhao", "Ximena Cruz"}
	fails := [][]string{nil, nil, {"reader-cannot-write"}, {"mode"}, {"builds"}, {"atomic", "reader-cannot-write"}, {"reader-cannot-write", "secret-link"},
		{"policy"}, {"umask", "policy"}, {"third-user"}, {"eof"}, {"secret-burst"}, {"mode", "long"}, {"swap"}, nil, {"reader-cannot-write"}, {"gone", "long"},
		{"kind", "policy"}, {"atomic"}, {"builds", "policy"}, {"prompt"}, {"reader-cannot-write", "atomic"}, {"wrong-kind", "refuses"}, {"secret-link", "secret-burst"}}
	var all []gradebook.Grade
	for i, name := range names {
		g := m.judge(fmt.Sprintf("s%03d", i+1), name, fails[i]...)
		g.Late = i%9 == 4
		all = append(all, g)
	}
	all[6].Variant = &gradebook.Variant{Expected: "7f3a-19c0", Found: "b2e4-0d11", Of: "S012", Foreign: true, Note: "the key in writer.c is that of variant b2e4-0d11"}
	all[7].Variant = &gradebook.Variant{Expected: "11aa-22bb", Found: "11aa-22bb"}
	m.breakCheck(&all[9])
	all = append(all,
		m.unjudged("t001", "Yusuf Demir", gradebook.Refused, grader.Student, "the archive ends in the middle of writer.c", "pack it again with `ipclab submit`"),
		m.unjudged("t002", "Zoé Lambert", gradebook.Refused, grader.Student, "there is no writer.c in it", "hand in the folder that `ipclab start` made"),
		m.unjudged("t003", "Anton Weiss", gradebook.Ungraded, grader.Machine, "three machines in a row stopped answering: the connection was lost", "look at the disk, then grade again with --regrade failed"),
		m.unjudged("t004", "Bella Swan", gradebook.Ungraded, grader.Lab, "hidden/secret-link.txtar:3: there is no command \"obejct\"", "run `ipclab lab check`"),
		m.unjudged("t005", "Chiara Rossi", gradebook.Superseded, grader.NoFault, "the same student handed in again: s003 counts", ""))
	for i, text := range nasty() {
		all = append(all, m.nasty(i, text))
	}
	return all
}

// breakCheck makes a check end in trouble of the machine.
func (m *maker) breakCheck(g *gradebook.Grade) {
	r := *g.Report
	r.Results = slices.Clone(r.Results)
	res := &r.Results[4]
	*g.Score -= res.Points
	r.Points -= res.Points
	r.Passed--
	r.Errors++
	res.Verdict, res.Fault, res.Points, res.Message = grader.Broken, grader.Machine, 0, "reading the audit trail: the kernel lost 3 audit records meanwhile"
	g.Report = &r
}

// nasty puts a text everywhere a student could.
func (m *maker) nasty(i int, text string) gradebook.Grade {
	g := m.judge(fmt.Sprintf("x%03d", i), text, "atomic", "third-user")
	g.Student.ID, g.Student.Email, g.Source = fmt.Sprintf("%s%d", text, i), text, text
	for at := range g.Report.Results {
		r := &g.Report.Results[at]
		if r.Verdict != grader.Fail {
			continue
		}
		r.Message = text
		r.Evidence = append(r.Evidence,
			grader.Evidence{Kind: grader.KindOutput, Text: text, Output: &grader.Output{Program: "reader", Stream: "stdout", Text: strings.Repeat(text+"\n", m.lines), Bytes: 1 << 30}},
			grader.Evidence{Kind: grader.KindAVC, Text: text, AVC: &grader.AVC{Time: begun(), Denied: true, Raw: text}},
			grader.Evidence{Kind: grader.KindObject, Text: text, Object: &grader.Object{Path: text, Kind: text}},
			grader.Evidence{Kind: grader.KindFinding, Text: text, Finding: &grader.Finding{File: text, Text: text, Hint: text}},
			grader.Evidence{Kind: grader.KindProbe, Text: text, Probe: &grader.Probe{Subject: text, User: text, Context: text, Op: "read", Path: text, Errno: text}})
	}
	return g
}

func (m *maker) book() *gradebook.Book {
	return &gradebook.Book{Schema: gradebook.Schema, Lab: m.lab, Image: strings.Repeat("9a8b7c6d", 8), Grader: strings.Repeat("55aa55aa", 8),
		Begun: begun(), Ended: begun().Add(4 * time.Minute)}
}

// seq gives grades one at a time.
func seq(all []gradebook.Grade) iter.Seq2[gradebook.Grade, error] {
	return func(yield func(gradebook.Grade, error) bool) {
		for _, g := range all {
			if !yield(g, nil) {
				return
			}
		}
	}
}
