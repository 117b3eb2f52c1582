package duckdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// Load writes a step's rows and positions in one transaction (I2).
func (d *DB) Load(ctx context.Context, step *warehouse.Step) error {
	d.loading.Lock()
	defer d.loading.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.ready(); err != nil {
		return err
	}
	if err := d.follows(step); err != nil {
		return err
	}
	_, to := step.Bounds()
	err := d.transaction(func() error { return d.write(step, to) })
	if err == nil {
		return nil
	}
	// What is in memory may be ahead of the database: read it again, or reopen.
	var fault *engineError
	if errors.As(err, &fault) && fault.broken() {
		d.broken = true
	} else if e := d.reload(); e != nil {
		d.broken = true
	}
	return errs.Wrap(warehouse.CodeFailed, "loading a step into the warehouse", err).
		At(d.cfg.Path).Fix("see that the disk has room and the file can be written; nothing is lost, loading is tried again")
}

// follows checks that the step starts where the warehouse ends, and has no gap.
func (d *DB) follows(step *warehouse.Step) error {
	at := d.at.Clone()
	for i := range step.Parts {
		p := &step.Parts[i]
		if p.From != at.Get(p.Topic, p.Partition) {
			return errs.New(warehouse.CodeMoved, "the step does not start where the warehouse ends").At(fmt.Sprintf("%s/%d", p.Topic, p.Partition))
		}
		at.Set(p.Topic, p.Partition, p.To)
	}
	return nil
}

func (d *DB) transaction(fn func() error) error {
	if err := d.raw.exec("BEGIN TRANSACTION"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		if e := d.raw.exec("ROLLBACK"); e != nil {
			d.broken = true
		}
		return err
	}
	if err := d.raw.exec("COMMIT"); err != nil {
		d.broken = true // whether it took effect shows only once the file is read again
		return err
	}
	return d.deps.Fault("committed")
}

// write brings the rows of a step into the tables, inside the transaction.
func (d *DB) write(step *warehouse.Step, to warehouse.Positions) error {
	people := &customers{c: d.c, people: map[record.ProfileID]*person{}}
	nodes := &moves{newest: map[record.NodeKey]*record.Move{}}
	events := &facts{c: d.c, objects: map[objectKey]factRow{}}
	d.c.clear()
	for i := range step.Parts {
		p := &step.Parts[i]
		people.scan(p.Profiles)
		nodes.scan(p.Moves)
		events.scan(p.Facts)
	}
	if err := d.c.apply(d.raw); err != nil { // before any row: tables are altered empty-handed
		return err
	}
	if d.c.viewsOld {
		if err := d.c.views(d.raw); err != nil {
			return err
		}
		d.c.viewsOld = false
	}
	for _, part := range []struct {
		place string
		write func() error
	}{
		{"tables", func() error { return events.settle(d) }},
		{"objects", func() error { return events.write(d) }},
		{"facts", func() error { return people.write(d) }},
		{"customers", func() error { return nodes.write(d) }},
		{"moves", func() error { return d.ledger.write(d, step) }},
		{"ledger", func() error { return d.positions(to) }},
	} {
		if err := d.deps.Fault(part.place); err != nil {
			return err
		}
		if err := part.write(); err != nil {
			return err
		}
	}
	return d.deps.Fault("positions")
}

// clear forgets the rows of the step before.
func (c *catalog) clear() {
	for _, t := range c.tables {
		clear(t.rows) // let go of the step's memory
		clear(t.childRows)
		t.rows, t.childRows = t.rows[:0], t.childRows[:0]
	}
}

// positions stores where the step ends.
func (d *DB) positions(to warehouse.Positions) error {
	for topic, ns := range to {
		for p, n := range ns {
			if n > d.at.Get(topic, int32(p)) {
				d.at.Set(topic, int32(p), n)
			}
		}
	}
	if err := d.raw.exec("DELETE FROM _positions"); err != nil {
		return err
	}
	return d.append("", "_positions", func(a *appender) error {
		for _, topic := range sorted(d.at) {
			for p, n := range d.at[topic] {
				a.text(0, topic)
				a.int64(1, int64(p))
				a.int64(2, int64(n))
				if err := a.next(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
