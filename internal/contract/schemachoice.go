package contract

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// choice takes a keyword whose schemas hold for the same value: their fields are learnt,
// and whether they hold is judged as it was written.
func (p *schemaParser) choice(k *keywords, m schemaMember) bool {
	k.values.judged = true
	var schemas []schemaMember
	switch m.value.Kind() {
	case '[':
		list, ok := elementsOf(m.value)
		if !ok || len(list) == 0 {
			return false
		}
		for i, raw := range list {
			schemas = append(schemas, schemaMember{at: m.at + "/" + strconv.Itoa(i), value: raw})
		}
	case '{':
		schemas = []schemaMember{{at: m.at, value: m.value}}
		if m.name == "dependentSchemas" || m.name == "dependencies" {
			members, err := objectMembers(m.value)
			if err != nil {
				return false
			}
			for _, each := range members { // each is a condition of its own
				if each.value.Kind() == '{' {
					k.some = append(k.some, []schemaMember{{at: m.at + "/" + pointerToken(each.name), value: each.value}})
				}
			}
			return true
		}
	case 't', 'f': // then and else
		return m.name == "then" || m.name == "else"
	default:
		return false
	}
	if m.name == "allOf" {
		k.all = append(k.all, schemas...)
	} else {
		k.some = append(k.some, schemas)
	}
	return true
}

// collect gives the fields that read adds.
func (p *schemaParser) collect(read func()) []Field {
	fields, by := p.fields, p.by
	p.fields, p.by = nil, map[string]int{}
	read()
	out := p.fields
	p.fields, p.by = fields, by
	return out
}

func (p *schemaParser) addAll(fields []Field) {
	for _, f := range fields {
		p.add(p.placed[f.Path], f)
	}
}

// compose adds to a schema's own fields those of the schemas that hold for the same
// value. A field that several schemas under allOf have is what all of them say, one of
// several choices what any of them says.
func (p *schemaParser) compose(path string, own []Field, k *keywords, level int, required bool) []Field {
	if len(k.all)+len(k.some) == 0 {
		return own
	}
	solid := p.solid
	p.solid = k.solid() || !k.typed && p.solid
	p.within++
	branch := func(m schemaMember) []Field {
		fields := p.collect(func() { p.property(m.at, path, m.value, level, required) })
		for i := range fields {
			fields[i].Rules = nil // they are judged with the choice
		}
		return fields
	}
	for _, m := range k.all {
		own = p.meet(m.at, own, branch(m), path)
	}
	for _, list := range k.some {
		var any []Field
		for i, m := range list {
			if m.value.Kind() == 'f' {
				continue
			}
			if fields := branch(m); i == 0 {
				any = fields
			} else {
				any = either(any, fields)
			}
		}
		if len(list) == 1 { // a condition, which may not hold
			any = either(any, []Field{{Path: path, Type: record.JSON, Nullable: true}})
		}
		own = p.meet(list[0].at, own, any, path)
	}
	p.within--
	p.solid = solid
	return own
}

// either is the fields of a value that one of two schemas describes.
func either(a, b []Field) []Field {
	var out []Field
	for _, pair := range paired(a, b) {
		switch {
		case pair[0] == nil || pair[1] == nil:
			f := *cmp.Or(pair[0], pair[1])
			f.Required, f.Loose = false, true
			out = append(out, f)
		default:
			out = append(out, joinFields(pair[0], pair[1], limitsOf()))
		}
	}
	return out
}

// meet is the fields of a value that two schemas describe. at is the place of the second.
func (p *schemaParser) meet(at string, a, b []Field, path string) []Field {
	var out []Field
	for _, pair := range paired(a, b) {
		x, y := pair[0], pair[1]
		switch {
		case x == nil:
			if !objectAt(a, y.Path, path) {
				out = append(out, *y)
			}
		case y == nil:
			if !objectAt(b, x.Path, path) {
				out = append(out, *x)
			}
		default:
			out = append(out, p.meetField(at, x, y))
		}
	}
	return out
}

// objectAt reports whether fields have an object at a path, and nothing else there.
func objectAt(fields []Field, at, root string) bool {
	if at == root && len(fields) == 0 {
		return true
	}
	found := false
	for i := range fields {
		if fields[i].Path == at {
			return false
		}
		found = found || at == "" || strings.HasPrefix(fields[i].Path, at+".")
	}
	return found
}

func (p *schemaParser) meetField(at string, a, b *Field) Field {
	if a.Loose && !b.Loose && !b.isAny() {
		a, b = b, a
	}
	out := *a
	out.Required = a.Required || b.Required
	out.Nullable = a.Nullable && b.Nullable
	out.Loose = a.Loose && b.Loose || a.Loose && b.isAny() || b.Loose && a.isAny()
	switch {
	case a.isAny():
		out.Type, out.Items = b.Type, b.Items
	case b.isAny():
	case a.Loose: // both are
		out.Type, out.Nullable, out.Items = JoinTypes(a.Type, b.Type), true, nil
	case b.Loose: // the choice judges what it says
		out.Nullable = a.Nullable
	case a.Type == record.JSON && b.Type != record.JSON:
		out.Type, out.Items = b.Type, nil
	case b.Type == record.JSON && a.Type != record.JSON:
	case a.Type == record.Null || b.Type == record.Null:
		out.Type = record.Null
	case JoinTypes(a.Type, b.Type) == a.Type:
		if out.Type = b.Type; out.Items == nil {
			out.Items = b.Items
		}
	case JoinTypes(a.Type, b.Type) != b.Type:
		p.fault(CodeSchemaInvalid, at, "the schemas that hold here give "+a.Path+" types of which no value can be both", "give it one type")
	}
	return out
}

// paired gives the fields of two lists by path; each has one of a path.
func paired(a, b []Field) (list [][2]*Field) {
	at := map[string]int{}
	for side, fields := range [2][]Field{a, b} {
		for i := range fields {
			f := &fields[i]
			n, ok := at[f.Path]
			if !ok {
				n = len(list)
				at[f.Path] = n
				list = append(list, [2]*Field{})
			}
			list[n][side] = f
		}
	}
	slices.SortFunc(list, func(x, y [2]*Field) int { return cmp.Compare(cmp.Or(x[0], x[1]).Path, cmp.Or(y[0], y[1]).Path) })
	return list
}
