//go:build integration

package survive

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Ctrl-C ends kith resolve with its exit code and a word, and leaves no result and no part
// of one; what was there before stays.
func TestResolveIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	people, results := filepath.Join(dir, "people.csv"), filepath.Join(dir, "results")
	run := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), binary(t), args...)
		cmd.WaitDelay = time.Minute
		return cmd
	}
	if out, err := run("generate", "people", "--count", "300000", "--out", people).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Mkdir(results, 0o755); err != nil {
		t.Fatal(err)
	}
	earlier := filepath.Join(results, "out.csv")
	if err := os.WriteFile(earlier, []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := run("resolve", people, "--out", earlier, "--golden", filepath.Join(results, "golden.parquet"))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for ; ; pause() { // until it has opened its results
		if open, _ := filepath.Glob(filepath.Join(results, ".kith-resolve-*")); len(open) == 2 {
			break
		}
		if !alive(cmd.Process.Pid) {
			t.Fatal("it ended before it opened its results")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() != 130 {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(said.String(), "stopped: nothing was written") {
		t.Errorf("it said %q", said.String())
	}
	if text, err := os.ReadFile(earlier); string(text) != "earlier" {
		t.Errorf("the earlier result is %d bytes, %v", len(text), err)
	}
	if left, err := os.ReadDir(results); err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
}
