package webhook

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// What runs beside a session's own goroutine: readers, the watch and the workers.
// They own nothing of the session but the channels that they speak through.

// read feeds one partition to the session: first what was left pending, then on.
func (s *session) read(ctx context.Context, p *partition) {
	err := s.follow(ctx, p)
	if ctx.Err() == nil {
		select {
		case s.faults <- err:
		case <-ctx.Done():
		}
	}
}

// follow goes on until it fails or ctx ends; it never returns nil.
func (s *session) follow(ctx context.Context, p *partition) error {
	head := p.head // the session writes it only once it has had a chunk from here
	cursor := s.d.deps.Cursor(p.topic, p.number)
	for len(p.restore) > 0 {
		found, err := cursor.Next(ctx, p.restore[0], min(chunkRecords, int(p.restore[len(p.restore)-1]-p.restore[0])+1)) //nolint:gosec // bounded
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].Number != p.restore[0] {
			return errs.New(codeTrimmed, "the record is kept no longer")
		}
		var again []record.Emitted
		for _, e := range found {
			if len(p.restore) > 0 && e.Number == p.restore[0] {
				again = append(again, e)
				p.restore = p.restore[1:]
			}
		}
		c := chunk{part: p}
		if err := s.sift(ctx, &c, again, true); err != nil {
			return err
		}
	}
	for {
		found, err := cursor.Next(ctx, head, chunkRecords)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		head = found[len(found)-1].Number + 1
		c := chunk{part: p, head: head}
		if err := s.sift(ctx, &c, found, false); err != nil {
			return err
		}
	}
}

// sift judges records and hands those that are to be sent to the session.
func (s *session) sift(ctx context.Context, c *chunk, found []record.Emitted, restored bool) error {
	for _, e := range found {
		m := &message{place: place{c.part.topic, c.part.number, e.Number}, part: c.part}
		e.Topic, e.Partition = c.part.topic, c.part.number
		j, err := s.d.judge(ctx, e, restored)
		for errs.Is(err, codeLookup) {
			if err := pause(ctx, lookupAgain); err != nil {
				return err
			}
			j, err = s.d.judge(ctx, e, restored)
		}
		switch {
		case err != nil:
			m.fault = "unreadable"
			m.lane = laneKey{number: e.Number, part: c.part.number}
		case !j.wanted:
			c.skipped++
			if restored {
				c.dropped = append(c.dropped, e.Number)
			}
			continue
		default:
			m.lane, m.body = j.lane, j.body
		}
		c.messages = append(c.messages, m)
	}
	select {
	case s.chunks <- *c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch tells the session every few seconds where the topics end.
func (s *session) watch(ctx context.Context) {
	for pause(ctx, lagEvery) == nil {
		ends := make([]uint64, len(s.parts))
		ok := true
		for i, p := range s.parts {
			_, end, err := s.d.deps.Bounds(ctx, p.topic, p.number)
			ends[i], ok = end, ok && err == nil
		}
		if !ok {
			continue // the readers meet the same fault, and report it
		}
		select {
		case s.ends <- ends:
		case <-ctx.Done():
		}
	}
}

// work tries messages one at a time.
func (s *session) work(ctx context.Context) {
	for m := range s.jobs {
		s.results <- s.try(ctx, m)
	}
}

func (s *session) try(ctx context.Context, m *message) result {
	if m.fault != "" {
		return result{m: m, o: outcome{reason: m.fault}, final: true}
	}
	body := m.body
	if body == nil {
		again, stop := context.WithTimeout(ctx, s.d.cfg.Timeout)
		defer stop()
		e, err := s.d.reread(again, m.place)
		switch {
		case ctx.Err() != nil:
			return result{m: m, o: outcome{reason: canceled}}
		case errs.Is(err, codeTrimmed):
			return result{m: m, o: outcome{reason: "trimmed"}, final: true}
		case err != nil:
			return result{m: m, o: outcome{reason: "topic"}}
		}
		j, err := s.d.judge(again, e, true)
		switch {
		case errs.Is(err, codeLookup):
			return result{m: m, o: outcome{reason: "lookup"}}
		case err != nil:
			return result{m: m, o: outcome{reason: "unreadable"}, final: true}
		case !j.wanted:
			return result{m: m, dropped: true}
		}
		body = j.body
	}
	return result{m: m, o: s.d.send(ctx, m.id(), body)}
}
