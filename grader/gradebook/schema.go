package gradebook

import (
	_ "embed" // for the schema
	"slices"
)

//go:embed results.schema.json
var schemaJSON []byte

// SchemaJSON is the JSON Schema of results.json. Its definition "grade"
// describes one grade by itself.
func SchemaJSON() []byte { return slices.Clone(schemaJSON) }
