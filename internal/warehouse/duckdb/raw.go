package duckdb

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// raw is the loader's own connection, on DuckDB's C interface: its appender takes
// whole columns, which the database/sql driver's does not.
type raw struct {
	db   mapping.Database
	conn mapping.Connection
}

// setting is one option given when the database is opened.
type setting struct{ name, value string }

func openRaw(path string, settings []setting) (*raw, error) {
	var cfg mapping.Config
	if mapping.CreateConfig(&cfg) == mapping.StateError {
		return nil, errs.New(warehouse.CodeOpen, "DuckDB gave no configuration")
	}
	defer mapping.DestroyConfig(&cfg)
	for _, s := range settings {
		if mapping.SetConfig(cfg, s.name, s.value) == mapping.StateError {
			return nil, errs.New(warehouse.CodeOpen, "DuckDB refuses the setting").At("warehouse." + s.name)
		}
	}
	r := &raw{}
	var message string
	if mapping.GetOrCreateFromCache(duckdb.GetInstanceCache(), path, &r.db, cfg, &message) == mapping.StateError {
		mapping.Close(&r.db)
		return nil, errs.Wrap(warehouse.CodeOpen, "opening the warehouse", fmt.Errorf("%s", firstLine(message))).
			At(path).Fix("see that no other process has the file open and that the folder can be written")
	}
	if mapping.Connect(r.db, &r.conn) == mapping.StateError {
		mapping.Close(&r.db)
		return nil, errs.New(warehouse.CodeOpen, "DuckDB gave no connection").At(path)
	}
	return r, nil
}

func (r *raw) close() {
	mapping.Disconnect(&r.conn)
	mapping.Close(&r.db)
}

// engineError is a fault that DuckDB reports. Its text stays inside: only a masked
// first line leaves the room (I6).
type engineError struct {
	kind    mapping.ErrorType
	message string
}

func (e *engineError) Error() string { return mask(e.message) }

// broken reports whether the database must be reopened.
func (e *engineError) broken() bool {
	return e.kind == mapping.ErrorTypeFatal || e.kind == mapping.ErrorTypeInternal || e.kind == mapping.ErrorTypeErrorIO
}

func (r *raw) exec(sql string) error {
	var res mapping.Result
	defer mapping.DestroyResult(&res)
	if mapping.Query(r.conn, sql, &res) == mapping.StateError {
		return &engineError{mapping.ResultErrorType(&res), mapping.ResultError(&res)}
	}
	return nil
}

// column reads one column of a result's chunk; the column holds no NULL.
type column struct {
	data unsafe.Pointer
}

func (c column) int64(row int) int64 { return unsafe.Slice((*int64)(c.data), row+1)[row] }
func (c column) bool(row int) bool   { return unsafe.Slice((*bool)(c.data), row+1)[row] }

// key reads a UUID; see appendKey for its form.
func (c column) key(row int) (k [16]byte) {
	w := unsafe.Slice((*[2]uint64)(c.data), row+1)[row]
	binary.BigEndian.PutUint64(k[:8], w[1]^(1<<63))
	binary.BigEndian.PutUint64(k[8:], w[0])
	return k
}

// bytes reads a VARCHAR or BLOB; it is a copy.
func (c column) bytes(row int) []byte {
	s := unsafe.Slice((*duckString)(c.data), row+1)
	p := &s[row]
	if p.length <= inlineBytes {
		return append([]byte(nil), p.rest[:p.length]...)
	}
	at := *(*unsafe.Pointer)(unsafe.Pointer(&p.rest[4]))
	return append([]byte(nil), unsafe.Slice((*byte)(at), p.length)...)
}

func (c column) string(row int) string { return string(c.bytes(row)) }

// each runs sql and calls fn for every chunk of its result.
func (r *raw) each(sql string, fn func(rows int, cols []column)) error {
	var res mapping.Result
	defer mapping.DestroyResult(&res)
	if mapping.Query(r.conn, sql, &res) == mapping.StateError {
		return &engineError{mapping.ResultErrorType(&res), mapping.ResultError(&res)}
	}
	for {
		chunk := mapping.FetchChunk(res)
		if chunk.Ptr == nil {
			return nil
		}
		n := int(mapping.DataChunkGetSize(chunk))
		cols := make([]column, int(mapping.DataChunkGetColumnCount(chunk)))
		for i := range cols {
			cols[i] = column{mapping.VectorGetData(mapping.DataChunkGetVector(chunk, mapping.IdxT(i)))}
		}
		if n > 0 {
			fn(n, cols)
		}
		mapping.DestroyDataChunk(&chunk)
		if n == 0 {
			return nil
		}
	}
}
