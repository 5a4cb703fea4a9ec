package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
)

// settle decides which submission of each student counts and gives all their
// IDs. What was found in which order makes no difference.
func settle(all []*found) []Submission {
	slices.SortFunc(all, func(a, b *found) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Student.ID, b.Student.ID))
	})
	tellApart(all)
	counts := map[string]*found{}
	for _, s := range all {
		if best := counts[s.key]; best == nil || later(s, best) {
			counts[s.key] = s
		}
	}
	giveIDs(all, counts)
	var submissions []Submission
	for _, s := range all {
		if best := counts[s.key]; best != s {
			s.Superseded = best.ID
		}
		submissions = append(submissions, s.Submission)
	}
	slices.SortFunc(submissions, func(a, b Submission) int { return strings.Compare(a.ID, b.ID) })
	return submissions
}

// tellApart gives students a longer name where the short one would mean two.
func tellApart(all []*found) {
	whose := map[string]map[string]bool{}
	for _, s := range all {
		name := normal(s.Student.ID)
		if whose[name] == nil {
			whose[name] = map[string]bool{}
		}
		whose[name][s.key] = true
	}
	for _, s := range all {
		if len(whose[normal(s.Student.ID)]) > 1 {
			s.Student.ID = s.long
		}
	}
}

// later tells whether a was handed in after b, as far as their names tell.
func later(a, b *found) bool {
	if a.loose != b.loose {
		return b.loose
	}
	return cmp.Or(natural(a.attempt, b.attempt), natural(a.date, b.date), a.when.Compare(b.when), strings.Compare(b.Path, a.Path)) > 0
}

// giveIDs gives every submission the first ID that it wants and that nobody else
// has. First come those that count, so that a late one does not change them,
// and of these the ones whose student's name is an ID as it is.
func giveIDs(all []*found, counts map[string]*found) {
	var turns [3][]*found
	for _, s := range all {
		switch {
		case counts[s.key] != s:
			turns[2] = append(turns[2], s)
		case s.slug() != normal(s.Student.ID):
			turns[1] = append(turns[1], s)
		default:
			turns[0] = append(turns[0], s)
		}
	}
	taken := map[string]bool{}
	for turn, waiting := range turns {
		for level := 0; len(waiting) > 0; level++ {
			waiting = giveLevel(waiting, level, turn < 2, taken)
		}
	}
}

// giveLevel gives the IDs of one level that only one of those waiting wants,
// and returns who goes on waiting.
func giveLevel(waiting []*found, level int, counts bool, taken map[string]bool) []*found {
	wanted := map[string]int{}
	for _, s := range waiting {
		wanted[s.wants(level, counts)]++
	}
	var still []*found
	for _, s := range waiting {
		id := s.wants(level, counts)
		if wanted[id] > 1 || taken[id] {
			still = append(still, s)
			continue
		}
		s.ID = id
	}
	for _, s := range waiting {
		taken[s.ID] = true
	}
	delete(taken, "")
	return still
}

// wants is the ID that a submission asks for when so many were refused to it.
// The hash tells apart what looks alike without the characters that an ID must
// not have; it is over what stays the same wherever the class's folder lies,
// for as long as that will do.
func (s *found) wants(level int, counts bool) string {
	if level == 0 && counts {
		return s.slug()
	}
	of := []string{s.Student.ID, s.Student.ID + "\x00" + filepath.Base(s.Path), s.Student.ID + "\x00" + s.Source, s.Student.ID + "\x00" + s.Path}
	if !counts {
		level++ // the first would be the same for all of a student's
	}
	sum := sha256.Sum256([]byte(of[min(level, len(of))-1]))
	length := 4 + max(0, level-len(of)) // a hash that somebody else has by chance
	return s.slug() + "-" + hex.EncodeToString(sum[:min(length, len(sum))])
}

// maxSlug keeps IDs well within what a file's name may be.
const maxSlug = 80

// slug is the student's name in the characters that an ID may have.
func (s *found) slug() string {
	slug := slugOf(s.Student.ID)
	if s.fits && s.Student.Name != "" && s.Student.Name != s.Student.ID {
		slug = slugOf(slugOf(s.Student.Name) + "_" + slug)
	}
	return cmp.Or(slug, "student")
}

func slugOf(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '_', r == '.':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := b.String()
	return strings.Trim(slug[:min(len(slug), maxSlug)], "-._")
}
