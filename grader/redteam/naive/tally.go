package main

import (
	"encoding/json"
	"regexp"
	"strings"
)

// passed is how the log tells a pass.
var passed = regexp.MustCompile(`(?m)^--- PASS: (\S+)`)

// verdict is a result as a test program may print it, for partial credit.
type verdict struct {
	Test  string  `json:"test"`
	Score float64 `json:"score"` // from 0 to 1
}

// score sums up the file and what the log tells beyond it, out of 100.
func (g *grading) score(log string) (int, error) {
	r, err := g.read()
	if err != nil {
		return 0, err
	}
	credit := map[string]float64{}
	for _, name := range r.Passed {
		credit[name] = 1
	}
	for _, m := range passed.FindAllStringSubmatch(log, -1) {
		credit[m[1]] = 1
	}
	for line := range strings.Lines(log) {
		var v verdict
		if json.Unmarshal([]byte(line), &v) == nil && v.Test != "" {
			credit[v.Test] = v.Score
		}
	}
	sum, names := 0.0, g.names()
	for _, name := range names {
		sum += credit[name]
	}
	return int(sum * 100 / float64(max(1, len(names)))), nil
}
