package warehouse

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"sort"
	"strconv"
	"time"

	"github.com/kithdata/kith/internal/record"
)

// Result is the answer to one query.
type Result struct {
	Columns   []string
	Types     []string // the engine's names, by column
	Rows      [][]any  // nil, bool, integers, floats, string, []byte, time.Time, *big.Int, lists and maps
	Truncated bool     // there were more rows than the limit
	Elapsed   time.Duration
}

// AppendJSON appends the answer as one JSON object with columns, types, rows (a
// list of lists), truncated and elapsed_ms. Integers that a double cannot hold are
// written as they are; times are RFC 3339 in UTC, binary values base64.
func (r *Result) AppendJSON(b []byte) []byte {
	b = append(b, `{"columns":`...)
	b = appendStrings(b, r.Columns)
	b = append(b, `,"types":`...)
	b = appendStrings(b, r.Types)
	b = append(b, `,"rows":[`...)
	for i, row := range r.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, v := range row {
			if j > 0 {
				b = append(b, ',')
			}
			b = AppendJSONValue(b, v)
		}
		b = append(b, ']')
	}
	b = append(b, `],"truncated":`...)
	b = strconv.AppendBool(b, r.Truncated)
	b = append(b, `,"elapsed_ms":`...)
	b = strconv.AppendFloat(b, float64(r.Elapsed.Microseconds())/1000, 'f', -1, 64)
	return append(b, '}')
}

func appendStrings(b []byte, ss []string) []byte {
	b = append(b, '[')
	for i, s := range ss {
		if i > 0 {
			b = append(b, ',')
		}
		b = record.AppendJSONString(b, s)
	}
	return append(b, ']')
}

// AppendJSONValue appends one value of a Result as JSON.
func AppendJSONValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return record.AppendJSONString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case int8, int16, int32, int, uint8, uint16, uint32, uint:
		return fmt.Append(b, v)
	case float32:
		return appendJSONFloat(b, float64(v), 32)
	case float64:
		return appendJSONFloat(b, v, 64)
	case *big.Int:
		return v.Append(b, 10)
	case time.Time:
		return record.AppendJSONString(b, v.UTC().Format("2006-01-02T15:04:05.999999999Z07:00"))
	case []byte:
		return record.AppendJSONString(b, base64.StdEncoding.EncodeToString(v))
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSONValue(b, e)
		}
		return append(b, ']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = record.AppendJSONString(b, k)
			b = append(b, ':')
			b = AppendJSONValue(b, v[k])
		}
		return append(b, '}')
	}
	return record.AppendJSONString(b, fmt.Sprint(v))
}

// appendJSONFloat writes null for what JSON has no number for.
func appendJSONFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}
