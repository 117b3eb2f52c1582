// Package warehouse is the star schema, the port that every warehouse engine
// implements, and the loader that brings the emitted topics into it exactly once.
//
// It imports record and kit, and knows no engine: an engine is a room below this
// one. Nothing here reads the state; what the warehouse holds is a function of the
// emitted topics and the positions stored beside its rows.
package warehouse

import (
	"context"
	"io"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the faults that a warehouse reports.
const (
	CodeSQLBad     errs.Code = "sql_bad"     // the engine does not understand or cannot compute it
	CodeSQLRefused errs.Code = "sql_refused" // not a reading statement, or it reaches outside
	CodeSQLTimeout errs.Code = "sql_timeout" // over its time limit
	CodeSQLMemory  errs.Code = "sql_memory"  // over the engine's memory limit
	CodeMoved      errs.Code = "warehouse_moved"
	CodeFailed     errs.Code = "warehouse_failed"
	CodeOpen       errs.Code = "warehouse_open"
	CodeFormat     errs.Code = "warehouse_format"
	CodeClosed     errs.Code = "warehouse_closed"
)

// Warehouse is what an engine does for Kith. It is safe for concurrent use; Load
// has one caller at a time.
type Warehouse interface {
	// Positions gives what is loaded: for each topic and partition the number after
	// the last record whose rows are visible.
	Positions(ctx context.Context) (Positions, error)

	// Load writes the rows of a step and its positions in one transaction, or
	// nothing (I2). It fails with CodeMoved where the stored positions are not those
	// the step starts at: read them again. After CodeFailed the engine reopens
	// itself at the next call.
	Load(ctx context.Context, step *Step) error

	// Query answers one reading statement from a consistent snapshot.
	Query(ctx context.Context, sql string, limits Limits) (*Result, error)

	// Counts gives the number of rows of every table.
	Counts(ctx context.Context) (map[string]int64, error)

	// Dump writes facts, bridges and current dimension rows as ordered text that
	// leaves out versions, positions and offsets: two loads of the same records
	// give equal bytes (I2).
	Dump(ctx context.Context, w io.Writer) error

	Close() error
}

// Positions holds, by topic and partition, the number of the next record to load.
type Positions map[string][]uint64

// Get gives the next number of a partition, 0 where nothing was loaded.
func (p Positions) Get(topic string, partition int32) uint64 {
	if ns := p[topic]; int(partition) < len(ns) {
		return ns[partition]
	}
	return 0
}

// Set stores the next number of a partition.
func (p Positions) Set(topic string, partition int32, next uint64) {
	for int(partition) >= len(p[topic]) {
		p[topic] = append(p[topic], 0)
	}
	p[topic][partition] = next
}

// Covers reports whether p has reached o in every partition.
func (p Positions) Covers(o Positions) bool {
	for topic, ns := range o {
		for i, n := range ns {
			if p.Get(topic, int32(i)) < n {
				return false
			}
		}
	}
	return true
}

// Clone gives a copy that shares nothing with p.
func (p Positions) Clone() Positions {
	c := make(Positions, len(p))
	for topic, ns := range p {
		c[topic] = append([]uint64(nil), ns...)
	}
	return c
}

// Part is a run of consecutive records of one partition of one topic, decoded.
// Exactly one of its slices is used, by topic.
type Part struct {
	Topic        string
	Partition    int32
	From, To     uint64 // numbers [From, To)
	Profiles     []record.Profile
	Moves        []record.Move
	Facts        []record.Fact
	Dispositions []record.Disposition
}

// Rows is the number of records of the part.
func (p *Part) Rows() int {
	return len(p.Profiles) + len(p.Moves) + len(p.Facts) + len(p.Dispositions)
}

// Step is what one transaction loads. Parts of one partition follow each other
// without a gap.
type Step struct{ Parts []Part }

// Rows is the number of records of the step.
func (s *Step) Rows() int {
	n := 0
	for i := range s.Parts {
		n += s.Parts[i].Rows()
	}
	return n
}

// Bounds gives where the step starts and ends.
func (s *Step) Bounds() (from, to Positions) {
	from, to = Positions{}, Positions{}
	seen := map[string]map[int32]bool{}
	for i := range s.Parts {
		p := &s.Parts[i]
		if seen[p.Topic] == nil {
			seen[p.Topic] = map[int32]bool{}
		}
		if !seen[p.Topic][p.Partition] {
			seen[p.Topic][p.Partition] = true
			from.Set(p.Topic, p.Partition, p.From)
		}
		to.Set(p.Topic, p.Partition, p.To)
	}
	return from, to
}

// Limits bound one query; zero fields mean the Config's.
type Limits struct {
	Time time.Duration
	Rows int
}

// Progress is how far the loader has come.
type Progress struct {
	Positions Positions
	Rows      uint64 // records loaded since the start
	Steps     uint64
	Failures  uint64        // failed tries
	Behind    error         // of the last try; nil once a step was loaded
	LastStep  time.Duration // how long the last transaction took
	LastRows  int
	LastAt    time.Time
}
