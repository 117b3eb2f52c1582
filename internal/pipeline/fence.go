package pipeline

import (
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// A fence is an offset that nobody reads from. It is 0 while a generation's roads may
// commit, and 1 while they must not. Every commit of a road asserts its fence, per
// partition, as it does its position, and whoever changes what generations are for
// moves the fences in the same transaction as the stored generations. So it does not
// matter how late a process learns of that change: what its roads have under way is
// refused with CodeFenced. What a road commits, one transaction with the fence, comes
// before the change or not at all (I2).
//
// A generation has two fences, since its road is silent while it is built, and emits
// once it is current. If one served for both, a process that slept through a swap
// could commit silently what it read before, and nobody would ever emit it.
//
//	            loud    silent
//	built       0       0        only silent roads of it run anywhere
//	dropped     0       1        for ever: nothing is added to what is swept away
//	current     0       1
//	  sealed    1       1        for its last difference to the build to be made up
//	  emitting  1       1        just swapped in: what the swap changed is emitted first
//	swapped out 1       1        for ever
type fence struct {
	generation uint32
	silent     bool
}

func (f fence) road() string { return f.kind() + "/" + fmt.Sprint(f.generation) }

func (f fence) resolve() string { return f.kind() + "/resolve/" + fmt.Sprint(f.generation) }

func (f fence) kind() string {
	if f.silent {
		return "fence/silent"
	}
	return "fence/loud"
}

// stands asserts, within a commit, that a fence is open.
func stands(tx engine.Tx, fence string, partition int32) error {
	return tx.Advance(fence, partition, 0, 0)
}

// shut closes a generation's fence for every partition, and open opens it again. Both
// fail with CodeFenced where somebody has done so already.
func (f fence) shut(log engine.Log, tx engine.Tx) error { return f.move(log, tx, 0, 1) }

func (f fence) open(log engine.Log, tx engine.Tx) error { return f.move(log, tx, 1, 0) }

func (f fence) move(log engine.Log, tx engine.Tx, from, to uint64) error {
	for p := range log.Partitions(engine.TopicIngest) {
		if err := tx.Advance(f.road(), p, from, to); err != nil {
			return err
		}
	}
	for p := range log.Partitions(record.TopicResolve) {
		if err := tx.Advance(f.resolve(), p, from, to); err != nil {
			return err
		}
	}
	return nil
}
