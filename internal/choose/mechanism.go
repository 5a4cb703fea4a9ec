package choose

import (
	_ "embed" // the data
	"encoding/json"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"

	"ipclab/scenarios"
)

//go:embed mechanisms.yaml
var mechanismsData []byte

//go:embed demonstrated.json
var demonstratedData []byte

//go:embed speed.json
var speedData []byte

// Mechanism is what manuals say of a mechanism.
type Mechanism struct {
	Name     string   `yaml:"name" json:"name"`
	Title    string   `yaml:"title" json:"title"`
	Scenario string   `yaml:"scenario" json:"scenario"`
	Objects  []string `yaml:"objects" json:"-"`
	Finding  string   `yaml:"finding" json:"finding"` // "name" or "handed"
	TwoWay   bool     `yaml:"two_way" json:"two_way"`
	Unit     string   `yaml:"unit" json:"unit"`           // bytes, messages, memory, numbers
	Most     int      `yaml:"most" json:"most,omitempty"` // bytes of a message; 0: no bound
	Standard string   `yaml:"standard" json:"standard"`   // posix, xsi, linux
	Speed    string   `yaml:"speed" json:"-"`
	For      string   `yaml:"for" json:"for"`
}

// Row is all that is known of a mechanism.
type Row struct {
	Mechanism
	Shown Shown `json:"demonstrated"`
	Speed Speed `json:"speed"`
}

// Guide is what one chooses from.
type Guide struct {
	Rows     []Row
	Computer Computer // on which the speeds were measured
}

// Load reads the embedded data. An error is a fault of ipclab's.
func Load() (*Guide, error) {
	mechanisms, err := Mechanisms()
	if err != nil {
		return nil, err
	}
	var shown map[string]Shown
	if err := json.Unmarshal(demonstratedData, &shown); err != nil {
		return nil, fmt.Errorf("demonstrated.json: %w", err)
	}
	speeds, err := ReadSpeeds(speedData)
	if err != nil {
		return nil, err
	}
	return assemble(mechanisms, shown, speeds)
}

// assemble puts together what is known. Nothing may be missing.
func assemble(mechanisms []Mechanism, shown map[string]Shown, speeds *Speeds) (*Guide, error) {
	g := &Guide{Computer: speeds.Computer}
	for _, m := range mechanisms {
		s, ok := shown[m.Name]
		if !ok {
			return nil, fmt.Errorf("demonstrated.json says nothing of %s", m.Name)
		}
		name := m.Name
		if m.Speed != "" {
			name = m.Speed
		}
		speed, ok := speeds.Of[name]
		if !ok {
			return nil, fmt.Errorf("speed.json says nothing of %s", name)
		}
		g.Rows = append(g.Rows, Row{m, s, speed})
	}
	return g, nil
}

// Mechanisms are those that one may choose from, in the order of the page.
func Mechanisms() ([]Mechanism, error) {
	var all []Mechanism
	if err := yaml.UnmarshalWithOptions(mechanismsData, &all, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("mechanisms.yaml: %w", err)
	}
	for _, m := range all {
		if err := m.sound(); err != nil {
			return nil, fmt.Errorf("mechanisms.yaml: %s: %w", m.Name, err)
		}
	}
	return all, nil
}

// sound checks words that are chosen from a few, and the scenario.
func (m Mechanism) sound() error {
	for _, word := range []struct {
		text string
		of   []string
	}{
		{m.Finding, []string{"name", "handed"}},
		{m.Unit, []string{"bytes", "messages", "memory", "numbers"}},
		{m.Standard, []string{"posix", "xsi", "linux"}},
	} {
		if !slices.Contains(word.of, word.text) {
			return fmt.Errorf("%q is none of %v", word.text, word.of)
		}
	}
	s, err := scenarios.Library().Find(m.Scenario)
	if err != nil {
		return err
	}
	for _, name := range m.Objects {
		if _, ok := s.Object(name); !ok {
			return fmt.Errorf("the scenario %s has no object %q", m.Scenario, name)
		}
	}
	return nil
}
