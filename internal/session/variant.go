package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"ipclab/internal/machine/qemu"
	"ipclab/labs"
)

// VariantError says that a workspace was begun with another variant of the lab
// than the one that is asked for.
type VariantError struct{ Lab, Dir string }

// Error names the workspace.
func (e *VariantError) Error() string {
	return fmt.Sprintf("the workspace %s was begun with another variant of the lab %s", e.Dir, e.Lab)
}

// Hint says how to begin anew.
func (e *VariantError) Hint() string {
	return "`ipclab reset " + e.Lab + " --variant TOKEN` begins anew and keeps your work beside it"
}

// UseVariant makes the session one with the variant of a token, for a workspace
// that is not begun yet. The error is a *labs.TokenError, a
// *labs.NoVariantsError or a *VariantError.
func (s *Session) UseVariant(ctx context.Context, token string) error {
	seed, err := s.seedOf(token)
	if err != nil || seed == s.Lab.Seed() {
		return err
	}
	if entries, _ := os.ReadDir(s.Dir); len(entries) > 0 {
		return &VariantError{Lab: s.Lab.Name, Dir: s.Dir}
	}
	if err := s.draw(token, seed); err != nil {
		return err
	}
	return s.leave(ctx)
}

// TakeVariant makes the session one with the variant of a token, whatever the
// workspace was begun with: Reset must follow. The error is a *labs.TokenError
// or a *labs.NoVariantsError.
func (s *Session) TakeVariant(token string) error {
	seed, err := s.seedOf(token)
	if err != nil {
		return err
	}
	return s.draw(token, seed)
}

func (s *Session) seedOf(token string) (labs.Seed, error) {
	if !s.Lab.HasVariants() {
		return labs.Seed{}, &labs.NoVariantsError{Lab: s.Lab.Name}
	}
	return labs.ParseToken(s.Lab.Name, token)
}

// draw puts the variant in the lab's place.
func (s *Session) draw(token string, seed labs.Seed) error {
	lab, err := s.Lab.Variant(seed)
	if err != nil {
		return err
	}
	s.Lab, s.token = lab, token
	return nil
}

// leave forgets what the checks of another variant came to and ends its
// machine.
func (s *Session) leave(ctx context.Context) error {
	for _, name := range []string{"memory.json", "report.json", "hints.json"} {
		if err := os.Remove(s.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	var not *qemu.NotRunningError
	if err := s.Stop(ctx); err != nil && !errors.As(err, &not) {
		return err
	}
	return nil
}
