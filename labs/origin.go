package labs

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"ipclab/internal/guest/api"
)

// Roster knows the variants of all students of a class, and so whose variant a
// submission was made from. Only values that nobody hits upon by chance count:
// see Parameter.Distinctive. A value that two students share, that the default
// variant has too, or that stands in the lab's files anyway, says nothing. It
// does not change, and may be shared by goroutines.
type Roster struct {
	lab     string
	secret  []byte
	names   map[string]string // students as they were given, by normal id
	prints  map[string]string // normal ids by fingerprint
	values  map[string]trace  // by value
	lengths []int             // of the values
}

// trace is what a value gives away: a parameter, and the normal id of the
// student, which is empty for the default variant. The zero trace is that of a
// value that says nothing.
type trace struct{ student, parameter string }

// Whose says whose variant a submission shows.
type Whose string

// What a submission may show.
const (
	Own     Whose = "own"     // the student's
	Other   Whose = "other"   // another student's of the class
	Default Whose = "default" // the one that everybody sees who has no token
	Nobody  Whose = "nobody"  // none: what tells variants apart does not occur
	Unknown Whose = "unknown" // it cannot be told: the lab has nothing that tells variants apart
)

// Origin is whose variant a submission was made from, as far as it shows.
type Origin struct {
	Whose    Whose
	Expected string // fingerprint of the student's own variant
	Found    string // fingerprint of the variant that was found; empty when none was
	Of       string // for Other: the student whose variant it is
	Note     string // one sentence: what shows it
}

// NewRoster draws the variants of the students. The lab may be any variant of
// it. The error is that of reading the lab's files.
func NewRoster(lab *Lab, secret []byte, students []string) (*Roster, error) {
	r := &Roster{lab: lab.Name, secret: secret,
		names: map[string]string{}, prints: map[string]string{}, values: map[string]trace{}}
	r.add(lab, "")
	for _, student := range students {
		id := normalID(student)
		if _, twice := r.names[id]; !twice {
			r.names[id] = student
			r.add(lab, id)
		}
	}
	for value := range r.values {
		if !slices.Contains(r.lengths, len(value)) {
			r.lengths = append(r.lengths, len(value))
		}
	}
	return r, r.forgetCommon(lab)
}

// seed is that of a student; of nobody, that of the default variant.
func (r *Roster) seed(id string) Seed {
	if id == "" {
		return DefaultSeed()
	}
	return NewSeed(r.secret, r.lab, id)
}

// add enters a student's variant. What two have is nobody's.
func (r *Roster) add(lab *Lab, id string) {
	seed := r.seed(id)
	r.prints[seed.Fingerprint()] = id
	values := lab.Values(seed)
	for _, p := range lab.parameters {
		if !p.Distinctive() {
			continue
		}
		t := trace{id, p.Name}
		if _, taken := r.values[values[p.Name]]; taken {
			t = trace{}
		}
		r.values[values[p.Name]] = t
	}
}

// forgetCommon takes out values that stand in the lab's files whatever the
// variant.
func (r *Roster) forgetCommon(lab *Lab) error {
	return fs.WalkDir(lab.raw, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := fs.ReadFile(lab.raw, name)
		for value := range r.search(data) {
			r.values[value] = trace{}
		}
		return err
	})
}

// search finds the values of the roster in a text, and where each stands first.
func (r *Roster) search(text []byte) map[string]int {
	found := map[string]int{}
	text = bytes.ToLower(text)
	for begin := 0; begin < len(text); {
		end := begin
		for end < len(text) && isHexDigit(text[end]) {
			end++
		}
		for _, n := range r.lengths {
			for i := begin; i+n <= end; i++ {
				value := string(text[i : i+n])
				if _, seen := found[value]; !seen && r.values[value] != (trace{}) {
					found[value] = i
				}
			}
		}
		begin = end + 1
	}
	return found
}

func isHexDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// Origin tells whose variant a student's submission was made from. The
// fingerprint is that of the submission's own manifest, or empty. What stands
// in the files outweighs the manifest, which is made by whoever packs them.
func (r *Roster) Origin(student, fingerprint string, files []api.File) Origin {
	student = normalID(student)
	o := Origin{Whose: Nobody, Expected: r.seed(student).Fingerprint()}
	if len(r.values) == 0 {
		o.Whose = Unknown
	}
	hits := r.hits(files)
	switch {
	case r.byFiles(&o, student, hits):
	case fingerprint != "":
		r.byManifest(&o, fingerprint)
	case o.Whose == Nobody:
		o.Note = "none of the values that tell variants apart stands in its files"
	}
	return o
}

// hit is a value that was found.
type hit struct {
	trace
	place string // file and line
}

// hits finds the values in all files, in the order of files and lines.
func (r *Roster) hits(files []api.File) []hit {
	var all []hit
	for _, f := range files {
		found := r.search(f.Data)
		order := slices.SortedFunc(maps.Keys(found), func(a, b string) int { return cmp.Compare(found[a], found[b]) })
		for _, value := range order {
			line := 1 + bytes.Count(f.Data[:found[value]], []byte("\n"))
			all = append(all, hit{r.values[value], fmt.Sprintf("%s:%d", f.Path, line)})
		}
	}
	return all
}

// byFiles decides by what stands in the files; false when nothing does.
func (r *Roster) byFiles(o *Origin, student string, hits []hit) bool {
	if len(hits) == 0 {
		return false
	}
	whose := mostFrequent(hits, student)
	switch whose {
	case student:
		o.Whose = Own
	case "":
		o.Whose = Default
	default:
		o.Whose, o.Of = Other, r.names[whose]
	}
	o.Found = r.seed(whose).Fingerprint()
	o.Note = r.describe(hits, whose, student)
	return true
}

// mostFrequent is the other student whose values stand in most places; if there
// is none, the student; and if that is not so either, nobody.
func mostFrequent(hits []hit, student string) string {
	counts := map[string]int{}
	for _, h := range hits {
		counts[h.student]++
	}
	best := ""
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		if s != student && s != "" && (best == "" || counts[s] > counts[best]) {
			best = s
		}
	}
	if best == "" && counts[student] > 0 {
		return student
	}
	return best
}

// describe says what shows that a variant is somebody's.
func (r *Roster) describe(hits []hit, whose, student string) string {
	var shown []string
	own := false
	for _, h := range hits {
		if h.student == whose {
			shown = append(shown, fmt.Sprintf("%s in %s", h.parameter, h.place))
		}
		own = own || h.student == student
	}
	const most = 3
	if len(shown) > most {
		shown = append(shown[:most], fmt.Sprintf("%d more", len(shown)-most))
	}
	note := fmt.Sprintf("its files have values of %s: %s", r.owner(whose), strings.Join(shown, ", "))
	if own && whose != student {
		note += "; the student's own stand beside them"
	}
	return note
}

func (r *Roster) owner(id string) string {
	if id == "" {
		return "the default variant"
	}
	return "the variant of " + r.names[id]
}

// byManifest decides by the fingerprint alone.
func (r *Roster) byManifest(o *Origin, fingerprint string) {
	o.Found = fingerprint
	whose, known := r.prints[fingerprint]
	switch {
	case fingerprint == o.Expected:
		o.Whose, o.Note = Own, "its manifest names the student's own variant; nothing in its files does"
		return
	case !known:
		o.Note = "its manifest names a variant that no student of this class has"
		return
	case whose == "":
		o.Whose = Default
	default:
		o.Whose, o.Of = Other, r.names[whose]
	}
	o.Note = "its manifest names " + r.owner(whose) + "; nothing in its files does"
}
