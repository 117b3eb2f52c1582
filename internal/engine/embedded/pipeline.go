package embedded

import (
	"github.com/cockroachdb/pebble/v2"
)

// commit is one batch on its way to disk.
type commit struct {
	batch    *pebble.Batch
	snapshot *pebble.Snapshot // taken right after the batch was applied, when wanted
	snap     bool
	applied  chan struct{} // closed once later reads see it; nil when nobody waits
	durable  func(*commit) // called in commit order once it is synced
	done     chan struct{} // closed after durable returned; nil when nobody waits
}

// pipeline applies batches to one database and waits for their syncs in order, so
// that the next batch is built while the last one's sync is in flight. Everything
// that may park in Pebble's write path runs on its goroutines, never on a caller's.
type pipeline struct {
	db    *pebble.DB
	fail  *failure
	syncs chan *commit // capacity 1: one in sync and one waiting are enough to hide the build
	ended chan struct{}
}

func newPipeline(db *pebble.DB, fail *failure) *pipeline {
	p := &pipeline{db: db, fail: fail, syncs: make(chan *commit, 1), ended: make(chan struct{})}
	go p.syncLoop()
	return p
}

// apply must be called from one goroutine alone, which gives the commits their order.
func (p *pipeline) apply(c *commit) bool {
	if p.fail.get() != nil {
		return false
	}
	ok := p.fail.guard(func() error {
		if err := p.db.ApplyNoSyncWait(c.batch, pebble.Sync); err != nil {
			return err
		}
		if c.snap {
			c.snapshot = p.db.NewSnapshot()
		}
		return nil
	})
	if !ok {
		return false
	}
	if c.applied != nil {
		close(c.applied)
	}
	select {
	case p.syncs <- c:
		return true
	case <-p.fail.ch:
		return false
	}
}

func (p *pipeline) syncLoop() {
	defer close(p.ended)
	for c := range p.syncs {
		if !p.fail.guard(c.batch.SyncWait) || p.fail.get() != nil {
			return // every waiter sees the failure
		}
		_ = c.batch.Close() // only returns the batch to its pool
		c.durable(c)
		if c.done != nil {
			close(c.done)
		}
	}
}

// stop waits for the syncs under way. No apply may follow.
func (p *pipeline) stop() {
	close(p.syncs)
	<-p.ended
}
