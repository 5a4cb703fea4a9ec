package labs

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// declared is how a key of a manifest is declared to the decoder.
var declared = regexp.MustCompile(`\b(?:Must|May|seen)\("([a-z]+)"`)

func TestManifestPageNamesEveryKey(t *testing.T) {
	page, err := os.ReadFile("../docs/manifest.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range []string{"manifest.go", "manifest_variant.go", "mutant.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range declared.FindAllStringSubmatch(string(source), -1) {
			found++
			if !strings.Contains(string(page), "`"+key[1]+"`") && !strings.Contains(string(page), key[1]+": ") {
				t.Errorf("docs/manifest.md does not name the key %q of %s", key[1], file)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d keys were found: are they declared in another way now?", found)
	}
}
