package law_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestInvariantsNameTestsThatExist holds docs/invariants.md to the code: a promise
// whose test was renamed or removed is one that nothing tries any more.
func TestInvariantsNameTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/invariants.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 20 {
		t.Fatalf("the page names %d tests", len(named))
	}
	for _, n := range named {
		files, err := filepath.Glob(filepath.Join("..", n[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = found || regexp.MustCompile(`(?m)^func `+n[2]+`\(`).Match(text)
		}
		if !found {
			t.Errorf("docs/invariants.md names %s of internal/%s, which is not there", n[2], n[1])
		}
	}
}
