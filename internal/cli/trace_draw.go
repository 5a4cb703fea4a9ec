package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/internal/draft"
	"ipclab/internal/guest/api"
	"ipclab/internal/sequence"
)

// draw writes a sequence diagram: each kind of thing that happened once, at its
// first time, with how often it happened.
func (v *traceView) draw(file string) error {
	d := &sequence.Diagram{Title: "Trace of " + v.scenario.Title, Summary: "What happened, each kind once, at its first time."}
	rows := slices.Clone(v.rows)
	slices.SortStableFunc(rows, func(a, b api.TraceRow) int { return a.First.Compare(b.First) })
	for _, r := range rows {
		if r.Count > 0 {
			v.message(d, r)
		}
	}
	var picture bytes.Buffer
	if err := d.SVG(&picture); err != nil {
		return err
	}
	return draft.Write(file, picture.Bytes(), 0o644, draft.Derived)
}

// message adds one row, with its two ends.
func (v *traceView) message(d *sequence.Diagram, r api.TraceRow) {
	from := participant(d, v.who(r), false)
	to := participant(d, cmp.Or(strings.TrimSpace(v.object(r)), "the kernel"), true)
	text := strings.Join(r.Permissions, " ")
	if text == "" {
		text = errnoName(r.Exit)
	}
	if r.Count > 1 {
		text += fmt.Sprintf(" ×%d", r.Count)
	}
	start := r.First
	for _, other := range v.rows {
		if other.Count > 0 && other.First.Before(start) {
			start = other.First
		}
	}
	d.Events = append(d.Events, sequence.Message{At: r.First.Sub(start), From: from, To: to, Text: text, Refused: r.Denied && !r.Permissive})
}

// participant finds a column, or adds it.
func participant(d *sequence.Diagram, name string, thing bool) string {
	if !slices.ContainsFunc(d.Participants, func(p sequence.Participant) bool { return p.ID == name }) {
		d.Participants = append(d.Participants, sequence.Participant{ID: name, Name: name, Thing: thing})
	}
	return name
}
