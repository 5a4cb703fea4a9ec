package main

import (
	"encoding/json"
	"os"
)

// results are what results.json holds.
type results struct {
	Passed []string `json:"passed"`
}

func (g *grading) read() (results, error) {
	var r results
	data, err := os.ReadFile(g.out)
	if os.IsNotExist(err) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

// note adds a test's result to the file, so that a crash loses nothing.
func (g *grading) note(name string, passed bool) error {
	r, err := g.read()
	if err != nil {
		return err
	}
	if passed {
		r.Passed = append(r.Passed, name)
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(g.out, data, 0o644)
}
