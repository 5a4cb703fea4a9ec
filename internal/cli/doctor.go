package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// level says how bad a finding is.
type level string

const (
	levelOK   level = "ok"
	levelWarn level = "warn" // labs run, but not as well as they could
	levelBad  level = "bad"  // something does not work
)

// finding is one thing that doctor looked at.
type finding struct {
	Name  string `json:"name"`
	Level level  `json:"level"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"` // a command, or what to do
}

func newDoctor(a *app) *cobra.Command {
	return a.withJSON(&cobra.Command{
		Use: "doctor", Short: "Look for what is missing here, and say how to mend it",
		Long: "doctor looks at everything that ipclab needs on this computer. It changes nothing. Every\n" +
			"finding that is not ok comes with the command that mends it. The exit code is 3 when\n" +
			"something is bad.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			h, err := a.host()
			if err != nil {
				return err
			}
			return a.doctor(newProbe(c.Context(), h).examine())
		},
	})
}

// doctor shows the findings.
func (a *app) doctor(all []finding) error {
	bad, warned := count(all, levelBad), count(all, levelWarn)
	if a.json {
		if err := printJSON(a.out, struct {
			OK       bool      `json:"ok"`
			Findings []finding `json:"findings"`
		}{bad == 0, all}); err != nil {
			return err
		}
	} else {
		a.showFindings(all)
		fmt.Fprintf(a.out, "\n%s\n", conclusion(bad, warned))
	}
	if bad > 0 {
		return &exitError{codeMachine}
	}
	return nil
}

func count(all []finding, l level) int {
	n := 0
	for _, f := range all {
		if f.Level == l {
			n++
		}
	}
	return n
}

func conclusion(bad, warned int) string {
	switch {
	case bad > 0:
		return fmt.Sprintf("Labs do not run here yet: %d bad, %d to look at.", bad, warned)
	case warned > 0:
		return fmt.Sprintf("Labs run here; %d to look at.", warned)
	}
	return "Labs run here."
}

// Columns of doctor's report.
const (
	nameColumn = 8
	textColumn = 22
	reportEdge = 80
)

func (a *app) showFindings(all []finding) {
	for _, f := range all {
		head := fmt.Sprintf("%s%s%-*s", a.mark(f.Level), strings.Repeat(" ", nameColumn-2-len(f.Level)), textColumn-nameColumn, f.Name)
		fmt.Fprint(a.out, head)
		wrap(a.out, f.Text, textColumn)
		if f.Fix != "" {
			fmt.Fprint(a.out, strings.Repeat(" ", nameColumn))
			wrap(a.out, "fix: "+f.Fix, nameColumn+len("fix: "))
		}
	}
}

// mark is a level for people: a sign and a word.
func (a *app) mark(l level) string {
	switch l {
	case levelOK:
		return a.style.good("✓ ok")
	case levelWarn:
		return a.style.warn("! warn")
	}
	return a.style.bad("✗ bad")
}

// wrap prints words with the lines after the first indented. A word that is
// too long for a line, such as a path, is not cut.
func wrap(w io.Writer, text string, indent int) {
	at := indent
	for i, word := range strings.Fields(text) {
		size := len([]rune(word))
		switch {
		case i == 0:
		case at+1+size > reportEdge:
			fmt.Fprint(w, "\n"+strings.Repeat(" ", indent))
			at = indent
		default:
			fmt.Fprint(w, " ")
			at++
		}
		fmt.Fprint(w, word)
		at += size
	}
	fmt.Fprintln(w)
}
