package file

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/parquet"
	pq "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// leaf is a column of values, of which a batch is decoded.
type leaf struct {
	column         *schema.Column
	maxDef, maxRep int16
	reader         pq.ColumnChunkReader // of the open row group
	read           func(def, rep []int16) (int64, int, error)
	write          func(b []byte, value int) []byte
	defs, reps     []int16
	at, n          int   // of the levels: the next one, and how many there are
	value, values  int   // and of the values
	left           int64 // levels of the row group that are not yet decoded: the library reads on behind the last
	err            error
}

func newLeaf(c *schema.Column) *leaf {
	return &leaf{column: c, maxDef: c.MaxDefinitionLevel(), maxRep: c.MaxRepetitionLevel(),
		defs: make([]int16, parquetBatch), reps: make([]int16, parquetBatch)}
}

// close gives back what the reader holds. Where the reader has panicked before it may do
// so again: what it held is then left to the garbage collector.
func (l *leaf) close() {
	if l.reader == nil {
		return
	}
	defer func() { _ = recover() }()
	r := l.reader
	l.reader = nil
	_ = r.Close() // it was only read
}

// more reports whether the row group has more of the column, and decodes it.
func (l *leaf) more() bool {
	if l.at < l.n {
		return true
	}
	l.at, l.n, l.value, l.values = 0, 0, 0, 0
	if l.err != nil || l.left == 0 || !l.reader.HasNext() {
		if l.err == nil {
			l.err = l.reader.Err()
		}
		return false
	}
	n, values, err := l.read(l.defs, l.reps)
	if l.err = err; err != nil || n <= 0 {
		return false
	}
	if n > l.left {
		l.err = errPage
		return false
	}
	l.n, l.values = int(n), values
	l.left -= n
	return true
}

// def is how much of what comes next is there.
func (l *leaf) def() int16 {
	if l.maxDef == 0 {
		return 0
	}
	return l.defs[l.at]
}

// rep is which list goes on with what comes next; 0: none, it is another row.
func (l *leaf) rep() int16 {
	if l.maxRep == 0 || !l.more() {
		return 0
	}
	return l.reps[l.at]
}

// bind has the leaf read from its reader, which has so many levels.
func (l *leaf) bind(levels int64) error {
	l.left = levels
	l.at, l.n, l.value, l.values, l.err = 0, 0, 0, 0, nil
	logical := l.column.LogicalType()
	switch r := l.reader.(type) {
	case *pq.BooleanColumnChunkReader:
		bind(l, r, strconv.AppendBool)
	case *pq.Int32ColumnChunkReader:
		w := integers(logical, 32)
		bind(l, r, func(b []byte, v int32) []byte { return w(b, int64(v)) })
	case *pq.Int64ColumnChunkReader:
		bind(l, r, integers(logical, 64))
	case *pq.Int96ColumnChunkReader:
		bind(l, r, func(b []byte, v parquet.Int96) []byte { return appendTime(b, v.ToTime().UTC(), true) })
	case *pq.Float32ColumnChunkReader:
		bind(l, r, func(b []byte, v float32) []byte { return appendFloat(b, float64(v), 32) })
	case *pq.Float64ColumnChunkReader:
		bind(l, r, func(b []byte, v float64) []byte { return appendFloat(b, v, 64) })
	case *pq.ByteArrayColumnChunkReader:
		w := texts(logical)
		bind(l, r, func(b []byte, v parquet.ByteArray) []byte { return w(b, v) })
	case *pq.FixedLenByteArrayColumnChunkReader:
		w := texts(logical)
		bind(l, r, func(b []byte, v parquet.FixedLenByteArray) []byte { return w(b, v) })
	default:
		return errors.New("a column has a type that is not known")
	}
	return nil
}

func bind[T any](l *leaf, r interface {
	ReadBatchInPage(int64, []T, []int16, []int16) (int64, int, error)
}, write func([]byte, T) []byte) {
	// One page at a time: texts lie within it, and its place is used again.
	values := make([]T, parquetBatch)
	l.read = func(def, rep []int16) (int64, int, error) { return r.ReadBatchInPage(parquetBatch, values, def, rep) }
	l.write = func(b []byte, i int) []byte { return write(b, values[i]) }
}

// integers gives how the whole numbers of a column are written.
func integers(logical schema.LogicalType, bits int) func([]byte, int64) []byte {
	switch t := logical.(type) {
	case schema.DateLogicalType:
		return func(b []byte, v int64) []byte { return appendDate(b, v) }
	case schema.TimeLogicalType:
		unit := unitOf(t.TimeUnit())
		return func(b []byte, v int64) []byte {
			at := time.Unix(0, 0).UTC().Add(time.Duration(v) * unit)
			return append(at.AppendFormat(append(b, '"'), "15:04:05.999999999"), '"')
		}
	case schema.TimestampLogicalType:
		unit, utc := int64(unitOf(t.TimeUnit())), t.IsAdjustedToUTC()
		per := int64(time.Second) / unit
		return func(b []byte, v int64) []byte {
			return appendTime(b, time.Unix(floorDiv(v, per), (v-floorDiv(v, per)*per)*unit).UTC(), utc)
		}
	case schema.DecimalLogicalType:
		scale := int(t.Scale())
		exact := t.Precision() <= 15
		return func(b []byte, v int64) []byte { return appendDecimal(b, strconv.FormatInt(v, 10), scale, exact) }
	case schema.IntLogicalType:
		if !t.IsSigned() {
			return func(b []byte, v int64) []byte {
				if bits == 32 {
					v = int64(uint32(v))
				}
				return strconv.AppendUint(b, uint64(v), 10)
			}
		}
	}
	return func(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func unitOf(u schema.TimeUnitType) time.Duration {
	switch u {
	case schema.TimeUnitMillis:
		return time.Millisecond
	case schema.TimeUnitMicros:
		return time.Microsecond
	}
	return time.Nanosecond
}

// texts gives how the texts and bytes of a column are written.
func texts(logical schema.LogicalType) func(b, v []byte) []byte {
	switch t := logical.(type) {
	case schema.StringLogicalType, schema.EnumLogicalType, schema.JSONLogicalType:
		return appendText
	case schema.DecimalLogicalType:
		scale, exact := int(t.Scale()), t.Precision() <= 15
		return func(b, v []byte) []byte { return appendDecimal(b, twosComplement(v), scale, exact) }
	case schema.UUIDLogicalType:
		return func(b, v []byte) []byte {
			if len(v) != 16 {
				return appendBytes(b, v)
			}
			h := hex.EncodeToString(v)
			return appendText(b, []byte(h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:]))
		}
	case schema.Float16LogicalType:
		return func(b, v []byte) []byte {
			if len(v) != 2 {
				return appendBytes(b, v)
			}
			return appendFloat(b, float64(float16.FromBits(binary.LittleEndian.Uint16(v)).Float32()), 32)
		}
	}
	return appendBytes
}

// appendBytes appends what is not said to be text: as that where it is, else in base64.
func appendBytes(b, v []byte) []byte {
	if utf8.Valid(v) {
		return appendText(b, v)
	}
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), v), '"')
}

// twosComplement reads the whole number that big-endian bytes are.
func twosComplement(v []byte) string {
	n := new(big.Int).SetBytes(v)
	if len(v) > 0 && v[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v))))
	}
	return n.String()
}

// appendDecimal appends a decimal with all its digits: as a number where every reader
// of JSON keeps them, else as text.
func appendDecimal(b []byte, unscaled string, scale int, number bool) []byte {
	if !number {
		b = append(b, '"')
	}
	if unscaled[0] == '-' {
		b, unscaled = append(b, '-'), unscaled[1:]
	}
	for len(unscaled) <= scale {
		unscaled = "0" + unscaled
	}
	b = append(b, unscaled[:len(unscaled)-scale]...)
	if scale > 0 {
		b = append(append(b, '.'), unscaled[len(unscaled)-scale:]...)
	}
	if !number {
		b = append(b, '"')
	}
	return b
}

// appendFloat appends a number; JSON has none that is not one, or endless.
func appendFloat(b []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, bits)
	}
	return strconv.AppendFloat(b, v, 'f', -1, bits)
}

func appendDate(b []byte, days int64) []byte {
	return append(time.Unix(days*24*60*60, 0).UTC().AppendFormat(append(b, '"'), time.DateOnly), '"')
}

// appendTime appends a time in ISO 8601, with Z where it is one of UTC.
func appendTime(b []byte, at time.Time, utc bool) []byte {
	b = at.AppendFormat(append(b, '"'), "2006-01-02T15:04:05.999999999")
	if utc {
		b = append(b, 'Z')
	}
	return append(b, '"')
}
