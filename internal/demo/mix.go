package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteKey is the write key of the demo's tracking source.
const WriteKey = writeKey

// WriteProject writes the demo's project into dir for callers that take its mix
// through the road by themselves: its files are read once. Without a hookURL it has
// no destination.
func WriteProject(dir, hookURL, listen string) error {
	text := fmt.Sprintf(projectFile, false, hookURL, "whsec_"+strings.Repeat("a2l0aA", 6), listen)
	if hookURL == "" {
		before, rest, _ := strings.Cut(text, "destinations:\n")
		_, after, _ := strings.Cut(rest, "\nserver:")
		text = before + "server:" + after
	}
	return os.WriteFile(filepath.Join(dir, "kith.yaml"), []byte(text), 0o644)
}
