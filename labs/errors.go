package labs

import "ipclab/internal/yamlfile"

// ManifestError is one mistake in a lab.yaml or mutant.yaml. Load joins all
// the mistakes that it finds, ordered by their place.
type ManifestError = yamlfile.Mistake
