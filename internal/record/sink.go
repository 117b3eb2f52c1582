package record

import "context"

// Sink is where sources put what they read. It stamps the received time, maps key
// and seq, pins the rules in force, appends to the log and returns once the batch
// is durable (I1). It may change the records that it is given.
//
// It fails with code overloaded (retry later), disk_full (retry when there is
// room) or with the log's own error; nothing of a failed batch is acknowledged.
type Sink interface {
	Put(ctx context.Context, records []Record) (Position, error)
}

// Cursor reads one partition of an emitted topic in order.
type Cursor interface {
	// Next gives at most limit records from number from on, and waits until there
	// is one. The values live until the next call.
	Next(ctx context.Context, from uint64, limit int) ([]Emitted, error)
}

// Store keeps the small documents of one source or destination: file positions,
// delivery positions, dead letters. Names are private to it. Each call is durable
// when it returns and atomic by itself.
type Store interface {
	Load(ctx context.Context, name string) ([]byte, error) // nil when absent
	// Save writes every document of docs, a nil value deleting it, at once.
	Save(ctx context.Context, docs map[string][]byte) error
	// List gives the documents whose name starts with prefix, in order of name.
	List(ctx context.Context, prefix string, limit int) ([]Document, error)
}

// Document is one entry of a Store.
type Document struct {
	Name  string
	Value []byte
}
