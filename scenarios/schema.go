package scenarios

import (
	"encoding/json"
	"slices"
	"strings"
)

// Schema gives the JSON Schema (draft 2020-12) of scenario files, for editors.
// It accepts what the grammar accepts; what values must be to one another, such
// as that a flow's subjects exist, only Load and Lint know.
func Schema() []byte {
	g := theGrammar()
	whole, _ := g.section("scenario")
	root := g.sectionSchema(whole)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "a scenario of ipclab"
	defs := map[string]any{}
	for _, s := range g.Sections {
		for _, name := range []string{s.Name, "changed " + s.Name} {
			if s, _ := g.section(name); g.used(name) {
				defs[defName(name)] = g.sectionSchema(s)
			}
		}
	}
	root["$defs"] = defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // it is made of texts, numbers and maps
	}
	return append(text, '\n')
}

// used tells whether a section is the form of some key.
func (g *grammar) used(name string) bool {
	return slices.ContainsFunc(g.Sections, func(s section) bool {
		return slices.ContainsFunc(s.Keys, func(k key) bool { return k.Form == name })
	})
}

func defName(section string) string { return strings.ReplaceAll(section, " ", "-") }

// sectionSchema gives the schema of a mapping.
func (g *grammar) sectionSchema(s section) map[string]any {
	properties, needed, all := map[string]any{}, []string{}, []any{}
	for _, k := range s.Keys {
		properties[k.Name] = g.keySchema(k)
		switch {
		case s.changed:
		case k.Only != nil:
			all = append(all, conditionSchema(k))
		case k.Needed:
			needed = append(needed, k.Name)
		}
	}
	schema := map[string]any{
		"type": "object", "description": s.About,
		"properties": properties, "required": needed, "additionalProperties": false,
	}
	if s.One != nil {
		all = append(all, oneSchema(s.One))
	}
	if len(all) > 0 {
		schema["allOf"] = all
	}
	return schema
}

// keySchema gives the schema of what stands at a key.
func (g *grammar) keySchema(k key) map[string]any {
	single := g.singleSchema(k)
	schema := single
	switch k.Many {
	case "list":
		schema = map[string]any{"type": "array", "items": single, "minItems": 1}
	case "map":
		names := textSchema(g.Forms[k.keyForm()])
		if k.Names.Words != nil {
			names = map[string]any{"enum": k.Names.Words}
		}
		schema = map[string]any{"type": "object", "additionalProperties": single, "propertyNames": names}
		if k.Needed {
			schema["minProperties"] = 1
		}
	}
	schema["description"] = k.About
	return schema
}

// singleSchema gives the schema of one value.
func (g *grammar) singleSchema(k key) map[string]any {
	if k.Words != nil {
		return map[string]any{"enum": k.Words}
	}
	if _, ok := g.section(k.Form); ok {
		return map[string]any{"$ref": "#/$defs/" + defName(k.Form)}
	}
	switch f := g.Forms[k.Form]; {
	case f.Truth:
		return map[string]any{"type": "boolean"}
	case f.Whole:
		return map[string]any{"type": "integer", "minimum": f.Least, "maximum": f.Most}
	case f.Number:
		return map[string]any{"type": "number", "minimum": f.Least, "maximum": f.Most}
	default:
		return textSchema(f)
	}
}

// textSchema gives the schema of a text. Like the parser it does not mind the
// line end that a block of text has.
func textSchema(f form) map[string]any {
	pattern := f.Pattern
	if plain, ok := strings.CutSuffix(pattern, "$"); ok {
		pattern = plain + `\n*$`
	}
	schema := map[string]any{"type": "string", "pattern": pattern}
	if f.Longest > 0 {
		schema["maxLength"] = f.Longest
	}
	return schema
}

// conditionSchema says beside what a key may, or must, be there.
func conditionSchema(k key) map[string]any {
	schema := map[string]any{
		"if": map[string]any{
			"required":   []string{k.Only.Key},
			"properties": map[string]any{k.Only.Key: map[string]any{"enum": k.Only.Values}},
		},
		"else": map[string]any{"properties": map[string]any{k.Name: false}},
	}
	if k.Needed {
		schema["then"] = map[string]any{"required": []string{k.Name}}
	}
	return schema
}

// oneSchema says that exactly one of some keys is there.
func oneSchema(names []string) map[string]any {
	var each []any
	for _, name := range names {
		each = append(each, map[string]any{"required": []string{name}})
	}
	return map[string]any{"oneOf": each}
}
