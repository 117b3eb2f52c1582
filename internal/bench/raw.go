package bench

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/duckdb/duckdb-go/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// bodyReader is the least that an HTTP server can do with a request.
func bodyReader(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a client that left has no answer to wait for
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"success":true}`)
}

// quiet is a Pebble logger that says nothing.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(f string, _ ...any) {
	panic("pebble: " + f)
}

// bare opens a Pebble database with nothing around it.
func (b *bench) bare(cache int64) (*pebble.DB, error) {
	dir, err := b.folder("pebble")
	if err != nil {
		return nil, err
	}
	return openBare(dir, cache)
}

func openBare(dir string, cache int64) (*pebble.DB, error) {
	c := pebble.NewCache(cache)
	defer c.Unref()
	return pebble.Open(dir, &pebble.Options{Cache: c, Logger: quiet{}, MemTableSize: 16 << 20, MemTableStopWritesThreshold: 3})
}

// committers are workers that each commit records of so many bytes to all of dbs, one
// after the other, synced.
func committers(records, bytesEach int, serial *atomic.Uint64, dbs ...*pebble.DB) workers {
	return func(int) (worker, func(), error) {
		value := noise(bytesEach)
		key := make([]byte, 8)
		return func() error {
			for _, db := range dbs {
				batch := db.NewBatch()
				for range records {
					binary.BigEndian.PutUint64(key, serial.Add(1))
					if err := batch.Set(key, value, nil); err != nil {
						return err
					}
				}
				if err := errors.Join(batch.Commit(pebble.Sync), batch.Close()); err != nil {
					return err
				}
			}
			return nil
		}, func() {}, nil
	}
}

// noise is bytes that compress about as well as records do.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return b
}

// parse reads files of CSV and NDJSON, and bodies of JSON, to their last token with
// the standard parsers, and keeps nothing. It gives the number of rows.
func parse(files []string, bodies [][]byte) (rows int, err error) {
	for _, path := range files {
		n, err := parseFile(path)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	for _, body := range bodies {
		n, err := tokens(bytes.NewReader(body), 3)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

func parseFile(path string) (rows int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // only read from
	if !strings.HasSuffix(path, ".csv") {
		return tokens(f, 1)
	}
	r := csv.NewReader(f)
	r.ReuseRecord, r.FieldsPerRecord, r.LazyQuotes = true, -1, true
	for {
		_, err := r.Read()
		switch {
		case err == io.EOF: //nolint:errorlint // encoding/csv gives it bare
			return rows, nil
		case err == nil || errors.Is(err, csv.ErrFieldCount) || errors.Is(err, csv.ErrQuote):
			rows++
		default:
			return rows, err
		}
	}
}

// tokens reads JSON to its end and counts the objects that open at a depth. A line
// cut off, as the mix has some, ends a run of tokens; reading goes on after it.
func tokens(r io.Reader, depth int) (objects int, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	for len(text) > 0 {
		d := jsontext.NewDecoder(bytes.NewReader(text))
		for {
			t, err := d.ReadToken()
			if err == io.EOF { //nolint:errorlint // jsontext gives it bare
				return objects, nil
			}
			if err != nil {
				break
			}
			if t.Kind() == '{' && d.StackDepth() == depth {
				objects++
			}
		}
		rest := text[d.InputOffset():]
		cut := bytes.IndexByte(rest, '\n')
		if cut < 0 {
			return objects, nil
		}
		text = rest[cut+1:]
	}
	return objects, nil
}

// appendRows puts so many rows of eight columns into a new DuckDB file with its
// appender, and gives how long that took with the file closed.
func (b *bench) appendRows(ctx context.Context, rows int) (took time.Duration, err error) {
	dir, err := b.folder("duckdb")
	if err != nil {
		return 0, err
	}
	began := time.Now()
	connector, err := duckdb.NewConnector(filepath.Join(dir, "bare.duckdb"), nil)
	if err != nil {
		return 0, err
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close(), os.RemoveAll(dir)) }()
	if _, err := db.ExecContext(ctx, `create table f (a varchar, b varchar, c varchar, d varchar, e varchar, t timestamp, n bigint, x double)`); err != nil {
		return 0, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	a, err := duckdb.NewAppenderFromConn(conn, "", "f")
	if err != nil {
		return 0, err
	}
	at := time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)
	row := []driver.Value{"shop.orders", "O0000001", "paid", "GBP", "p00000001@example.com", at, int64(0), 0.0}
	for i := range rows {
		row[6], row[7] = int64(i), float64(i)/100
		if err := a.AppendRow(row...); err != nil {
			return 0, errors.Join(err, a.Close())
		}
	}
	err = a.Close()
	return time.Since(began), err
}
