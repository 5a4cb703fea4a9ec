package session

import (
	"encoding/json"
	"os"

	"ipclab/labs"
)

// NextHint notes that one more hint of a check was asked for and says how many
// may be shown now.
func (s *Session) NextHint(c *labs.Check) (shown int, err error) {
	given := map[string]int{}
	if data, readErr := os.ReadFile(s.file("hints.json")); readErr == nil {
		_ = json.Unmarshal(data, &given) // a damaged file only costs the count
	}
	given[c.ID] = min(max(given[c.ID], 0)+1, len(c.Hints))
	return given[c.ID], s.save("hints.json", given)
}
