package report_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/grader/gradebook"
	"ipclab/grader/report"
)

// fill fills a roster with these grades and gives the file's rows.
func fill(t testing.TB, csv, column string, all ...gradebook.Grade) ([][]string, report.Filling) {
	t.Helper()
	m := newMaker(t)
	r, err := report.ReadRoster(strings.NewReader(csv), m.lab, column)
	must(t, err)
	for i := range all {
		all[i].ID = string(rune('a' + i))
	}
	dir := t.TempDir()
	var filling report.Filling
	must(t, report.Write(dir, m.book(), seq(all), []string{r.Platform}, report.WithRoster(r, func(f report.Filling) { filling = f })))
	text := read(t, dir, r.Platform+".csv")
	comma := ','
	if header, _, _ := strings.Cut(text, "\n"); strings.Contains(header, ";") {
		comma = ';'
	}
	return cells(t, text, comma), filling
}

// by is the grade of a student with these ids; the score is 110.
func by(t testing.TB, id, name, email, source string) gradebook.Grade {
	g := newMaker(t).judge("x", name)
	g.Student = gradebook.Student{ID: id, Name: name, Email: email}
	g.Source = source
	return g
}

const canvasExport = "\xef\xbb\xbf" + `Student,ID,SIS User ID,SIS Login ID,Section,Quiz (11),One way through a FIFO (4711),Current Score,Final Score
"    Points Possible",,,,,10,100,(read only),(read only)
"Okafor, Ada",501,70001,aokafor,IPC-1,9,,90,90
"Lindqvist, Ben",502,501,blindq,IPC-1,8,12,80,80
"Rossi, Chiara",503,70003,crossi@example.org,IPC-2,7,,70,70
"=cmd|' /C calc'!A0",504,70004,evil,IPC-2,,,,
"Points Possible",505,70005,points,IPC-2,,33,,
"Kim, Grace",506,70006,gkim,IPC-1,,55,,
"Kim, Grace",507,70007,gkim2,IPC-1,,,,
"Student, Test",,,abc,IPC-1,,,,
`

func TestCanvasRoster(t *testing.T) {
	ungraded := newMaker(t).unjudged("x", "Grace", gradebook.Ungraded, grader.Machine, "no", "")
	ungraded.Student.ID = "70006"
	rows, filling := fill(t, canvasExport, "",
		by(t, "aokafor", "", "", "aokafor.tar.gz"),                         // by login
		by(t, "502", "lindqvistben", "", "lindqvistben_502_9001_fifo.zip"), // by Canvas's own id, out of the file's name
		by(t, "unknown", "", "CRossi@Example.org", "x.zip"),                // by address
		by(t, "70004", "", "", "70004.zip"),                                // by number of the university
		by(t, "70005", "", "", "70005"),                                    // named like the row of points
		by(t, "zz", "Grace Kim", "", "zz.zip"),                             // two have that name
		by(t, "503", "", "", "503.zip"),                                    // looks like another one's id of Canvas, but is not
		by(t, "502", "", "", "lindqvistben_LATE_502_9002_fifo.zip"),        // somebody took that row
		ungraded,
	)
	if want := []string{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", "One way through a FIFO (4711)"}; !slices.Equal(rows[0], want) {
		t.Errorf("the header is %q", rows[0])
	}
	want := [][2]string{{"", "100"}, {"501", "110"}, {"502", "110"}, {"503", "110"}, {"504", "110"}, {"505", "110"}, {"506", "55"}, {"507", ""}, {"", ""}}
	for i, w := range want {
		if row := rows[i+1]; row[1] != w[0] || row[5] != w[1] {
			t.Errorf("row %d is %q, not %q", i+1, row, w)
		}
	}
	if !strings.Contains(rows[1][0], "Points Possible") || strings.Contains(rows[6][0], "Points Possible") {
		t.Errorf("the row that sets the points: %q, %q", rows[1][0], rows[6][0])
	}
	if rows[5][0] != "'=cmd|' /C calc'!A0" {
		t.Errorf("a name that is a formula became %q", rows[5][0])
	}
	var missed []string
	for _, s := range filling.Missed {
		missed = append(missed, s.ID)
	}
	if !slices.Equal(missed, []string{"zz", "503", "502"}) || filling.Filled != 6 || filling.Possible != "100" {
		t.Errorf("missed %q, filled %d, worth %q", missed, filling.Filled, filling.Possible)
	}
}

func TestCanvasRosterByName(t *testing.T) {
	rows, filling := fill(t, canvasExport, "quiz", by(t, "x1", "okaforada", "", "okaforada.zip"), by(t, "x2", "Ben Lindqvist", "", "x2"))
	if rows[0][5] != "Quiz (11)" || rows[2][5] != "110" || rows[3][5] != "110" || len(filling.Missed) > 0 || filling.Possible != "10" {
		t.Errorf("%q, %+v", rows[:4], filling)
	}
}

func TestMoodleWorksheet(t *testing.T) {
	const worksheet = "\xef\xbb\xbfIdentifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\"Last modified (grade)\",\"Feedback comments\"\n" +
		"\"Participant 12\",\"Ada Okafor\",ada@example.org,Submitted,,100.00,Yes,\"-\",\"<p>two\nlines, \"\"quoted\"\"</p>\"\n" +
		"\"Participant 13\",\"@Ben\",ben@example.org,Submitted,\"12,50\",100.00,Yes,-,\n" +
		"\"Participant 14\",Mei,mei@example.org,\"No submission\",,100.00,Yes,-,\n"
	rows, filling := fill(t, worksheet, "", by(t, "12", "Ada Okafor", "", "Ada Okafor_12_assignsubmission_file_/fifo.zip"),
		by(t, "13", "", "", "13.zip")) // a 13 that Moodle did not give
	if len(rows) != 4 || len(rows[0]) != 9 || rows[1][4] != "110" || rows[2][4] != "12,50" || rows[3][4] != "" {
		t.Errorf("%q", rows)
	}
	if rows[1][8] != "<p>two\nlines, \"quoted\"</p>" || rows[1][7] != "-" || rows[2][1] != "'@Ben" {
		t.Errorf("what was there became %q, %q", rows[1], rows[2])
	}
	if len(filling.Missed) != 1 || filling.Possible != "100.00" {
		t.Errorf("%+v", filling)
	}
}

func TestMoodleGradebook(t *testing.T) {
	const export = "First name;Last name;ID number;Email address;Assignment: One way through a FIFO (Real);Course total (Real)\n" +
		"Ada;Okafor;70001;ada@example.org;-;-\nBen;Lindqvist;70002;ben@example.org;50,00;-\n"
	rows, filling := fill(t, export, "", by(t, "x", "", "BEN@example.org", "x"), by(t, "okafor", "Ada Okafor", "", "x"))
	if rows[1][4] != "110" || rows[2][4] != "110" || filling.Filled != 2 {
		t.Errorf("%q, %+v", rows, filling)
	}
}

func TestRostersThatAreNone(t *testing.T) {
	lab := newMaker(t).lab
	for name, test := range map[string]struct{ csv, column, why string }{
		"nothing":          {"", "", "no students"},
		"a header alone":   {"Student,ID,Section,FIFO\n", "", "no students"},
		"another platform": {"Pupil,Mark\nAda,1\n", "", "neither Canvas's nor Moodle's: Pupil, Mark"},
		"no column":        {"Student,ID,SIS Login ID,Section,Quiz\nAda,1,a,s,\n", "", `it is not clear which column is fifo's: there are "Quiz"`},
		"two columns":      {"Student,ID,SIS Login ID,Section,fifo a,fifo b\nAda,1,a,s,,\n", "", `"fifo a", "fifo b"`},
		"a column too few": {"Student,ID,SIS Login ID,Section\nAda,1,a,s\n", "x", "there are none"},
		"broken quotes":    {"Student,ID,Section,fifo\n\"Ada,1\n", "", "no CSV"},
	} {
		var wrong *report.RosterError
		_, err := report.ReadRoster(strings.NewReader(test.csv), lab, test.column)
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.why) || wrong.Hint() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := report.ReadRoster(failing{}, lab, ""); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrClosed }

func FuzzRoster(f *testing.F) {
	f.Add(canvasExport, "", "okaforada", "501")
	f.Add("Identifier;Grade\nParticipant 1;\n", "Grade", "x", "1")
	f.Add("LastName,FirstName,ID,Section,fifo\na,b\n\n,,,,,,\n", "f", "ab", "")
	m := newMaker(f)
	f.Fuzz(func(t *testing.T, csv, column, name, id string) {
		r, err := report.ReadRoster(strings.NewReader(csv), m.lab, column)
		if err != nil {
			return
		}
		g := m.judge("s001", name)
		g.Student.ID = id
		dir, told := t.TempDir(), 0
		must(t, report.Write(dir, m.book(), seq([]gradebook.Grade{g}), []string{r.Platform}, report.WithRoster(r, func(f report.Filling) {
			told += f.Filled + len(f.Missed)
		})))
		if told != 1 {
			t.Errorf("the student was counted %d times", told)
		}
		if text := read(t, dir, r.Platform+".csv"); strings.Count(text, "\n") < 2 {
			t.Errorf("the file is %q", text)
		}
	})
}
