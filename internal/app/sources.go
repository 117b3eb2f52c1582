package app

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/source/file"
	"github.com/kithdata/kith/internal/source/tracking"
)

// sourceCounts keeps what the sources tell of themselves since the start.
type sourceCounts struct {
	mu       sync.Mutex
	files    map[string]file.Progress // by source
	tracks   map[string]trackCount    // by source
	requests map[trackRequest]uint64
}

// trackCount is the events of a tracking source: all, and those to be quarantined.
type trackCount struct{ events, rejected uint64 }

// trackRequest is what requests are counted by; source is empty where the write key
// named none, code is "ok" or the fault's.
type trackRequest struct{ source, code string }

func newSourceCounts() *sourceCounts {
	return &sourceCounts{files: map[string]file.Progress{}, tracks: map[string]trackCount{}, requests: map[trackRequest]uint64{}}
}

func (c *sourceCounts) read(source string, p file.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[source] = p
}

// leave forgets what a source told.
func (c *sourceCounts) leave(source string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.files, source)
}

func (c *sourceCounts) observe(o tracking.Observation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[trackRequest{o.Source, o.Code}]++
	t := c.tracks[o.Source]
	t.events += uint64(o.Events)
	t.rejected += uint64(o.Rejected)
	c.tracks[o.Source] = t
}

func (c *sourceCounts) requestCounts() map[trackRequest]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.requests)
}

// sourceStates lists the sources that run, by name.
func (a *App) sourceStates() []api.Source {
	out := []api.Source{}
	if a.opts.Offline {
		return out
	}
	c := a.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cfg := range a.tree.Files {
		s := api.Source{Name: cfg.Name, Type: "file", State: api.SourceWaiting}
		if p, told := c.files[cfg.Name]; told {
			s.Records, s.Rejected = uint64(p.Rows), uint64(p.Rejected)
			s.Files, s.Bytes, s.TotalBytes = p.Files, p.Bytes, p.TotalBytes
			s.Fault = string(p.Fault)
			switch {
			case p.Fault != "": // waiting for its place
			case !p.Idle:
				s.State = api.SourceReading
			case cfg.Watch:
				s.State = api.SourceIdle
			default:
				s.State = api.SourceDone
			}
		}
		out = append(out, s)
	}
	for _, cfg := range a.tree.Tracking {
		t := c.tracks[cfg.Name]
		out = append(out, api.Source{Name: cfg.Name, Type: "tracking", State: api.SourceListening, Records: t.events, Rejected: t.rejected})
	}
	slices.SortFunc(out, func(x, y api.Source) int { return cmp.Compare(x.Name, y.Name) })
	return out
}
