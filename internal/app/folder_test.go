package app_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
)

// A data folder that somebody else made, or that was copied, is closed to others.
func TestDataAndKeysAreClosedToOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file's mode says nothing of its rights on Windows")
	}
	dir := t.TempDir()
	file, data := filepath.Join(dir, "kith.yaml"), filepath.Join(dir, "data")
	text := "name: harbour\ndata: ./data\nsources: {web: {type: tracking, write_keys: [k]}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() {
		t.Helper()
		tree, err := config.Load(file, func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.Open(t.Context(), tree, app.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	mode := func(name string) os.FileMode {
		t.Helper()
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if err := os.Mkdir(data, 0o755); err != nil { // as a volume is, or a shell's mkdir makes it
		t.Fatal(err)
	}
	open()
	for _, name := range []string{"keys", "keys/hash.key", "keys/audit.key"} { // as a careless copy leaves them
		if err := os.Chmod(filepath.Join(data, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	open()
	if m := mode("."); m&0o027 != 0 {
		t.Errorf("the data folder is open to others: %o", m)
	}
	for _, name := range []string{"keys", "keys/hash.key", "keys/audit.key", "keys/local.json", "audit"} {
		if m := mode(name); m&0o077 != 0 {
			t.Errorf("%s is open to others: %o", name, m)
		}
	}
}
