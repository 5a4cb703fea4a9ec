package labs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
)

// Seed is what one variant of a lab is drawn from. Whoever has it can draw the
// variant; nobody can tell from it another student's, nor the course's secret.
type Seed [16]byte

// NewSeed is the seed of a student's variant: HMAC-SHA256 with the course's
// secret as the key over `ipclab-seed-1 LAB STUDENT`, both quoted, of which the
// first half is taken. Blanks around a student's id do not matter, nor does
// the case of its letters: people and platforms do not agree about them.
func NewSeed(secret []byte, lab, student string) Seed {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "ipclab-seed-1 %q %q", lab, normalID(student))
	return Seed(mac.Sum(nil)[:len(Seed{})])
}

// normalID is a student's id without what people and platforms do not agree
// about.
func normalID(student string) string { return strings.ToLower(strings.TrimSpace(student)) }

// DefaultSeed is what a lab's default variant is drawn from, which everybody
// sees who has no token. It is no secret.
func DefaultSeed() Seed {
	sum := sha256.Sum256([]byte("ipclab-default-variant-1"))
	return Seed(sum[:len(Seed{})])
}

// Fingerprint names a seed without giving it away.
func (s Seed) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "ipclab-fingerprint-1 %x", s[:]))
	return hex.EncodeToString(sum[:8])
}

// Token is a seed as students get it: the lab's name, and the seed with a
// checksum in groups of four letters, which a person can copy.
func (s Seed) Token(lab string) string {
	text := tokenLetters().EncodeToString(append(s[:], s.checksum(lab)...))
	b := strings.Builder{}
	b.WriteString(lab + ".")
	for i := 0; i < len(text); i += tokenGroup {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(text[i : i+tokenGroup])
	}
	return b.String()
}

// A token has 8 groups of 4 letters: 20 bytes of seed and checksum.
const (
	tokenGroup  = 4
	tokenLength = 32
)

// tokenLetters has no digits that look like one of its letters.
func tokenLetters() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// checksum covers the lab's name too: a token is for one lab.
func (s Seed) checksum(lab string) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "ipclab-token-1 %q %x", lab, s[:]))
	return sum[:4]
}

// TokenError says why a text is no token of a lab.
type TokenError struct {
	Lab string
	Msg string
}

// Error says what is wrong with the token.
func (e *TokenError) Error() string {
	return fmt.Sprintf("this is no variant token of the lab %s: %s", e.Lab, e.Msg)
}

// Hint says where tokens come from.
func (e *TokenError) Hint() string {
	return "copy the whole token that your instructor gave you; it begins with " + e.Lab + "."
}

// ParseToken reads a token of a lab. It forgives capitals, blanks, missing
// dashes, and the digits 0, 1 and 8 for the letters that they look like. The
// error is a *TokenError.
func ParseToken(lab, token string) (Seed, error) {
	fail := func(format string, args ...any) (Seed, error) {
		return Seed{}, &TokenError{Lab: lab, Msg: fmt.Sprintf(format, args...)}
	}
	name, text, found := strings.Cut(strings.TrimSpace(token), ".")
	switch {
	case !found:
		return fail("it has no dot after a lab's name")
	case strings.ToLower(name) != lab:
		return fail("it is for the lab %q", name)
	}
	plain := plainToken(text)
	data, err := tokenLetters().DecodeString(plain)
	if err != nil || len(plain) != tokenLength {
		return fail("it has not the %d letters of a token, but %d, or other characters", tokenLength, len(plain))
	}
	s := Seed(data[:len(Seed{})])
	if !hmac.Equal(data[len(s):], s.checksum(lab)) {
		return fail("a letter of it is wrong")
	}
	return s, nil
}

// plainToken undoes what people do to a token.
func plainToken(text string) string {
	return strings.NewReplacer("-", "", " ", "", "0", "o", "1", "l", "8", "b").Replace(strings.ToLower(text))
}
