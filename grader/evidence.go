package grader

import (
	"fmt"
	"strings"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/policy"
)

// EvidenceKind says which field of an Evidence is set.
type EvidenceKind string

// The kinds of evidence.
const (
	KindAVC      EvidenceKind = "avc"      // AVC
	KindProbe    EvidenceKind = "probe"    // Probe
	KindObject   EvidenceKind = "object"   // Object
	KindExit     EvidenceKind = "exit"     // Exit
	KindOutput   EvidenceKind = "output"   // Output
	KindCompiler EvidenceKind = "compiler" // Output: what the compiler said
	KindFinding  EvidenceKind = "finding"  // Finding
	KindProof    EvidenceKind = "proof"    // Text alone: what the proof of the whole policy came to
)

// Evidence is one thing that was seen, kept as a value. Text says it in one
// line; every text in it is already escaped and may be shown as it is.
type Evidence struct {
	Kind    EvidenceKind `json:"kind"`
	Text    string       `json:"text"`
	AVC     *AVC         `json:"avc,omitempty"`
	Probe   *Probe       `json:"probe,omitempty"`
	Object  *Object      `json:"object,omitempty"`
	Exit    *Exit        `json:"exit,omitempty"`
	Output  *Output      `json:"output,omitempty"`
	Finding *Finding     `json:"finding,omitempty"`
}

// AVC is a decision of SELinux that the kernel recorded.
type AVC struct {
	Time       time.Time `json:"time"`
	Denied     bool      `json:"denied"`
	Permissive bool      `json:"permissive"` // denied by the policy, yet let through
	Perms      []string  `json:"permissions"`
	Class      string    `json:"class"`
	Source     string    `json:"source"` // type of who acted
	Target     string    `json:"target"` // type of what it acted on
	PID        int       `json:"pid"`
	Raw        string    `json:"raw"` // as the kernel wrote it
}

// Probe is an attempt of the trusted probe and the kernel's answer.
type Probe struct {
	Subject string `json:"subject"` // name in the lab
	User    string `json:"user"`
	Context string `json:"context"` // that it really had
	Op      string `json:"op"`
	Path    string `json:"path"`
	Errno   string `json:"errno"` // empty: the call succeeded
}

// Object is what the agent saw at a path, or under the key of a System V object.
type Object struct {
	Path  string `json:"path"` // of a System V object KIND:PATH:LETTER
	Kind  string `json:"kind"`
	Mode  string `json:"mode"`
	Owner string `json:"owner"`
	Group string `json:"group"`
	Type  string `json:"type"`
	Inode uint64 `json:"inode"`
	Links uint64 `json:"links"`
	Size  int64  `json:"size"`

	Messages uint64 `json:"messages,omitempty"` // of a queue: that wait
	Bytes    uint64 `json:"bytes,omitempty"`    // of these messages
	Capacity uint64 `json:"capacity,omitempty"` // of a queue, in bytes
	Attached uint64 `json:"attached,omitempty"` // how often a segment is attached
}

// Exit is how a program ended.
type Exit struct {
	Program string        `json:"program"`
	Cause   string        `json:"cause"`
	Code    int           `json:"code"` // -1 unless it ended by itself
	Signal  string        `json:"signal,omitempty"`
	Detail  string        `json:"detail,omitempty"`
	Wall    time.Duration `json:"wall_ns"`
	Left    int           `json:"left"` // processes that it left behind
}

// Output is what a program printed, escaped, the middle cut out if it is long.
type Output struct {
	Program string `json:"program"`
	Stream  string `json:"stream"` // stdout or stderr
	Text    string `json:"text"`
	Bytes   int    `json:"bytes"` // in all
}

// Finding is one complaint about the student's policy.
type Finding struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

func avcEvidence(a policy.AVC) Evidence {
	return Evidence{Kind: KindAVC, Text: oneLine(a.String()), AVC: &AVC{
		Time: a.Time, Denied: a.Denied, Permissive: a.Permissive, Perms: a.Perms,
		Class: a.Class, Source: a.Source.Type, Target: a.Target.Type, PID: a.PID, Raw: oneLine(a.Raw),
	}}
}

func probeEvidence(subject string, spec api.ProbeSpec, res api.ProbeResult) Evidence {
	p := &Probe{Subject: subject, User: spec.Subject.User, Context: oneLine(res.Context),
		Op: string(spec.Op), Path: oneLine(spec.Path), Errno: oneLine(res.Errno)}
	outcome := "succeeded"
	if p.Errno != "" {
		outcome = p.Errno
	}
	text := fmt.Sprintf("probe as %s (%s, %s): %s %s: %s", subject, p.User, p.Context, p.Op, called(spec.Path), outcome)
	return Evidence{Kind: KindProbe, Text: text, Probe: p}
}

func objectEvidence(o api.Object) Evidence {
	e := &Object{Path: oneLine(o.Path), Kind: oneLine(o.Kind), Mode: oneLine(o.Mode), Owner: oneLine(o.Owner),
		Group: oneLine(o.Group), Type: oneLine(typeOf(o.Context)), Inode: o.Inode, Links: o.Links, Size: o.Size,
		Messages: o.Messages, Bytes: o.Bytes, Capacity: o.Capacity, Attached: o.Attached}
	text := fmt.Sprintf("%s: %s, mode %s, owner %s, group %s, type %s%s", called(o.Path), e.Kind, e.Mode, e.Owner, e.Group, e.Type, state(o))
	if o.Kind == absent {
		text = called(o.Path) + ": there is nothing"
	}
	return Evidence{Kind: KindObject, Text: text, Object: e}
}

// state is what changes about a System V object while it is used.
func state(o api.Object) string {
	switch o.Kind {
	case api.KindQueue:
		return fmt.Sprintf(", %s (%d of %d bytes)", count(int(o.Messages), "message", "messages"), o.Bytes, o.Capacity)
	case api.KindSegment:
		return fmt.Sprintf(", %d bytes, attached %s", o.Size, count(int(o.Attached), "time", "times"))
	}
	return ""
}

func exitEvidence(program string, x api.Exit) Evidence {
	e := &Exit{Program: program, Cause: string(x.Cause), Code: x.Code, Signal: oneLine(x.Signal),
		Detail: oneLine(x.Detail), Wall: x.Wall, Left: x.Left}
	text := fmt.Sprintf("%s: %s", program, exitText(*e))
	if e.Left > 0 {
		text += fmt.Sprintf("; it left %s behind", count(e.Left, "process", "processes"))
	}
	return Evidence{Kind: KindExit, Text: text, Exit: e}
}

func exitText(e Exit) string {
	switch api.Cause(e.Cause) {
	case api.CauseExit:
		return fmt.Sprintf("exit code %d after %s", e.Code, seconds(e.Wall))
	case api.CauseSignal:
		return fmt.Sprintf("ended by %s after %s", e.Signal, seconds(e.Wall))
	}
	text := e.Cause
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// outputEvidence is nil for an empty output.
func outputEvidence(kind EvidenceKind, program, stream, text string) []Evidence {
	if text == "" {
		return nil
	}
	shown, _ := clip(text)
	first, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line := fmt.Sprintf("%s of %s: %s", stream, program, short(oneLine(first)))
	if more != "" {
		line += fmt.Sprintf(" … (%d bytes in all)", len(text))
	}
	return []Evidence{{Kind: kind, Text: line,
		Output: &Output{Program: program, Stream: stream, Text: Escape(shown), Bytes: len(text)}}}
}

// findingEvidence is a complaint at a place of the student's policy.
func findingEvidence(pos policy.Pos, text, hint string) Evidence {
	f := &Finding{File: oneLine(pos.File), Line: pos.Line, Col: pos.Col, Text: oneLine(text), Hint: oneLine(hint)}
	return Evidence{Kind: KindFinding, Text: oneLine(pos.String()) + ": " + f.Text, Finding: f}
}

func proofEvidence(text string) Evidence {
	return Evidence{Kind: KindProof, Text: "proof: " + oneLine(text)}
}

// typeOf is the type of a context, or the whole of what is not a context.
func typeOf(context string) string {
	c, err := policy.ParseContext(context)
	if err != nil {
		return context
	}
	return c.Type
}
