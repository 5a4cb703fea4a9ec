package grader

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ipclab/internal/guest/api"
)

// objectCommand is: object PATH KEY=VALUE… — what the agent sees at a path.
type objectCommand struct {
	path string
	want []attribute
}

type attribute struct{ key, value string }

// attributeKeys are what an object can be asked for, by its name: a path or that
// of a System V object.
func attributeKeys(name string) []string {
	all := []string{"kind", "mode", "owner", "group", "type"}
	switch kind, _, _ := strings.Cut(name, ":"); kind {
	case api.KindQueue:
		return append(all, "qbytes", "messages", "bytes")
	case api.KindSegment:
		return append(all, "size", "nattch")
	case api.KindSemaphores:
		return append(all, "semaphores")
	}
	return append(all, "links", "size")
}

func parseObject(words []string) (command, error) {
	if len(words) < 2 || !isObject(words[0]) {
		return nil, errors.New("usage: object PATH KEY=VALUE…, with an absolute path or msgq:PATH:LETTER")
	}
	want, err := parseAttributes(words[0], words[1:])
	return &objectCommand{path: words[0], want: want}, err
}

// parseAttributes reads what an object must be.
func parseAttributes(name string, words []string) ([]attribute, error) {
	var want []attribute
	for _, word := range words {
		a, err := parseAttribute(name, word)
		if err != nil {
			return nil, err
		}
		want = append(want, a)
	}
	return want, judgeObject(name)
}

func parseAttribute(name, word string) (attribute, error) {
	key, value, ok := strings.Cut(word, "=")
	if !ok || value == "" {
		return attribute{}, fmt.Errorf("%q is not KEY=VALUE", word)
	}
	if keys := attributeKeys(name); !slices.Contains(keys, key) {
		return attribute{}, fmt.Errorf("such an object has no %q; it has %s", key, strings.Join(keys, ", "))
	}
	if key == "mode" && octal(value) < 0 {
		return attribute{}, fmt.Errorf("the mode %q is not octal", value)
	}
	return attribute{key, value}, nil
}

// octal is the value of an octal number, -1 if it is none.
func octal(text string) int64 {
	n, err := strconv.ParseInt(text, 8, 32)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func (c *objectCommand) check(*scope) error { return nil }

func (c *objectCommand) do(tr *trial) error {
	o, err := tr.stat(c.path)
	if err != nil {
		return err
	}
	if wrong := c.differences(o); len(wrong) > 0 {
		return failed([]Evidence{objectEvidence(o)}, "%s", strings.Join(wrong, "; "))
	}
	tr.evidence = append(tr.evidence, objectEvidence(o))
	return nil
}

// differences says what is not as it must be.
func (c *objectCommand) differences(o api.Object) []string {
	if o.Kind == absent && !slices.Contains(c.want, attribute{"kind", absent}) {
		return []string{nothingAt(c.path)}
	}
	var wrong []string
	for _, a := range c.want {
		if have := attributeOf(o, a.key); !a.matches(have) {
			wrong = append(wrong, fmt.Sprintf("the %s of %s is %s, and must be %s", a.key, called(c.path), oneLine(have), a.value))
		}
	}
	return wrong
}

func (a attribute) matches(have string) bool {
	if a.key == "mode" {
		return octal(a.value) == octal(have)
	}
	return a.value == have
}

func attributeOf(o api.Object, key string) string {
	switch key {
	case "kind":
		return o.Kind
	case "mode":
		return o.Mode
	case "owner":
		return o.Owner
	case "group":
		return o.Group
	case "links":
		return strconv.FormatUint(o.Links, 10)
	case "size", "semaphores":
		return strconv.FormatInt(o.Size, 10)
	case "qbytes":
		return strconv.FormatUint(o.Capacity, 10)
	case "messages":
		return strconv.FormatUint(o.Messages, 10)
	case "bytes":
		return strconv.FormatUint(o.Bytes, 10)
	case "nattch":
		return strconv.FormatUint(o.Attached, 10)
	}
	return typeOf(o.Context)
}

// identityCommand is: mark PATH — remembers which object is there; replaced
// PATH — now it is another; same PATH — it still is that one.
type identityCommand struct{ name, path string }

func parseIdentity(name string, words []string) (command, error) {
	if len(words) != 1 || !isObject(words[0]) {
		return nil, fmt.Errorf("usage: %s PATH, with an absolute path or msgq:PATH:LETTER", name)
	}
	return &identityCommand{name, words[0]}, judgeObject(words[0])
}

func (c *identityCommand) check(s *scope) error {
	if c.name == "mark" {
		s.marks[c.path] = true
	}
	if !s.marks[c.path] {
		return fmt.Errorf("%s was not marked before", c.path)
	}
	return nil
}

func (c *identityCommand) do(tr *trial) error {
	o, err := tr.stat(c.path)
	if err != nil {
		return err
	}
	if o.Kind == absent {
		return failed([]Evidence{objectEvidence(o)}, "%s", nothingAt(c.path))
	}
	if c.name == "mark" {
		tr.marks[c.path] = o
		return nil
	}
	return c.compare(tr, tr.marks[c.path], o)
}

func (c *identityCommand) compare(tr *trial, before, now api.Object) error {
	evidence := []Evidence{objectEvidence(before), objectEvidence(now)}
	same := before.Inode == now.Inode && before.Device == now.Device
	switch {
	case same && c.name == "replaced":
		return failed(evidence, "%s is still the object that was there before: it was not replaced", called(c.path))
	case !same && c.name == "same":
		return failed(evidence, "%s is not the object that was there before: it was replaced", called(c.path))
	}
	tr.evidence = append(tr.evidence, evidence...)
	return nil
}
