package file

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// restFactor keeps looking from taking more than a small part of a processor:
// after a look that took t and found nothing new, the next comes no sooner than
// restFactor*t, or maxRest. A grown file is hashed from its start, which for a large
// one takes a while.
const (
	restFactor = 20
	maxRest    = 30 * time.Second
)

// watch looks, and looks again when a folder tells of a change or Poll has passed,
// until ctx is done or a look fails.
func (r *run) watch(ctx context.Context) error {
	events, stop := r.notifications()
	defer stop()
	for {
		start, rows := r.deps.Clock.Now(), r.progress.Rows
		if _, err := r.look(ctx); err != nil {
			return err
		}
		var rest time.Duration
		if r.progress.Rows == rows {
			rest = min(restFactor*r.deps.Clock.Now().Sub(start), maxRest)
		}
		if err := r.rest(ctx, rest, events); err != nil {
			return err
		}
	}
}

// rest waits for the next look.
func (r *run) rest(ctx context.Context, least time.Duration, events <-chan fsnotify.Event) error {
	if least > r.cfg.Poll {
		events = nil // too soon to heed them
	}
	poll := r.deps.After(max(r.cfg.Poll, least))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll:
			return nil
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if match, _ := filepath.Match(r.cfg.Path, e.Name); match && !e.Has(fsnotify.Chmod) {
				drain(events)
				return nil
			}
		}
	}
}

// drain forgets the changes that the look to come will see anyway.
func drain(events <-chan fsnotify.Event) {
	for {
		select {
		case _, ok := <-events:
			if !ok {
				return
			}
		default:
			return
		}
	}
}

// notifications asks the system to tell of changes in the glob's folder. Where it
// will not, or the folder's name is itself a pattern, polling alone must do.
func (r *run) notifications() (<-chan fsnotify.Event, func()) {
	if Elsewhere(r.cfg.Path) {
		return nil, func() {}
	}
	dir := filepath.Dir(r.cfg.Path)
	if strings.ContainsAny(dir, `*?[`) {
		return nil, func() {}
	}
	w, err := fsnotify.NewBufferedWatcher(64) // a burst of changes is one look
	if err == nil {
		if err = w.Add(dir); err != nil {
			_ = w.Close()
		}
	}
	if err != nil {
		r.deps.Logger.Warn("changes in a folder are seen by polling only", "source", r.cfg.Name, "error", err)
		return nil, func() {}
	}
	done := make(chan struct{})
	go func() { // faults of a watcher cost only promptness; they must not block it
		defer close(done)
		for range w.Errors {
		}
	}()
	return w.Events, func() {
		_ = w.Close()
		<-done
	}
}
