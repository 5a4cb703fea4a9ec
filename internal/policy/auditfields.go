package policy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxRecord bounds the text of one audit record; the kernel sends at most
// 8970 bytes (MAX_AUDIT_MESSAGE_LENGTH).
const maxRecord = 16 << 10

// RecordError is an audit record that is not as the kernel writes it.
type RecordError struct {
	Msg string
	Raw string
}

// Error says what is wrong, with the beginning of the record.
func (e *RecordError) Error() string {
	return fmt.Sprintf("audit record: %s: %q", e.Msg, clip(e.Raw))
}

// stamp is the "audit(SECONDS.MILLIS:SERIAL)" that every record begins with.
type stamp struct {
	time   time.Time
	serial uint64
}

// cleanRecord checks that text is what the kernel sends: printable ASCII. A
// program's own strings come in quotes or in hexadecimal, so nothing else can
// be in there, and a blank always ends a field.
func cleanRecord(text string) (string, error) {
	text = strings.TrimRight(text, "\x00\n")
	if len(text) > maxRecord {
		return "", fmt.Errorf("too long: %d bytes", len(text))
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return "", fmt.Errorf("byte 0x%02x at offset %d is not printable ASCII", text[i], i)
		}
	}
	return text, nil
}

// cutStamp takes the stamp off the front. The "type=AVC msg=" that auditd's
// log writes before it may be there.
func cutStamp(text string) (stamp, string, error) {
	if rest, ok := strings.CutPrefix(text, "type="); ok {
		_, text, _ = strings.Cut(rest, " msg=")
	}
	text, ok := strings.CutPrefix(text, "audit(")
	inside, rest, closed := strings.Cut(text, "):")
	if !ok || !closed {
		return stamp{}, "", errors.New("the time stamp audit(TIME:SERIAL) is not in front")
	}
	s, err := parseStamp(inside)
	return s, strings.TrimLeft(rest, " "), err
}

func parseStamp(text string) (stamp, error) {
	when, serial, _ := strings.Cut(text, ":")
	seconds, millis, _ := strings.Cut(when, ".")
	sec, err1 := strconv.ParseInt(seconds, 10, 64)
	ms, err2 := strconv.ParseUint(millis, 10, 16)
	n, err3 := strconv.ParseUint(serial, 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || ms > 999 || sec < 0 {
		return stamp{}, fmt.Errorf("bad time stamp %q", clip(text))
	}
	return stamp{time: time.Unix(sec, int64(ms)*int64(time.Millisecond)).UTC(), serial: n}, nil
}

// value is the right side of one field, as written.
type value struct {
	text   string // without the quotes
	quoted bool
	plain  bool // interpreted text: never hexadecimal
}

// fields are the key=value pairs of a record. They are cut apart first and
// decoded afterwards, so that no decoded value can pose as another field.
type fields map[string]value

// parseFields reads "key=value key=value". A key that comes twice is an error:
// the kernel writes none, and the reader could not know which to believe.
func parseFields(text string) (fields, error) {
	f := make(fields)
	for text = strings.TrimLeft(text, " "); text != ""; text = strings.TrimLeft(text, " ") {
		key, val, rest, err := cutField(text)
		if err != nil {
			return nil, err
		}
		if _, twice := f[key]; twice {
			return nil, fmt.Errorf("field %q comes twice", clip(key))
		}
		f[key], text = val, rest
	}
	return f, nil
}

func cutField(text string) (key string, val value, rest string, err error) {
	key, after, ok := strings.Cut(text, "=")
	if !ok || key == "" || strings.ContainsAny(key, ` "`) {
		return "", value{}, "", fmt.Errorf("%q is not key=value", clip(text))
	}
	if after, ok = strings.CutPrefix(after, `"`); !ok {
		bare, rest, _ := strings.Cut(text[len(key)+1:], " ")
		if strings.Contains(bare, `"`) {
			return "", value{}, "", fmt.Errorf("field %q has a quote inside its value", clip(key))
		}
		return key, value{text: bare}, rest, nil
	}
	inside, rest, ok := strings.Cut(after, `"`)
	if !ok || (rest != "" && rest[0] != ' ') {
		return "", value{}, "", fmt.Errorf("field %q is not quoted properly", clip(key))
	}
	return key, value{text: inside, quoted: true}, rest, nil
}

// untrusted decodes a string that an audited program could choose: in quotes
// as it is, else hexadecimal (audit_log_untrustedstring in kernel/audit.c).
// What is neither, such as (null), stays as written.
func (f fields) untrusted(key string) string {
	v := f[key]
	if v.quoted || v.plain {
		return v.text
	}
	if raw, err := hex.DecodeString(v.text); err == nil {
		return string(raw)
	}
	return v.text
}

// context reads a security context, which the kernel writes without quotes.
func (f fields) context(key string) (Context, error) {
	v, ok := f[key]
	if !ok || v.quoted {
		return Context{}, fmt.Errorf("no %s", key)
	}
	c, err := ParseContext(v.text)
	if err != nil {
		return Context{}, fmt.Errorf("%s: %w", key, err)
	}
	return c, nil
}

// number reads a decimal number; a field that is not there is 0.
func (f fields) number(key string) (int64, error) {
	v, ok := f[key]
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || v.quoted {
		return 0, fmt.Errorf("%s is not a number: %q", key, clip(v.text))
	}
	return n, nil
}

// bare gives a value that the kernel writes without quotes, "" otherwise.
func (f fields) bare(key string) string {
	if v := f[key]; !v.quoted {
		return v.text
	}
	return ""
}
