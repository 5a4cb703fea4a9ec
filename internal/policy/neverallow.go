package policy

import (
	"fmt"
	"slices"
	"strings"
)

// neverallow explains the block that secilc prints for a broken neverallow:
//
//	neverallow check failed at FILE:LINE
//	  (neverallow …)
//	    <root>
//	    allow at FILE:LINE
//	      (allow …)
//
// The rule to change is the allow of the last module, since the student's come
// after those that the lab gives. It returns nil when there is no such block or
// no module has part in it.
func (d *diagnosis) neverallow() error {
	first := slices.IndexFunc(d.lines, isNeverallow)
	if first < 0 {
		return nil
	}
	never, _ := placeOf(d.lines[first])
	guilty, rules := d.offenders(first + 1)
	if guilty == nil {
		guilty = d.node(never)
	}
	if guilty == nil {
		return nil
	}
	return &CompileError{
		Pos:   guilty.Pos,
		Msg:   "a neverallow rule forbids what this rule allows",
		Hint:  "the neverallow rule (" + d.where(never) + ") is there on purpose: change or delete yours",
		Rules: append([]string{d.rule(never, d.lines[first+1:])}, rules...),
	}
}

func isNeverallow(line string) bool {
	return strings.HasPrefix(line, "neverallow check failed") || strings.HasPrefix(line, "neverallowx check failed")
}

// offenders lists the allow rules of the first block, and the one to change.
func (d *diagnosis) offenders(from int) (guilty *Node, rules []string) {
	last := -1
	for i := from; i < len(d.lines) && strings.HasPrefix(d.lines[i], " "); i++ {
		line := strings.TrimSpace(d.lines[i])
		if strings.HasPrefix(line, "Only first") {
			rules = append(rules, fmt.Sprintf("(%s)", strings.TrimSuffix(line, ` (use "-v" to show all)`)))
		}
		at, ok := placeOf(line)
		if !ok || !strings.HasPrefix(line, "allow") {
			continue
		}
		rules = append(rules, d.rule(at, d.lines[i+1:]))
		if n := d.node(at); n != nil && at.module > last {
			guilty, last = n, at.module
		}
	}
	return guilty, rules
}

// rule is a rule with its place: from our parse, else as secilc printed it on
// the line after the place.
func (d *diagnosis) rule(at place, after []string) string {
	if n := d.node(at); n != nil {
		return located(n)
	}
	text := ""
	if len(after) > 0 {
		text = clipTo(d.clean(after[0]), maxRule)
	}
	return d.where(at) + ": " + text
}
