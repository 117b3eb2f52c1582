//go:build unix

package file

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

func TestLinksOfOthersAreNotFollowedElsewhere(t *testing.T) {
	const root, kith, drop, other = 0, 500, 600, 700
	for _, c := range []struct {
		link, target uint32
		want         bool
	}{{kith, other, true}, {root, other, true}, {drop, drop, true}, {drop, kith, false}, {drop, root, false}, {drop, other, false}} {
		if got := trusted(c.link, c.target, kith); got != c.want {
			t.Errorf("a link of %d to a file of %d: followed %v, want %v", c.link, c.target, got, c.want)
		}
	}
	dir := t.TempDir()
	target, link := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv")
	if err := os.WriteFile(target, []byte("id\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	s, err := Config{}.open(t.Context(), folder{}, entry{path: link})
	if err != nil {
		t.Fatalf("a link of one's own: %v", err)
	}
	s.Close()
}

// A pipe or a device that takes a file's place between look and opening must not be
// waited for, nor read without end.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	pipe, zero := filepath.Join(dir, "pipe.csv"), filepath.Join(dir, "zero.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", zero); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, zero, dir} {
		failed := make(chan error, 1)
		go func() {
			_, err := Sample(context.Background(), Config{}, path, 10, func([]byte) bool { return true })
			failed <- err
		}()
		select {
		case err := <-failed:
			if !errs.Is(err, "file_not_regular") {
				t.Errorf("%s: %v", path, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s is waited for", path)
		}
	}
}
