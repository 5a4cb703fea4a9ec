package class

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"ipclab/grader"
	"ipclab/internal/intake"
	"ipclab/labs"
)

// keyOf is the digest of all that a grade depends on.
func (g *grading) keyOf(s intake.Submission, digest string) string {
	sum := sha256.New()
	parts := []any{"ipclab-grade-1", grader.Version, g.run.Grader, g.run.Lab.Digest(), g.machine.Digest, digest, s.Superseded, g.seedOf(s), problemOf(s)}
	fmt.Fprintf(sum, "%q", parts)
	return hex.EncodeToString(sum.Sum(nil))
}

// seedOf names the variant that a submission is judged by.
func (g *grading) seedOf(s intake.Submission) string {
	if !g.variants() {
		return ""
	}
	return labs.NewSeed(g.run.Secret, g.run.Lab.Name, s.Student.ID).Fingerprint()
}

func problemOf(s intake.Submission) string {
	if s.Problem == nil {
		return ""
	}
	return s.Problem.Error()
}

// DigestFile is the SHA-256 of a file in hex: of the program that judges.
func DigestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
