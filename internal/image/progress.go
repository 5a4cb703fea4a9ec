package image

// Progress hears what a build is doing. Implementations print it.
type Progress interface {
	// Step begins a step of the build.
	Step(what string)
	// Note tells something once that is not a step.
	Note(what string)
	// Finish ends the last step.
	Finish()
	// Done says which part of the work, from 0 to 1, is done as far as is known.
	Done(part float64)
}

// Silent is a Progress that says nothing.
type Silent struct{}

// Step says nothing.
func (Silent) Step(string) {}

// Note says nothing.
func (Silent) Note(string) {}

// Finish says nothing.
func (Silent) Finish() {}

// Done says nothing.
func (Silent) Done(float64) {}
