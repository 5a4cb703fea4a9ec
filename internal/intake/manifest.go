package intake

import (
	"time"
)

// ManifestFile is the name of the manifest in a packed submission.
const ManifestFile = "ipclab-submission.json"

// ManifestSchema names the form of the manifest.
const ManifestSchema = "ipclab/submission/v1"

// Manifest says what a packed submission is. The student's own computer made
// it: it is a claim, no proof.
type Manifest struct {
	Schema    string            `json:"schema"`
	Lab       string            `json:"lab"`
	LabDigest string            `json:"lab_digest"`        // labs.Lab.PublicDigest of what the student worked from
	Student   string            `json:"student,omitempty"` // as the student gave it
	Variant   string            `json:"variant,omitempty"` // fingerprint of the student's variant; empty for a lab without variants
	Made      time.Time         `json:"made"`
	Files     map[string]string `json:"files"` // SHA-256 in hex of each file's content, by path
}
