package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// What one query, and all of them together, may take besides DuckDB's memory_limit.
const (
	querySlots    = 4                // queries at once; more wait, as long as a query may take
	maxRowBytes   = 16 << 20         // of one row of an answer
	maxResultSize = 64 << 20         // of a whole answer in memory; what is over is cut off and told
	interruptWait = 2 * time.Second  // how long an interrupted query may take to answer
	closeWait     = 10 * time.Second // how long closing waits for queries
)

// bigRow is the text of the fault that bounded raises.
const bigRow = "kith: a row is too large"

func errBig() *errs.Error {
	return errs.New(warehouse.CodeSQLMemory, "a row of the answer is larger than 16 MiB").Fix("ask for fewer or shorter values")
}

func errSlow() *errs.Error {
	return errs.New(warehouse.CodeSQLTimeout, "the query took longer than it may").Fix("narrow it, or raise warehouse.query_time")
}

// guarded runs fn in one of the slots. A function of DuckDB that is busy with one
// value heeds no interrupt: the caller gets the answer in time all the same, and the
// slot stays taken until DuckDB is done, so that such queries cannot pile up.
func (d *DB) guarded(ctx context.Context, fn func() (*warehouse.Result, error)) (*warehouse.Result, error) {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, errs.New(warehouse.CodeSQLTimeout, "other queries took all the time that this one had").Fix("try again; at most 4 run at once")
	}
	type outcome struct {
		result *warehouse.Result
		err    error
	}
	done := make(chan outcome, 1) // one send, whether or not anybody waits
	go func() {                   // Close waits for it: it takes all the slots
		defer func() { <-d.slots }()
		r, err := fn()
		done <- outcome{r, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
	}
	late := time.NewTimer(interruptWait)
	defer late.Stop()
	select {
	case o := <-done:
		return o.result, o.err
	case <-late.C:
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, errSlow()
	}
}

// settle takes all the slots, so that no query runs, and gives a func that frees them
// again; false where queries do not end within closeWait.
func (d *DB) settle() (free func(), ok bool) {
	limit := time.NewTimer(closeWait)
	defer limit.Stop()
	taken := 0
	free = func() {
		for range taken {
			<-d.slots
		}
	}
	for taken < cap(d.slots) {
		select {
		case d.slots <- struct{}{}:
			taken++
		case <-limit.C:
			free()
			return nil, false
		}
	}
	return free, true
}

// bounded is statement with its limits: DuckDB gathers a whole answer before its
// first row is read, and the driver makes a Go value of every element of a list.
func bounded(statement string, columns []queryColumn, limit int) string {
	names, sizes := make([]string, len(columns)), []string{"0"}
	for i, c := range columns {
		names[i] = "c" + strconv.Itoa(i)
		switch c.kind {
		case duckdb.TYPE_VARCHAR:
			sizes = append(sizes, "coalesce(strlen("+names[i]+"),0)")
		case duckdb.TYPE_BLOB:
			sizes = append(sizes, "coalesce(octet_length("+names[i]+"),0)")
		case duckdb.TYPE_LIST, duckdb.TYPE_ARRAY, duckdb.TYPE_STRUCT, duckdb.TYPE_MAP, duckdb.TYPE_UNION, duckdb.TYPE_BIT:
			sizes = append(sizes, "coalesce(strlen("+names[i]+"::VARCHAR),0)")
		}
	}
	check := ""
	if len(sizes) > 1 {
		check = fmt.Sprintf(" WHERE CASE WHEN %s > %d THEN error('%s') ELSE true END", strings.Join(sizes, "+"), maxRowBytes, bigRow)
	}
	return fmt.Sprintf("SELECT * FROM (%s\n) AS answer(%s)%s LIMIT %d", statement, strings.Join(names, ","), check, limit+1)
}

// sizeOf is about what a value takes in memory.
func sizeOf(v any) int {
	const word = 16
	switch v := v.(type) {
	case string:
		return word + len(v)
	case []byte:
		return word + len(v)
	case []any:
		n := word
		for _, e := range v {
			n += word + sizeOf(e)
		}
		return n
	case map[string]any:
		n := word
		for k, e := range v {
			n += 2*word + len(k) + sizeOf(e)
		}
		return n
	}
	return word
}

// readSize reads a size as DuckDB writes it, such as 488.2 MiB, in bytes.
func readSize(text string) int64 {
	number, unit, _ := strings.Cut(strings.TrimSpace(text), " ")
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0
	}
	for i, u := range []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"} {
		if strings.EqualFold(unit, u) {
			return int64(f * float64(uint64(1)<<(10*i)))
		}
	}
	return 0
}
