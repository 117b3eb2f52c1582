package cli

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/api"
)

// reading shows on a terminal how far the files of a project's sources are read: a bar
// below what is logged. All that goes to the terminal meanwhile is written through it.
type reading struct {
	mu     sync.Mutex
	w      io.Writer
	line   *progress
	colour bool

	since time.Time // when what is read now was first seen; zero while nothing is
	rows  uint64    // then
}

const readingEvery = 300 * time.Millisecond

func (g *Globals) reading() *reading {
	return &reading{w: g.Err, line: g.progress(), colour: g.colours(g.Err)}
}

// Write writes above the bar, which comes again with the next look.
func (r *reading) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.end()
	return r.w.Write(b)
}

// follow looks at the sources until ctx is done.
func (r *reading) follow(ctx context.Context, sources func() []api.Source) {
	if !r.line.live {
		return
	}
	tick := time.NewTicker(readingEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			r.show(sources(), now)
		case <-ctx.Done():
			r.show(nil, time.Time{})
			return
		}
	}
}

// show draws the bar for the file sources that are being read, or wipes it.
func (r *reading) show(sources []api.Source, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	var rows uint64
	var done, total int64
	for _, s := range sources {
		if s.State == api.SourceReading && s.TotalBytes > 0 {
			names = append(names, s.Name)
			rows, done, total = rows+s.Records, done+s.Bytes, total+s.TotalBytes
		}
	}
	if len(names) == 0 {
		r.line.end()
		r.since = time.Time{}
		return
	}
	if r.since.IsZero() || rows < r.rows { // another source than before
		r.since, r.rows = now, rows
	}
	name := names[0]
	if len(names) > 1 {
		name = count(int64(len(names)), "source", "sources")
	}
	share := min(float64(done)/float64(total), 1)
	rate := ""
	if passed := now.Sub(r.since).Seconds(); passed > 0 {
		rate = "  " + grouped(int64(float64(rows-r.rows)/passed)) + "/s"
	}
	r.line.note("%s %s %3.0f%%  %s of %s MB  %s rows%s", name, bar(share, r.colour), 100*share, //nolint:gosec // counts
		grouped(done/1e6), grouped(total/1e6), grouped(int64(rows)), rate)
}
