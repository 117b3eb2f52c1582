// Package pipeline runs the road: it takes records in at the door, reads them back
// from the log in batches, has the stages work on each batch, and commits all of a
// batch's effects in one transaction with its positions and its ledger (I2, I4).
//
// It knows the stages only by the small interfaces below, and durable things only
// by the engine's ports.
package pipeline

import (
	"context"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// Refiner changes the records of a batch and gives verdicts, before the state
// transaction. An error means: try the batch again.
type Refiner interface {
	Refine(ctx context.Context, b *record.Batch) error
}

// Applier acts on state inside the transaction. What it does to the batch is
// reset at each try.
type Applier interface {
	Apply(ctx context.Context, tx engine.Tx, b *record.Batch) error
}

// Resolver does the deferred work that an Applier queued on topic resolve.
type Resolver interface {
	Resolve(ctx context.Context, tx engine.Tx, b *record.Batch, items [][]byte) error
}

// Chain is the stages of one generation, in order.
type Chain struct {
	Refine  []Refiner
	Apply   []Applier // the last ones may read what earlier ones put in Batch.Effects
	Resolve Resolver  // nil: nothing is ever deferred
	// Resolved are the appliers that run after Resolve, on its effects.
	Resolved []Applier
}

// Reader is the name under which a generation's road keeps its offsets.
func Reader(generation uint32) string { return fmt.Sprintf("road/%d", generation) }

// ResolveReader is the name under which a generation's deferred work keeps its offsets.
func ResolveReader(generation uint32) string { return fmt.Sprintf("resolve/%d", generation) }
