package survive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// setClock is a clock that shows what it is set to: every record keeps its received
// time in every variant, whenever it comes.
type setClock struct{ micros atomic.Int64 }

func (c *setClock) Now() time.Time { return time.UnixMicro(c.micros.Load()) }

// road is the whole road in this process: one or several of what would be processes.
type road struct {
	v         variant
	on        machine
	clock     setClock
	hasher    *record.Hasher
	processes []*process
	asleep    map[*process]bool
	turn      int // of the process whose door is next
	places    map[int]pipeline.Place
	failed    context.CancelCauseFunc // told of a road that ended by itself
}

func openRoad(ctx context.Context, v variant, failed context.CancelCauseFunc) (*road, error) {
	h, err := record.NewHasher(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		return nil, err
	}
	r := &road{v: v, on: v.machine(v), hasher: h, places: map[int]pipeline.Place{}, asleep: map[*process]bool{}, failed: failed, processes: make([]*process, v.Processes)}
	r.clock.micros.Store(moment(0))
	for i := range r.processes {
		if r.processes[i], err = r.newProcess(ctx); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	return r, nil
}

func (r *road) close() (err error) {
	r.wake()
	for _, p := range r.processes {
		if p != nil {
			err = errors.Join(err, p.close())
		}
	}
	return errors.Join(err, r.on.close())
}

// next is the process that what comes next goes through: the one whose turn it is.
func (r *road) next() *process {
	for i := r.turn; ; i++ {
		if p := r.processes[i%len(r.processes)]; !r.asleep[p] {
			return p
		}
	}
}

// sleep has a process stand still in the middle of what it does, if another is awake.
// It goes on when it is wanted, or once the others have done without it.
func (r *road) sleep(p *process) {
	if len(r.asleep) < len(r.processes)-1 && !r.asleep[p] {
		r.asleep[p] = true
		r.on.sleep(p.engine)
	}
}

func (r *road) wake() {
	for p := range r.asleep {
		r.on.wake(p.engine)
	}
	clear(r.asleep)
}

// gather has all processes but one stand still, each with its share of the road, until
// there is something to do for all of them.
func (r *road) gather(ctx context.Context) error {
	r.start()
	for _, p := range r.processes {
		if err := r.wait(ctx, func() bool { return p.engine.Ready == nil || p.engine.Ready() == nil }); err != nil {
			return err
		}
	}
	for _, p := range r.processes[1:] {
		r.sleep(p)
	}
	return nil
}

// each does something in every process that is awake.
func (r *road) each(do func(p *process) error) error {
	for _, p := range r.processes {
		if r.asleep[p] {
			continue
		}
		if err := do(p); err != nil {
			return err
		}
	}
	return nil
}

func (r *road) start() {
	for _, p := range r.processes {
		p.start()
	}
}

func (r *road) halt() error { return r.each((*process).halt) }

// restart has one process end, at a crash in the middle of what it does, and begins
// another in its place.
func (r *road) restart(ctx context.Context, at int, crash bool) error {
	p := r.processes[at]
	running := p.running
	r.processes[at] = nil
	delete(r.asleep, p)
	var err error
	if crash {
		err = r.on.kill(p.engine, p.close)
	} else {
		err = p.close()
	}
	if err != nil {
		return err
	}
	if p, err = r.newProcess(ctx); err != nil {
		return fmt.Errorf("opening the engine again: %w", err)
	}
	r.processes[at] = p
	if running {
		p.start()
	}
	return nil
}

// rule puts a version of the rules into the log and waits until it is in force.
func (r *road) rule(ctx context.Context, version uint32, body *rules) error {
	r.wake()
	props, err := body.control(version)
	if err != nil {
		return err
	}
	r.clock.micros.Store(moment(0))
	if _, err := r.processes[0].newDoor().PutControl(ctx, pipeline.StreamRules, fmt.Sprintf("rules-%d", version), props); err != nil {
		return err
	}
	r.start()
	return r.each(func(p *process) error { return r.wait(ctx, func() bool { return p.installed(version) }) })
}

// wait asks again and again, as nothing tells when rules are in force.
func (r *road) wait(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-time.After(100 * time.Microsecond):
		case <-ctx.Done():
			return errs.Wrap("stuck", "waiting for rules", ctx.Err())
		}
	}
	return nil
}

func (r *road) config() pipeline.Config {
	return pipeline.Config{BatchRecords: r.v.Batch, DuplicateWindow: window}
}

// put says s: through the door, at the moment that it was received.
func (r *road) put(ctx context.Context, s *said) error {
	r.clock.micros.Store(moment(s.Received))
	door := r.next().newDoor()
	r.turn++
	door.Pin(s.Pin)
	var pos record.Position
	var err error
	if kindOf(s.What) == record.Control {
		pos, err = door.PutControl(ctx, s.What, s.ID, s.props(func(n int) pipeline.Place { return r.places[n] }))
	} else {
		pos, err = door.Put(ctx, []record.Record{s.record()})
	}
	if err != nil {
		return err
	}
	for p, offset := range pos.Offsets {
		if offset > 0 {
			r.places[s.N] = pipeline.Place{Partition: int32(p), Offset: offset - 1}
		}
	}
	return nil
}

// settle waits until all that was said is done, deferred work and builds included.
func (r *road) settle(ctx context.Context) error {
	r.start()
	for {
		before, at, err := r.ends(ctx)
		if err != nil {
			return err
		}
		for i, wait := range []func(p *process) error{
			func(p *process) error { return p.keeper.WaitSettled(ctx) },
			func(p *process) error { return p.keeper.WaitDone(ctx, at) },
			func(p *process) error { return p.keeper.WaitResolved(ctx) },
		} {
			if err := r.each(wait); err != nil {
				return errs.Wrap("stuck", fmt.Sprintf("waiting (%d) for the road", i), err)
			}
		}
		if len(r.asleep) > 0 { // the others have done without it
			r.wake()
			continue
		}
		after, _, err := r.ends(ctx)
		if err != nil {
			return err
		}
		if before == after && r.agreed() {
			return r.each(func(p *process) error { return p.keeper.WaitSettled(ctx) })
		}
	}
}

// agreed reports whether all processes know of the same generation, of the newest
// rules, and of none that is being built.
func (r *road) agreed() bool {
	first := r.processes[0]
	for _, p := range r.processes {
		if p.keeper.Building() != 0 || p.keeper.Current() != first.keeper.Current() || p.keeper.CurrentRules() != first.latest() {
			return false
		}
	}
	return true
}

// ends gives how far the deferred work and the log have come.
func (r *road) ends(ctx context.Context) (deferred uint64, at record.Position, err error) {
	log := r.next().engine.Log
	for p := range log.Partitions(record.TopicResolve) {
		_, end, err := log.Bounds(ctx, record.TopicResolve, p)
		if err != nil {
			return 0, at, err
		}
		deferred += end
	}
	at.Log = log.ID()
	for p := range log.Partitions(engine.TopicIngest) {
		_, end, err := log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return 0, at, err
		}
		at.Raise(p, end)
	}
	return deferred, at, nil
}

// topic reads all of an emitted topic, by partition.
func (r *road) topic(ctx context.Context, topic string, fn func(value []byte) error) error {
	log := r.next().engine.Log
	for p := range log.Partitions(topic) {
		_, end, err := log.Bounds(ctx, topic, p)
		if err != nil {
			return err
		}
		for from := uint64(0); from < end; {
			values, err := log.Read(ctx, topic, p, from, 1000)
			if err != nil {
				return err
			}
			for _, v := range values {
				if err := fn(v); err != nil {
					return fmt.Errorf("topic %s, partition %d: %w", topic, p, err)
				}
			}
			from += uint64(len(values))
		}
	}
	return nil
}
