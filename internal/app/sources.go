package app

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/source/file"
	"github.com/kithdata/kith/internal/source/tracking"
	hook "github.com/kithdata/kith/internal/source/webhook"
)

// sourceCounts keeps what the sources tell of themselves since the start.
type sourceCounts struct {
	mu       sync.Mutex
	files    map[string]file.Progress // by source
	pushed   map[string]pushCount     // by source
	requests map[pushRequest]uint64   // of tracking sources
	hooks    map[pushRequest]uint64   // deliveries to webhook sources
}

// pushCount is the records of a source that is pushed to: all, and those to be
// quarantined.
type pushCount struct{ records, rejected uint64 }

// pushRequest is what requests are counted by; source is empty where a write key named
// none, code is "ok" or the fault's.
type pushRequest struct{ source, code string }

func newSourceCounts() *sourceCounts {
	return &sourceCounts{files: map[string]file.Progress{}, pushed: map[string]pushCount{}, requests: map[pushRequest]uint64{}, hooks: map[pushRequest]uint64{}}
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
	c.count(c.requests, pushRequest{o.Source, o.Code}, o.Events, o.Rejected)
}

func (c *sourceCounts) observeHook(o hook.Observation) {
	c.count(c.hooks, pushRequest{o.Source, o.Code}, o.Records, o.Rejected)
}

func (c *sourceCounts) count(requests map[pushRequest]uint64, r pushRequest, records, rejected int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests[r]++
	n := c.pushed[r.source]
	n.records += uint64(records)
	n.rejected += uint64(rejected)
	c.pushed[r.source] = n
}

// requestCounts gives the requests to tracking sources, and the deliveries to webhook
// sources.
func (c *sourceCounts) requestCounts() (tracking, hooks map[pushRequest]uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.requests), maps.Clone(c.hooks)
}

// Sources lists the sources that run, by name.
func (a *App) Sources() []api.Source {
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
			s.Fault = string(cmp.Or(p.Fault, p.Damaged, p.Kept))
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
	listens := func(name, kind string) {
		n := c.pushed[name]
		out = append(out, api.Source{Name: name, Type: kind, State: api.SourceListening, Records: n.records, Rejected: n.rejected})
	}
	for _, cfg := range a.tree.Tracking {
		listens(cfg.Name, "tracking")
	}
	for _, cfg := range a.tree.Hooks {
		listens(cfg.Name, "webhook")
	}
	slices.SortFunc(out, func(x, y api.Source) int { return cmp.Compare(x.Name, y.Name) })
	return out
}
