package expr

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

// entries is what a mapping shows: names in a fixed order, values made on demand.
type entries interface {
	size() int
	name(i int) string
	value(i int) ref.Val
}

// mapping is a CEL map over entries. Unlike a Go map it is always walked in the
// same order, so that a condition is a pure function.
type mapping struct{ of entries }

var _ traits.Mapper = (*mapping)(nil)

func (m *mapping) index(key ref.Val) int {
	name, ok := key.(types.String)
	if !ok {
		return -1
	}
	for i := range m.of.size() {
		if m.of.name(i) == string(name) {
			return i
		}
	}
	return -1
}

func (m *mapping) Find(key ref.Val) (ref.Val, bool) {
	if i := m.index(key); i >= 0 {
		return m.of.value(i), true
	}
	return nil, false
}

func (m *mapping) Get(key ref.Val) ref.Val {
	if v, ok := m.Find(key); ok {
		return v
	}
	return types.NewErr("no such key")
}

func (m *mapping) Contains(key ref.Val) ref.Val { return types.Bool(m.index(key) >= 0) }

func (m *mapping) Size() ref.Val { return types.Int(m.of.size()) }

func (m *mapping) Iterator() traits.Iterator {
	names := make([]string, m.of.size())
	for i := range names {
		names[i] = m.of.name(i)
	}
	return types.NewStringList(types.DefaultTypeAdapter, names).Iterator()
}

func (m *mapping) Equal(other ref.Val) ref.Val {
	o, ok := other.(traits.Mapper)
	if !ok || o.Size() != m.Size() {
		return types.False
	}
	for i := range m.of.size() {
		v, found := o.Find(types.String(m.of.name(i)))
		if !found || m.of.value(i).Equal(v) != types.True {
			return types.False
		}
	}
	return types.True
}

func (m *mapping) Type() ref.Type { return types.MapType }

func (m *mapping) Value() any { return m.of }

func (m *mapping) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return m
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("a map converts to nothing else")
}

func (m *mapping) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("a map of a condition has no native form")
}

type timedAttrs []record.TimedAttr

func (a timedAttrs) size() int           { return len(a) }
func (a timedAttrs) name(i int) string   { return a[i].Name }
func (a timedAttrs) value(i int) ref.Val { return convert(a[i].Value) }

type goldenAttrs []record.GoldenAttr

func (a goldenAttrs) size() int           { return len(a) }
func (a goldenAttrs) name(i int) string   { return a[i].Name }
func (a goldenAttrs) value(i int) ref.Val { return convert(a[i].Value) }

type plainAttrs []record.Attr

func (a plainAttrs) size() int           { return len(a) }
func (a plainAttrs) name(i int) string   { return a[i].Name }
func (a plainAttrs) value(i int) ref.Val { return convert(a[i].Value) }

type pair struct {
	key string
	val ref.Val
}

type pairs []pair

func (p pairs) size() int           { return len(p) }
func (p pairs) name(i int) string   { return p[i].key }
func (p pairs) value(i int) ref.Val { return p[i].val }

func (p pairs) sorted() *mapping {
	slices.SortFunc(p, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	return &mapping{p}
}

// convert gives v as CEL knows it.
func convert(v record.Value) ref.Val {
	switch v.Kind {
	case record.String:
		return types.String(v.S)
	case record.Int:
		return types.Int(v.N)
	case record.Float:
		return types.Double(v.Float())
	case record.Bool:
		return types.Bool(v.N == 1)
	case record.Time:
		return types.Timestamp{Time: time.UnixMicro(v.N).UTC()}
	case record.Date:
		return types.Timestamp{Time: time.Unix(v.N*86400, 0).UTC()}
	case record.JSON:
		return convertJSON(v.S)
	}
	return types.NullValue
}

// maxDepth bounds how deep arrays and objects within a value are looked into.
const maxDepth = 64

// convertJSON reads an array or object; text that is neither is null.
func convertJSON(text string) ref.Val {
	d := jsontext.NewDecoder(strings.NewReader(text))
	v, err := readJSON(d, maxDepth)
	if err != nil {
		return types.NullValue
	}
	return v
}

var errDeep = errors.New("nested too deeply")

func readJSON(d *jsontext.Decoder, depth int) (ref.Val, error) {
	if depth == 0 {
		return nil, errDeep
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '"':
		return types.String(t.String()), nil
	case '0':
		if n, err := t.Int(); err == nil {
			return types.Int(n), nil
		}
		f, err := t.Float()
		return types.Double(f), err
	case 't', 'f':
		return types.Bool(t.Bool()), nil
	case '[':
		var list []ref.Val
		for d.PeekKind() != ']' {
			v, err := readJSON(d, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.ReadToken()
		return types.NewRefValList(types.DefaultTypeAdapter, list), err
	case '{':
		var all pairs
		for d.PeekKind() != '}' {
			k, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			name := k.String()
			v, err := readJSON(d, depth-1)
			if err != nil {
				return nil, err
			}
			all = append(all, pair{name, v})
		}
		_, err := d.ReadToken()
		return all.sorted(), err
	}
	return types.NullValue, nil
}
