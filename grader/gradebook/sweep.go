package gradebook

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
)

// draftForm is how drafts are named, so that nothing else is taken for one.
var draftForm = regexp.MustCompile(`^\.[a-z0-9._-]+\.(json|html|xml|csv)-[0-9]+$`)

// SweepDrafts removes the drafts that killed processes left in the folder of a
// class. The caller sees to it that nobody is writing there.
func SweepDrafts(dir string) {
	for _, folder := range []string{".", submissionsDir + "/*", studentDir + "/*", "gradescope", "classroom50"} {
		drafts, _ := fs.Glob(os.DirFS(dir), path.Join(folder, ".*-*")) // the pattern is well-formed
		for _, name := range drafts {
			if draftForm.MatchString(path.Base(name)) {
				_ = os.Remove(filepath.Join(dir, filepath.FromSlash(name))) // one that stays does no harm
			}
		}
	}
}
