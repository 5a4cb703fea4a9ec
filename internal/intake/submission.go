package intake

import (
	"ipclab/grader/gradebook"
	"ipclab/internal/workspace"
	"ipclab/labs"
)

// Submission is one thing that was handed in.
type Submission struct {
	// ID is unique among all that were found together, and safe as a file name:
	// lower-case letters, digits, dots, dashes and underscores. The one that
	// counts has an ID made from its student's; it does not depend on the order
	// in which paths were given.
	ID         string            `json:"id"`
	Student    gradebook.Student `json:"student"`
	Path       string            `json:"path"`                 // on this computer
	Source     string            `json:"source"`               // as a person would name it: the path that was given, or one below it
	Late       bool              `json:"late,omitempty"`       // the platform said so
	Superseded string            `json:"superseded,omitempty"` // ID of the one by the same student that counts instead; empty when this one counts
	Problem    error             `json:"-"`                    // *Error: it is clear already that it cannot be taken
}

// Options say how names are to be read, and what a submission looks like.
type Options struct {
	// Pattern is a regular expression that the base names of files and folders
	// are matched against. Its groups named student, name, email, attempt, late
	// and date are what it tells; student, name or email must be among them.
	Pattern string
	// Platform reads names as a course platform makes them: one of Platforms.
	// When it is empty, names with the marks of Moodle, Blackboard or Gradescope
	// are read as theirs; anybody could have given those of Canvas.
	Platform string
	// Lab is the lab that was handed in for. Its files tell a submission from a
	// folder of submissions. It may be nil.
	Lab *labs.Lab
}

// Work is an unpacked submission.
type Work struct {
	Tree     *workspace.Tree
	Manifest *Manifest // nil if it was handed in without one
	Changed  []string  // paths that are not as the manifest says: they were changed, added or removed since it was packed
}
