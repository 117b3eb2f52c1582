package file

import (
	"bytes"
	"strconv"

	"github.com/kithdata/kith/internal/kit/errs"
)

// csvFormat is what is known of a CSV file, and the row that was just split.
type csvFormat struct {
	dialect
	set     Dialect
	stored  string   // the dialect as it was stored when reading began
	settled bool     // dialect is known
	begun   bool     // the first line was seen
	resumed bool     // reading goes on behind what was taken before,
	rowed   bool     // and rows were among it
	skipped int      // lines passed of those before the first row
	headed  bool     // the names are known, usable or not
	names   [][]byte // each `{"name":` or `,"name":`; none when the header was unusable
	fields  [][]byte // of the row just split; they alias the window or scratch
	null    []bool   // by field: it is \N and no more, which is how databases write nothing
	nulls   int      // how many of them are
	scratch []byte   // fields with escapes, undone
	opened  int      // where in the row its last quoted field opens
}

// delimiters are tried in this order.
const delimiters = ",;\t|"

// settle makes the dialect known, before the first row.
func (f *csvFormat) settle(w *window) {
	f.settled = true
	want := min(sampleBytes, w.limit)
	for len(w.rest()) <= want && w.fill() {
	}
	sample, whole := w.rest(), len(w.rest()) <= want
	if !whole {
		sample = sample[:want]
	}
	stored, ok := decodeDialect(f.stored)
	switch {
	case ok:
		f.dialect = f.set.over(stored)
	case f.rowed:
		f.dialect = f.set.legacy(sample, whole)
	case f.resumed && f.set.Header == "" && len(f.set.Names) == 0: // what was taken was a header
		set := f.set
		set.Header = "true"
		f.dialect = set.detect(sample, whole)
	default:
		f.dialect = f.set.detect(sample, whole)
	}
	if len(f.set.Names) > 0 {
		f.headed = true
		f.fields = f.fields[:0]
		for _, name := range f.set.Names {
			f.fields = append(f.fields, []byte(name))
		}
		f.setHeader()
	}
}

// excelHint reads the line "sep=;" with which Excel's CSV files may begin.
func excelHint(line []byte) (delimiter byte, ok bool) {
	line = bytes.Trim(line, `"`)
	if len(line) != 5 || !bytes.EqualFold(line[:4], []byte("sep=")) {
		return 0, false
	}
	return line[4], bytes.IndexByte([]byte(delimiters), line[4]) >= 0
}

// comment reports whether a line, of which the beginning is enough, is a comment.
func (f *csvFormat) comment(line []byte) bool {
	return f.set.Comment != "" && bytes.HasPrefix(line, []byte(f.set.Comment))
}

// empty reports whether no field of the row just split holds anything.
func (f *csvFormat) empty() bool {
	for _, field := range f.fields {
		if len(bytes.TrimSpace(field)) > 0 {
			return false
		}
	}
	return true
}

// fits gives the code of a row that has not the header's number of fields, after
// cutting off those beyond that are empty: delimiters at a line's end say nothing.
func (f *csvFormat) fits() errs.Code {
	for len(f.fields) > len(f.names) && len(bytes.TrimSpace(f.fields[len(f.fields)-1])) == 0 {
		f.fields = f.fields[:len(f.fields)-1]
	}
	if f.set.ShortRows == ShortFill {
		for len(f.fields) < len(f.names) {
			f.fields = append(f.fields, nil)
		}
	}
	switch {
	case len(f.fields) < len(f.names):
		return CodeTooFew
	case len(f.fields) > len(f.names):
		return CodeTooMany
	}
	return ""
}

// plain reports whether nothing in a line is quoted or escaped.
func (f *csvFormat) plain(line []byte) bool {
	return (f.quote == 0 || bytes.IndexByte(line, f.quote) < 0) && (f.escape == 0 || bytes.IndexByte(line, f.escape) < 0)
}

// split cuts a plain line into fields.
func (f *csvFormat) split(line []byte) {
	f.fields, f.nulls = f.fields[:0], 0
	for {
		i := bytes.IndexByte(line, f.delimiter)
		if i < 0 {
			f.fields = append(f.fields, line)
			return
		}
		f.fields = append(f.fields, line[:i])
		line = line[i+1:]
	}
}

// splitQuoted cuts the row that b begins with into fields. A field that begins
// with a quote ends with the next that is not escaped, across line ends; a quote
// elsewhere is a character like others. It gives the row's length with its line
// feed, or ok false where b ends before the row does; ended says that nothing
// follows b.
func (f *csvFormat) splitQuoted(b []byte, ended bool) (n int, ok bool) {
	f.fields, f.scratch, f.null, f.nulls = f.fields[:0], f.scratch[:0], f.null[:0], 0
	i := 0
	for {
		var field []byte
		from := i
		if i < len(b) && b[i] == f.quote && f.quote != 0 {
			f.opened = i
			field, i, ok = f.quoted(b, i, ended)
		} else {
			field, i, ok = f.bare(b, i, ended)
		}
		if !ok {
			return 0, false
		}
		null := f.escape != 0 && string(b[from:min(from+2, i)]) == `\N` && len(bytes.TrimSuffix(b[from:i], []byte{'\r'})) == 2
		if null {
			f.nulls++
		}
		f.fields, f.null = append(f.fields, field), append(f.null, null)
		switch {
		case i == len(b):
			return i, ended
		case b[i] == '\n':
			return i + 1, true
		}
		i++ // the delimiter
	}
}

// fieldEnd is where the field that has no quote ends, of whose bytes those before i
// are known.
func (f *csvFormat) fieldEnd(b []byte, i int) int {
	for i < len(b) && b[i] != f.delimiter && b[i] != '\n' && (b[i] != f.escape || f.escape == 0) {
		i++
	}
	return i
}

// bare reads the field without quotes that begins at i.
func (f *csvFormat) bare(b []byte, i int, ended bool) (field []byte, next int, ok bool) {
	end := f.fieldEnd(b, i)
	if end == len(b) || b[end] != f.escape || f.escape == 0 {
		return f.cutReturn(b[i:end], b, end), end, true
	}
	made := len(f.scratch)
	for {
		f.scratch = append(f.scratch, b[i:end]...)
		if end == len(b) || b[end] != f.escape {
			field = f.cutReturn(f.scratch[made:], b, end)
			return field[:len(field):len(field)], end, true
		}
		switch {
		case end+1 < len(b):
			f.scratch = append(f.scratch, b[end+1])
		case !ended:
			return nil, 0, false // the next byte decides
		default:
			f.scratch = append(f.scratch, b[end])
		}
		i = min(end+2, len(b))
		end = f.fieldEnd(b, i)
	}
}

// cutReturn drops the carriage return of a field that its line ends with.
func (f *csvFormat) cutReturn(field, b []byte, end int) []byte {
	if end == len(b) || b[end] == '\n' {
		return bytes.TrimSuffix(field, []byte{'\r'})
	}
	return field
}

// quoted reads the field whose quote opens at i. What follows the closing quote up
// to the delimiter belongs to the field, so that nothing of a sloppy file is lost.
func (f *csvFormat) quoted(b []byte, i int, ended bool) (field []byte, next int, ok bool) {
	i++
	from, made := i, -1 // made: where in scratch the field lies, once it is built there
	for {
		j := f.quoteOrEscape(b[i:])
		if j < 0 {
			return nil, 0, false
		}
		i += j
		if i+1 == len(b) && !ended {
			return nil, 0, false // the next byte decides
		}
		doubled := i+1 < len(b) && b[i] == f.quote && b[i+1] == f.quote
		if !doubled && b[i] == f.quote {
			break
		}
		if i+1 == len(b) { // an escape of nothing
			return nil, 0, false
		}
		if made < 0 {
			made = len(f.scratch)
		}
		f.scratch = append(append(f.scratch, b[from:i]...), b[i+1])
		i += 2
		from = i
	}
	field = b[from:i]
	i++
	tail, end, ok := f.bareTail(b, i, ended)
	if !ok {
		return nil, 0, false
	}
	if made >= 0 || len(tail) > 0 {
		if made < 0 {
			made = len(f.scratch)
		}
		f.scratch = append(append(f.scratch, field...), tail...)
		field = f.scratch[made:len(f.scratch):len(f.scratch)]
	}
	return field, end, true
}

// bareTail is what follows a closing quote, as it is written.
func (f *csvFormat) bareTail(b []byte, i int, ended bool) (tail []byte, end int, ok bool) {
	end = i
	for end < len(b) && b[end] != f.delimiter && b[end] != '\n' {
		if b[end] == f.escape && f.escape != 0 {
			if end+1 == len(b) && !ended {
				return nil, 0, false
			}
			end++
		}
		end++
	}
	end = min(end, len(b))
	return f.cutReturn(b[i:end], b, end), end, true
}

func (f *csvFormat) quoteOrEscape(b []byte) int {
	if f.escape == 0 {
		return bytes.IndexByte(b, f.quote)
	}
	for i, c := range b {
		if c == f.quote || c == f.escape {
			return i
		}
	}
	return -1
}

// setHeader takes the fields just split for the header's names: trimmed, an empty
// one named by its place, a repeated one numbered.
func (f *csvFormat) setHeader() {
	taken := map[string]bool{}
	for _, field := range f.fields {
		taken[string(bytes.TrimSpace(field))] = true
	}
	used := map[string]bool{}
	f.names = f.names[:0]
	for i, field := range f.fields {
		name := string(bytes.TrimSpace(field))
		if name == "" {
			name = free("column_"+strconv.Itoa(i+1), taken, used)
		} else if used[name] {
			name = numbered(name, taken, used)
		}
		used[name] = true
		b := []byte{','}
		if i == 0 {
			b[0] = '{'
		}
		f.names = append(f.names, append(appendText(b, []byte(name)), ':'))
	}
}

// setNumbered names as many columns as the row just split has by their places.
func (f *csvFormat) setNumbered() {
	kept := f.fields
	f.fields = make([][]byte, len(kept))
	f.setHeader()
	f.fields = kept
}

func numbered(name string, taken, used map[string]bool) string {
	for n := 2; ; n++ {
		if c := name + "_" + strconv.Itoa(n); !taken[c] && !used[c] {
			return c
		}
	}
}

func free(name string, taken, used map[string]bool) string {
	if !taken[name] && !used[name] {
		return name
	}
	return numbered(name, taken, used)
}

// appendRow appends the fields just split as a JSON object.
func (f *csvFormat) appendRow(b []byte) []byte {
	for i, field := range f.fields {
		b = append(b, f.names[i]...)
		if f.nulls > 0 && i < len(f.null) && f.null[i] {
			b = append(b, "null"...)
			continue
		}
		b = appendText(b, field)
	}
	return append(b, '}')
}
