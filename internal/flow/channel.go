package flow

import (
	"fmt"
	"slices"
	"strings"
)

// Channel is a way in which something flows against the direction of the
// permissions, or beside them: a line of channels.map, for one class.
type Channel struct {
	Class string // of the object; "" when the object does not matter
	Name  string
	Sent  []End // by whom
	Seen  []End
	How   string
}

// End is who takes part in a channel: whoever has the permission.
type End struct {
	Place string // for a file that genfscon labels: FILESYSTEM/PATH; else ""
	Class string
	Perm  string // owner: the process of the object's type; anyone: every process
	// OwnClass and OwnPerm are a permission that it needs on its own type as
	// well; empty for none.
	OwnClass, OwnPerm string
}

// The ends that need no permission.
const (
	owner  = "owner"
	anyone = "anyone"
)

// Note is a channel that no permission decides.
type Note struct {
	Class string `json:"class"`
	Name  string `json:"name"`
	What  string `json:"what"`
}

// ParseChannels reads channels in the form that channels.map describes, and
// adds them. Their permissions have to be in the map. An error is a *MapError.
func (m *Map) ParseChannels(file string, src []byte) error {
	return eachLine(file, src, func(line int, text string, _ bool) error {
		if err := m.channel(text); err != nil {
			return &MapError{File: file, Line: line, Msg: err.Error()}
		}
		return nil
	})
}

// channel reads one line.
func (m *Map) channel(text string) error {
	head, rest, _ := strings.Cut(text, ": ")
	words := strings.Fields(head)
	if len(words) > 2 && words[0] == "note" {
		return m.note(words[1:], strings.TrimSpace(rest))
	}
	ends, how, ok := strings.Cut(rest, ": ")
	sent, seen, ok2 := strings.Cut(ends, "->")
	if len(words) < 2 || !ok || !ok2 {
		return fmt.Errorf("this is no channel: CLASS ... NAME: SENT -> SEEN: how")
	}
	name := words[len(words)-1]
	for _, class := range words[:len(words)-1] {
		if class == "machine" {
			class = ""
		}
		c := Channel{Class: class, Name: name, How: strings.TrimSpace(how)}
		var err error
		if c.Sent, err = m.ends(class, sent); err != nil {
			return err
		}
		if c.Seen, err = m.ends(class, seen); err != nil {
			return err
		}
		m.Channels = append(m.Channels, c)
	}
	return nil
}

func (m *Map) note(words []string, what string) error {
	if what == "" {
		return fmt.Errorf("a note says something")
	}
	name := words[len(words)-1]
	for _, class := range words[:len(words)-1] {
		if m.classes[class] == nil {
			return fmt.Errorf("there is no class %q", class)
		}
		m.Notes = append(m.Notes, Note{Class: class, Name: name, What: what})
	}
	return nil
}

func (m *Map) ends(class, text string) ([]End, error) {
	var all []End
	for word := range strings.FieldsSeq(text) {
		e, err := m.end(class, word)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("an end of the channel is missing")
	}
	return all, nil
}

// end reads one end of a channel of a class, or of the machine.
func (m *Map) end(class, word string) (End, error) {
	if word == anyone || word == owner && class != "" {
		return End{Class: class, Perm: word}, nil
	}
	word, own, hasOwn := strings.Cut(word, "+")
	e := End{Class: class, Perm: word}
	if parts := strings.Split(word, ":"); class == "" && (len(parts) == 2 || len(parts) == 3) {
		e.Class, e.Perm = parts[len(parts)-2], parts[len(parts)-1]
		e.Place = strings.Join(parts[:len(parts)-2], "")
	}
	if _, ok := m.Permission(e.Class, e.Perm); !ok {
		return e, fmt.Errorf("there is no permission %q of a class %q", e.Perm, e.Class)
	}
	if e.OwnClass, e.OwnPerm, _ = strings.Cut(own, ":"); !hasOwn {
		return e, nil
	}
	if _, ok := m.Permission(e.OwnClass, e.OwnPerm); !ok {
		return e, fmt.Errorf("%q is no CLASS:PERMISSION", own)
	}
	return e, nil
}

// names gives the names of the channels of a class, without repeats.
func (m *Map) names(class string) []string {
	var names []string
	for _, c := range m.Channels {
		if c.Class == class && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}
