package resolve

import (
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	pq "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

const (
	groupRows  = 1 << 16
	groupBytes = 32 << 20 // of text: what is held until a row group is written
)

// parquetSheet writes a Parquet file, a row group at a time.
type parquetSheet struct {
	columns []column
	to      *pq.Writer
	held    []held
	rows    int
	bytes   int
}

// held is what a column has of the row group that is gathered.
type held struct {
	texts   []parquet.ByteArray
	numbers []float64
	levels  []int16 // by row: 0 where nothing is given
}

func newParquet(w io.Writer, columns []column) (sheet, error) {
	var fields schema.FieldList
	for _, c := range columns {
		var logical schema.LogicalType = schema.NoLogicalType{}
		physical := parquet.Types.Double
		switch c.kind {
		case text:
			logical, physical = schema.StringLogicalType{}, parquet.Types.ByteArray
		case count:
			physical = parquet.Types.Int64
		case truth:
			physical = parquet.Types.Boolean
		}
		node, err := schema.NewPrimitiveNodeLogical(c.name, parquet.Repetitions.Optional, logical, physical, -1, -1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, node)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithCreatedBy("kith"))
	to, err := pq.NewParquetWriterWithError(w, root, pq.WithWriterProps(props))
	return &parquetSheet{columns: columns, held: make([]held, len(columns)), to: to}, err
}

func (s *parquetSheet) write(row []value) error {
	for i, v := range row {
		h := &s.held[i]
		if !v.given {
			h.levels = append(h.levels, 0)
			continue
		}
		h.levels = append(h.levels, 1)
		if s.columns[i].kind == text {
			h.texts = append(h.texts, parquet.ByteArray(v.text))
			s.bytes += len(v.text)
		} else {
			h.numbers = append(h.numbers, v.number)
		}
	}
	if s.rows++; s.rows == groupRows || s.bytes > groupBytes {
		return s.group()
	}
	return nil
}

// group writes what is held as a row group.
func (s *parquetSheet) group() error {
	g, err := s.to.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i := range s.columns {
		c, err := g.NextColumn()
		if err != nil {
			return err
		}
		h := &s.held[i]
		switch c := c.(type) {
		case *pq.ByteArrayColumnChunkWriter:
			_, err = c.WriteBatch(h.texts, h.levels, nil)
		case *pq.Float64ColumnChunkWriter:
			_, err = c.WriteBatch(h.numbers, h.levels, nil)
		case *pq.Int64ColumnChunkWriter:
			whole := make([]int64, len(h.numbers))
			for i, n := range h.numbers {
				whole[i] = int64(n)
			}
			_, err = c.WriteBatch(whole, h.levels, nil)
		case *pq.BooleanColumnChunkWriter:
			yes := make([]bool, len(h.numbers))
			for i, n := range h.numbers {
				yes[i] = n != 0
			}
			_, err = c.WriteBatch(yes, h.levels, nil)
		}
		if err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
		h.texts, h.numbers, h.levels = h.texts[:0], h.numbers[:0], h.levels[:0]
	}
	s.rows, s.bytes = 0, 0
	return g.Close()
}

// close writes the rest and the footer; what is written to stays open.
func (s *parquetSheet) close() error {
	if s.rows > 0 {
		if err := s.group(); err != nil {
			return err
		}
	}
	return s.to.Close()
}
