package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAnInterruptedFileIsTakenAway: half a population would have another truth.
func TestAnInterruptedFileIsTakenAway(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	out := filepath.Join(t.TempDir(), "people.csv")
	g := &Globals{IO: IO{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, ctx: ctx}
	err := generatePeopleCmd{Count: 100_000, Hardness: "easy", Out: out}.Run(g)
	if code := g.report(err); code != ExitStopped {
		t.Errorf("it ended with %d: %v", code, err)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("the file is there still: %v", err)
	}
}

func TestGeneratingShowsHowFar(t *testing.T) {
	var b bytes.Buffer
	line := &progress{w: &b, live: true}
	tell := generatePeopleCmd{Count: 200_000}.tell(line, false, time.Now())
	tell(50_000)
	if got := b.String(); !strings.HasPrefix(got, "\r\033[K"+strings.Repeat("█", 6)+strings.Repeat("░", 18)+"  25%  50,000 of 200,000 records  ") {
		t.Errorf("it shows %q", got)
	}
	b.Reset()
	if tell(200_000); b.String() != "\r\033[K" {
		t.Errorf("at the end it shows %q", b.String())
	}
}
