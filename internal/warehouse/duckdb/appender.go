package duckdb

import (
	"encoding/binary"
	"runtime"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// duckString is DuckDB's string of 16 bytes (duckdb_string_t): up to 12 bytes lie
// inside; of longer ones the first four do, before a pointer.
type duckString struct {
	length uint32
	rest   [12]byte
}

const inlineBytes = 12

// appender writes rows into one table by filling DuckDB's own column vectors. A
// value costs no call into C: numbers are stored in place, long strings lie in
// pinned Go memory until DuckDB has copied their chunk.
type appender struct {
	handle mapping.Appender
	chunk  mapping.DataChunk
	data   []unsafe.Pointer // by column
	masks  [][]uint64       // by column: one bit a row, 0 is null
	row    int              // of the chunk; the row being written
	size   int              // of a chunk
	arena  []byte           // long strings of this chunk; never grown, only replaced
	pins   runtime.Pinner
}

// The arena's first and greatest usual size.
const minArena, maxArena = 1 << 14, 1 << 20

// openAppender starts writing into a table; catalog is "" for the warehouse and
// "temp" for staging. close must follow.
func (r *raw) openAppender(catalog, table string) (*appender, error) {
	a := &appender{size: int(mapping.VectorSize())}
	if mapping.AppenderCreateExt(r.conn, catalog, "main", table, &a.handle) == mapping.StateError {
		err := a.fault()
		mapping.AppenderDestroy(&a.handle)
		return nil, err
	}
	n := int(mapping.AppenderColumnCount(a.handle))
	types := make([]mapping.LogicalType, n)
	for i := range types {
		types[i] = mapping.AppenderColumnType(a.handle, mapping.IdxT(i))
	}
	a.chunk = mapping.CreateDataChunk(types)
	for i := range types {
		mapping.DestroyLogicalType(&types[i])
	}
	a.data, a.masks = make([]unsafe.Pointer, n), make([][]uint64, n)
	a.fresh()
	return a, nil
}

func (a *appender) fault() error {
	data := mapping.AppenderErrorData(a.handle)
	defer mapping.DestroyErrorData(&data)
	return &engineError{mapping.ErrorDataErrorType(data), mapping.ErrorDataMessage(data)}
}

// fresh makes the chunk empty, with every value null.
func (a *appender) fresh() {
	mapping.DataChunkReset(a.chunk)
	words := (a.size + 63) / 64
	for i := range a.data {
		v := mapping.DataChunkGetVector(a.chunk, mapping.IdxT(i))
		mapping.VectorEnsureValidityWritable(v)
		a.data[i] = mapping.VectorGetData(v)
		a.masks[i] = unsafe.Slice((*uint64)(mapping.VectorGetValidity(v)), words)
		clear(a.masks[i])
	}
	a.row = 0
	a.arena = a.arena[:0]
}

// next ends the row; what was not set in it is null.
func (a *appender) next() error {
	if a.row++; a.row < a.size {
		return nil
	}
	return a.push()
}

// push hands the chunk to DuckDB, which copies it.
func (a *appender) push() error {
	if a.row == 0 {
		return nil
	}
	mapping.DataChunkSetSize(a.chunk, mapping.IdxT(a.row))
	state := mapping.AppendDataChunk(a.handle, a.chunk)
	a.pins.Unpin()
	if state == mapping.StateError {
		return a.fault()
	}
	if cap(a.arena) > 0 {
		a.pins.Pin(unsafe.SliceData(a.arena[:1]))
	}
	a.fresh()
	return nil
}

// close writes what is left, unless err says that the load has failed already, and
// frees the appender. It returns the first fault.
func (a *appender) close(err error) error {
	if err == nil {
		err = a.push()
	}
	if err == nil && mapping.AppenderFlush(a.handle) == mapping.StateError {
		err = a.fault()
	}
	if err != nil {
		mapping.AppenderClear(a.handle)
	}
	mapping.AppenderDestroy(&a.handle)
	mapping.DestroyDataChunk(&a.chunk)
	a.pins.Unpin()
	return err
}

func (a *appender) set(col int) { a.masks[col][a.row>>6] |= 1 << (a.row & 63) }

func (a *appender) int64(col int, v int64) {
	*(*int64)(unsafe.Add(a.data[col], a.row*8)) = v
	a.set(col)
}

func (a *appender) float64(col int, v float64) {
	*(*float64)(unsafe.Add(a.data[col], a.row*8)) = v
	a.set(col)
}

func (a *appender) int32(col int, v int32) {
	*(*int32)(unsafe.Add(a.data[col], a.row*4)) = v
	a.set(col)
}

func (a *appender) bool(col int, v bool) {
	*(*bool)(unsafe.Add(a.data[col], a.row)) = v
	a.set(col)
}

// key writes a UUID: DuckDB keeps it as a 128-bit integer with the top bit turned
// over, so that signed order is byte order.
func (a *appender) key(col int, k [16]byte) {
	p := (*[2]uint64)(unsafe.Add(a.data[col], a.row*16))
	p[0] = binary.BigEndian.Uint64(k[8:])
	p[1] = binary.BigEndian.Uint64(k[:8]) ^ (1 << 63)
	a.set(col)
}

// text writes a VARCHAR; bytes that are no UTF-8 become U+FFFD.
func (a *appender) text(col int, s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	a.blob(col, s)
}

// blob writes bytes as they are.
func (a *appender) blob(col int, s string) {
	p := (*duckString)(unsafe.Add(a.data[col], a.row*16))
	*p = duckString{length: uint32(len(s))}
	if len(s) <= inlineBytes {
		copy(p.rest[:], s)
	} else {
		at := a.keep(s)
		copy(p.rest[:4], s)
		// A number, not a pointer: the memory belongs to C. The arena is pinned and
		// held by a until the chunk has been copied.
		*(*uintptr)(unsafe.Pointer(&p.rest[4])) = uintptr(unsafe.Pointer(at))
	}
	a.set(col)
}

// keep copies s into pinned memory that lives as long as the appender.
func (a *appender) keep(s string) *byte {
	if len(a.arena)+len(s) > cap(a.arena) {
		// The old one stays pinned, for the chunk points into it.
		a.arena = make([]byte, 0, max(min(2*cap(a.arena), maxArena), minArena, len(s)))
		a.pins.Pin(unsafe.SliceData(a.arena[:1]))
	}
	start := len(a.arena)
	a.arena = append(a.arena, s...)
	return &a.arena[start]
}
