package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// keysOf are the keys of a record type in the order in which the kernel writes
// them, as far as interpreted text is parted by them.
func keysOf(kind RecordType) []string {
	switch kind {
	case RecordAVC:
		return []string{"pid", "comm", "capability", "ioctlcmd", "path", "name", "dev", "ino", "ipc_key", "opid", "ocomm",
			"laddr", "lport", "faddr", "fport", "saddr", "src", "daddr", "dest", "netif",
			"scontext", "tcontext", "tclass", "permissive", "srawcon", "trawcon"}
	case RecordSyscall:
		return []string{"arch", "syscall", "per", "success", "exit", "a0", "a1", "a2", "a3", "items", "ppid", "pid", "auid", "uid", "gid",
			"euid", "suid", "fsuid", "egid", "sgid", "fsgid", "tty", "ses", "comm", "exe", "subj", "key"}
	case RecordSeccomp:
		return []string{"auid", "uid", "gid", "ses", "subj", "pid", "comm", "exe", "sig", "arch", "syscall", "compat", "ip", "code"}
	}
	return []string{"item", "name", "inode", "dev", "mode", "ouid", "ogid", "rdev", "obj", "nametype",
		"cap_fp", "cap_fi", "cap_fe", "cap_fver", "cap_frootid"}
}

// interpretedFields parts the fields of ausearch -i, where names stand without
// quotes and may hold anything. A known key that comes twice, or out of the
// kernel's order, is an error: one of the two stands in a name.
func interpretedFields(kind RecordType) func(string) (fields, error) {
	keys := keysOf(kind)
	return func(text string) (fields, error) {
		f, last := make(fields), -1
		for _, at := range fieldStarts(text, keys) {
			if _, twice := f[at.key]; twice {
				return nil, fmt.Errorf("%q comes twice: one of them stands in a name that a program chose", at.key)
			}
			if i := slices.Index(keys, at.key); i < last {
				return nil, fmt.Errorf("%q is not where the kernel writes it: it stands in a name that a program chose", at.key)
			} else {
				last = i
			}
			f[at.key] = plainValue(strings.TrimRight(text[at.from:at.to], " "))
		}
		_, path := f["path"]
		if _, name := f["name"]; path && name {
			return nil, errors.New("it has a path and a name: the kernel writes one of them, the other one is a program's")
		}
		return f, nil
	}
}

// plainValue is a value as ausearch -i writes it: some stay in quotes, which
// come off, and nothing is hexadecimal.
func plainValue(text string) value {
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		return value{text: text[1 : len(text)-1], quoted: true}
	}
	return value{text: text, plain: true}
}

// span is where a field's value stands.
type span struct {
	key      string
	from, to int
}

// fieldStarts finds all places where a known key stands after a blank.
func fieldStarts(text string, keys []string) []span {
	var all []span
	text = " " + text
	for i := 0; i < len(text); i++ {
		if text[i] != ' ' {
			continue
		}
		key, _, ok := strings.Cut(text[i+1:min(len(text), i+24)], "=")
		if !ok || !slices.Contains(keys, key) {
			continue
		}
		if len(all) > 0 {
			all[len(all)-1].to = i - 1
		}
		all = append(all, span{key: key, from: i + len(key) + 1, to: len(text) - 1})
	}
	return all
}

// takeInterpreted reads a SYSCALL record of ausearch -i.
func (s *Syscall) takeInterpreted(f fields) error {
	if f.bare("syscall") == "" || f.bare("success") == "" {
		return fmt.Errorf("no syscall, or not whether it succeeded")
	}
	s.Number = f.wordOrNumber("syscall", &s.Name)
	s.Success = f.bare("success") == "yes"
	s.Comm, s.Exe = f.untrusted("comm"), f.untrusted("exe")
	s.takeWho(f)
	s.Name = f.bare("syscall")
	if s.Number != 0 {
		s.Name = ""
	}
	if key := f.untrusted("key"); key != "(null)" {
		s.Key = key
	}
	var err error
	if s.PID, err = f.integer("pid"); err != nil {
		return err
	}
	s.Exit, err = exitOf(f.bare("exit"))
	return err
}

var exitWord = pattern(`^(E[A-Z0-9]+)\(.*\)$`)

// exitOf reads what a call returned. Of the errors in words only those are told
// apart that refuse.
func exitOf(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return n, nil
	}
	word := exitWord().FindStringSubmatch(text)
	switch {
	case word == nil:
		return 0, fmt.Errorf("exit is neither a number nor an error: %q", clip(text))
	case word[1] == "EPERM":
		return -1, nil
	case word[1] == "EACCES":
		return -13, nil
	}
	return -4095, nil // some other error: the last number that is one
}

// integer reads a process number.
func (f fields) integer(key string) (int, error) {
	n, err := f.number(key)
	return int(n), err
}

// wordOrNumber reads a number, or a word where the text was interpreted, which
// goes to word.
func (f fields) wordOrNumber(key string, word *string) int {
	text := f.bare(key)
	n, err := strconv.Atoi(text)
	if err != nil && word != nil {
		*word = text
	}
	return n
}

// hexadecimal reads a number, 0 where there is a word.
func (f fields) hexadecimal(key string) uint32 {
	n, _ := strconv.ParseUint(f.bare(key), 16, 32)
	return uint32(n)
}

// typeOf is the type of a context, empty where there is none.
func (f fields) typeOf(key string) string {
	c, _ := f.context(key)
	return c.Type
}
