package scenarios

import (
	"fmt"
	"strings"

	"ipclab/internal/yamlfile"
)

// UnknownError says that the library has no scenario of a name.
type UnknownError struct {
	Name  string
	Known []string
}

// Error names the nearest scenario that there is.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no scenario %q%s", e.Name, yamlfile.DidYouMean(e.Name, e.Known))
}

// Hint says where to find the names.
func (e *UnknownError) Hint() string {
	return "`ipclab scenario list` shows them; a scenario of your own is named by its file, such as ./my/scenario.yaml"
}

// UnknownTwinError says that a scenario has no twin of a name.
type UnknownTwinError struct {
	Scenario, Name string
	Known          []string
}

// Error names the nearest twin that there is.
func (e *UnknownTwinError) Error() string {
	return fmt.Sprintf("scenario %s has no broken twin %q%s", e.Scenario, e.Name, yamlfile.DidYouMean(e.Name, e.Known))
}

// Hint lists the twins.
func (e *UnknownTwinError) Hint() string {
	if len(e.Known) == 0 {
		return "it has none at all"
	}
	return "it has " + strings.Join(e.Known, ", ")
}
