// Package engine holds the two ports that everything durable lies behind: Log, the
// replayable road, and State, the transactional store. Each backend (embedded on
// Pebble; a cluster on Kafka with PostgreSQL) implements both; no other pairing is
// valid. Every backend passes engine/enginetest. Engines never stamp times and
// never look inside what they carry.
package engine

import (
	"context"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the faults that every backend reports alike.
const (
	CodeFenced   errs.Code = "fenced"    // Advance: the stored offset is not from; another owner moved it
	CodeTrimmed  errs.Code = "trimmed"   // Read: the offset was trimmed away
	CodeDiskFull errs.Code = "disk_full" // below the free-space reserve: nothing was written
	CodeClosed   errs.Code = "engine_closed"
	CodeFailed   errs.Code = "engine_failed" // a sync failed: reopen the engine
	// CodeUnavailable: a server of the backend cannot be reached for now. What was
	// asked took effect as a whole or not at all; asking again is safe, as positions
	// and leases fence what took effect already.
	CodeUnavailable errs.Code = "engine_unavailable"
	CodeNotOwner    errs.Code = "range_unlocked"   // Range without its owner's lock: a defect in the caller
	CodeTooLarge    errs.Code = "record_too_large" // beyond MaxEntry or MaxEmit
)

// What every backend carries, and none more than that, so that the same records act
// behind each of them. Kafka as a service takes messages of 8 MiB at most.
const (
	MaxEntry = 7 << 20        // bytes of an Entry's value: a line of 1 MiB of which each byte is escaped fits
	MaxEmit  = 8<<20 - 64<<10 // bytes of an emitted value: a fact of the largest record fits
)

// TopicIngest is the ingest log. Its partition 0 carries control records alone.
const TopicIngest = "ingest"

// ControlPartition is the partition of the ingest log that carries control records.
const ControlPartition = int32(0)

// Entry is one record on its way into the ingest log.
type Entry struct {
	Partition int32
	Value     []byte
}

// Log is the durable, replayable, partitioned log of what was accepted, and the way
// to read it and the emitted topics.
type Log interface {
	// ID names this log; a position of another log is void.
	ID() string

	// Partitions is the number of partitions of a topic. The ingest log has one for
	// control and at least one for data.
	Partitions(topic string) int32

	// Append adds entries in order, each to its partition of the ingest log, and
	// returns when all are durable (I1): for each partition touched, the offset
	// after its last entry. On an error none, some or all may have been written,
	// but none was acknowledged. Entry values may be reused once it returns. It fails
	// with CodeTooLarge for a value beyond MaxEntry.
	Append(ctx context.Context, entries []Entry) (record.Position, error)

	// Read gives at most limit values of one partition from offset from on, and
	// waits until there is at least one or ctx is done. The values never change and
	// may be kept. It fails with CodeTrimmed where from lies before what is kept.
	// Emitted values are given only once their commit is durable.
	Read(ctx context.Context, topic string, partition int32, from uint64, limit int) ([][]byte, error)

	// Bounds gives the first offset kept and the offset after the last durable one.
	Bounds(ctx context.Context, topic string, partition int32) (first, end uint64, err error)

	// Ends gives, by partition of topic, the offset after the last durable value, in
	// one round trip.
	Ends(ctx context.Context, topic string) ([]uint64, error)

	// Own calls run, in a goroutine of its own, for every partition of topic that
	// this process comes to own within the named group, with a context that ends
	// when it ceases to, and returns once ctx is done and all runs have returned.
	// A run that fails with CodeFenced is begun again, after a pause, for as long as
	// this process owns the partition: it reads its stored offset anew. Any other
	// error from run ends Own.
	Own(ctx context.Context, group, topic string, run func(ctx context.Context, partition int32) error) error

	// Trim drops everything of one partition before an offset.
	Trim(ctx context.Context, topic string, partition int32, before uint64) error
}

// Reader reads a consistent snapshot of the state.
type Reader interface {
	// Get reads many keys in one round trip; a nil value means absent. The values
	// never change and may be kept.
	Get(keys ...[]byte) ([][]byte, error)
	// Scan calls fn with the entries of [lo, hi) in order until fn gives false. Key
	// and value live only during the call.
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

// Tx is one serializable transaction. Its effects are all visible and durable when
// Update returns nil, or none is.
type Tx interface {
	// Lock reads many keys for update in one round trip, whether or not they exist
	// yet; a nil value means absent. It sees what this transaction wrote. The values
	// never change and may be kept.
	Lock(keys ...[]byte) ([][]byte, error)
	// Range is Scan for update over entries that owner, a key locked earlier in this
	// transaction, stands for. Whoever adds to or removes from the range must lock
	// owner first: so no phantom appears. It sees what this transaction wrote. It
	// fails with CodeNotOwner where owner was not locked.
	Range(owner, lo, hi []byte, fn func(key, value []byte) bool) error
	// Put and Delete write a key that this transaction has locked. The slices belong
	// to the engine afterwards.
	Put(key, value []byte)
	Delete(key []byte)
	// PutUnder and DeleteUnder write a key, which need not be locked or read, that
	// owner, a key locked earlier in this transaction, stands for: whoever else writes
	// or ranges over it locks owner first.
	PutUnder(owner, key, value []byte)
	DeleteUnder(owner, key []byte)
	// Emit appends value to the partition of topic that key hashes to. Numbers are
	// given at commit, without gaps, in commit order.
	Emit(topic string, key, value []byte)
	// Advance moves the reader's stored offset of partition from from to to. The
	// commit fails with CodeFenced, and nothing is written, when it is not from.
	Advance(reader string, partition int32, from, to uint64) error
}

// State is the transactional, ordered key-value store.
type State interface {
	// Update runs fn in a transaction and commits it durably. fn is run again on a
	// conflict, so it must leave nothing behind but through tx. ctx ends waiting for
	// locks, not a commit under way.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// View runs fn over a snapshot that is at least as new as every Update that had
	// returned when View was called.
	View(ctx context.Context, fn func(r Reader) error) error
	// Offset is the stored offset of a reader's partition, 0 at first.
	Offset(ctx context.Context, reader string, partition int32) (uint64, error)
	// Offsets gives a reader's stored offsets of partitions 0 to partitions-1, in one
	// round trip.
	Offsets(ctx context.Context, reader string, partitions int32) ([]uint64, error)
	// WaitOffset waits until the reader's stored offset of partition is at least want.
	WaitOffset(ctx context.Context, reader string, partition int32, want uint64) error
	// Lease waits for the named lease, which one process at a time holds among all
	// that share the state, and calls run with a context that ends when the lease is
	// lost. Updates under that context fail with CodeFenced once another has taken
	// the lease. about is what Holder tells of this process. Where the lease is lost,
	// or run fails with CodeFenced, Lease waits for it again; it returns nil when ctx is
	// done or run returned nil, and any other error of run.
	Lease(ctx context.Context, name, about string, run func(ctx context.Context) error) error
	// Holder is what the holder of a lease told about itself; "" when nobody holds it.
	Holder(ctx context.Context, name string) (about string, err error)
}

// Engine is a backend that has been opened.
type Engine struct {
	Log   Log
	State State
	Close func() error
	// Failed is closed when the backend can go on no longer and must be reopened.
	Failed <-chan struct{}
	// Ready gives nil when this process has its share of the work, and what it waits
	// for otherwise, such as a rebalance under way. It does not block.
	Ready func() error
	// Carrier gives and takes what a migration moves beside Log and State.
	Carrier Carrier
	// Traffic is what went over the network since it was opened; zero where nothing does.
	Traffic func() Traffic
}

// Traffic counts what a backend exchanged with its servers.
type Traffic struct {
	Transactions uint64 // of the state, committed
	Retries      uint64 // runs of a transaction thrown away for a conflict
	RoundTrips   uint64 // to the state's server
	StateBytes   uint64 // to and from the state's server
	LogBytes     uint64 // to and from the log's
}

// Carrier is what a migration from one backend to another needs beside the ports.
type Carrier interface {
	// Readers gives every stored offset that is not 0, by name and partition.
	Readers(ctx context.Context) ([]ReaderOffset, error)
	// Topics gives the names of all emitted topics that hold something, sorted.
	Topics(ctx context.Context) ([]string, error)
	// Publish emits values to a partition as it is, not by key.
	Publish(ctx context.Context, topic string, partition int32, values [][]byte) error
}

// ReaderOffset is one reader's stored offset in one partition.
type ReaderOffset struct {
	Reader    string
	Partition int32
	Offset    uint64
}
