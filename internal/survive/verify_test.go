//go:build integration

package survive

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
)

// open opens the project's data folder in this process, without its doors.
func (p *project) open() *app.App {
	p.t.Helper()
	tree, err := config.Load(p.dir, os.LookupEnv)
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := app.Open(p.t.Context(), tree, app.Options{Offline: true, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = a.Close() }) // where the test failed before
	return a
}

// verify replays the stopped project's log, undisturbed, into an empty folder with the
// same hash key, and compares (I2).
func (p *project) verify() {
	p.t.Helper()
	a := p.open()
	v, err := a.Verify(p.t.Context(), p.t.TempDir())
	if err != nil {
		p.t.Fatal(err)
	}
	lines := 0
	for _, part := range v.Parts {
		lines += part.Lines
		if !part.Equal {
			p.t.Errorf("%s differs from the undisturbed replay in line %d, below %q:\n have %s\n want %s", part.Name, part.Line,
				strings.TrimSpace(part.Heading), part.Have, part.Want)
		}
	}
	if lines == 0 {
		p.t.Error("the comparison compared nothing")
	}
	p.t.Logf("compared %d lines with an undisturbed replay", lines)
	if err := a.Close(); err != nil {
		p.t.Error(err)
	}
}

// verifyByCommand is verify as people type it: kith verify of a stopped project.
func (p *project) verifyByCommand() {
	p.t.Helper()
	cmd := p.side.Command(p.t.Context(), binary(p.t), "verify", "--project", p.dir, "--json")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), `"equal":true`) {
		p.t.Errorf("kith verify: %v, and said %s", err, out)
	}
	if left, err := filepath.Glob(p.path(".kith-verify-*")); err != nil || len(left) > 0 {
		p.t.Errorf("kith verify left %v behind", left)
	}
}

// firstDifference prints where two texts part.
func firstDifference(t *testing.T, have, want string) {
	t.Helper()
	h, w := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range max(len(h), len(w)) {
		a, b := "", ""
		if i < len(h) {
			a = h[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("line %d:\n have %s\n want %s", i+1, a, b)
			return
		}
	}
}
