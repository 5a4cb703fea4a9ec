package redteam

import (
	"path/filepath"
	"testing"

	"ipclab/labs"
)

// course hands out a lab: to each student a variant, if the lab has any.
type course struct {
	lab    *labs.Lab
	file   string // of the secret; empty for a lab without variants
	secret []byte
}

func newCourse(t *testing.T, p *place, lab *labs.Lab) *course {
	t.Helper()
	c := &course{lab: lab}
	if !lab.HasVariants() {
		return c
	}
	c.file = p.in("secret-" + lab.Name)
	check(t, labs.NewSecret(c.file))
	var err error
	c.secret, err = labs.ReadSecret(c.file)
	check(t, err)
	return c
}

// flags tell the grader of the secret.
func (c *course) flags() []string {
	if c.file == "" {
		return nil
	}
	return []string{"--secret", c.file}
}

// labOf is the lab as a student is given it.
func (c *course) labOf(t *testing.T, student string) *labs.Lab {
	t.Helper()
	if c.file == "" {
		return c.lab
	}
	variant, err := c.lab.Variant(labs.NewSeed(c.secret, c.lab.Name, student))
	check(t, err)
	return variant
}

// copyOne hands a student's work in under another name too, where there are
// variants to tell by, and says who copied whose.
func (c *course) copyOne(t *testing.T, class, student string) map[string]string {
	t.Helper()
	if c.file == "" {
		return nil
	}
	thief := student + "-and-a-copy"
	check(t, honest(t, Folder).Write(filepath.Join(class, thief), c.labOf(t, student)))
	return map[string]string{thief: student}
}

// judgeCopies says which copies were not noticed.
func judgeCopies(t *testing.T, g *graded) {
	t.Helper()
	for thief, student := range g.copies {
		grade := g.grades[thief]
		if v := grade.Variant; v == nil || !v.Foreign || v.Of != student || grade.Score == nil || *grade.Score == labs.FullPoints {
			t.Errorf("%s handed in what %s was given, and it was taken for %+v, %s", thief, student, v, describe(grade.Status, grade.Score, fails(grade)))
		}
	}
}
