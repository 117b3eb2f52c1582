package file

import (
	"bytes"
	"strconv"
)

// csvFormat is what a CSV file's header told.
type csvFormat struct {
	delimiter byte     // 0: not yet known
	headed    bool     // the header was read, usable or not
	names     [][]byte // each `{"name":` or `,"name":`; none when the header was unusable
	fields    [][]byte // of the row just split; they alias the window or scratch
	scratch   []byte   // fields with doubled quotes, undone
}

// delimiters are tried in this order; the first of those seen most often wins.
const delimiters = ",;\t|"

// detect finds the delimiter in a header line.
func detect(header []byte) byte {
	var seen [len(delimiters)]int
	quoted := false
	for _, c := range header {
		if c == '"' {
			quoted = !quoted
		} else if i := bytes.IndexByte([]byte(delimiters), c); i >= 0 && !quoted {
			seen[i]++
		}
	}
	best := 0
	for i, n := range seen {
		if n > seen[best] {
			best = i
		}
	}
	return delimiters[best]
}

// excelHint reads the line "sep=;" with which Excel's CSV files may begin.
func excelHint(line []byte) (delimiter byte, ok bool) {
	line = bytes.Trim(line, `"`)
	if len(line) != 5 || !bytes.EqualFold(line[:4], []byte("sep=")) {
		return 0, false
	}
	return line[4], bytes.IndexByte([]byte(delimiters), line[4]) >= 0
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

// fits reports whether the row just split has the header's number of fields, and
// cuts off those beyond that are empty: delimiters at a line's end say nothing.
func (f *csvFormat) fits() bool {
	for len(f.fields) > len(f.names) && len(bytes.TrimSpace(f.fields[len(f.fields)-1])) == 0 {
		f.fields = f.fields[:len(f.fields)-1]
	}
	return len(f.fields) == len(f.names)
}

// split cuts a line without quotes into fields.
func (f *csvFormat) split(line []byte) {
	f.fields = f.fields[:0]
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
// with a quote ends with the next that is not doubled, across line ends; a quote
// elsewhere is a character like others. It gives the row's length with its line
// feed, or ok false where b ends before the row does; ended says that nothing
// follows b.
func (f *csvFormat) splitQuoted(b []byte, ended bool) (n int, ok bool) {
	f.fields, f.scratch = f.fields[:0], f.scratch[:0]
	i := 0
	for {
		var field []byte
		if i < len(b) && b[i] == '"' {
			if field, i, ok = f.quoted(b, i, ended); !ok {
				return 0, false
			}
		} else {
			from := i
			i = f.fieldEnd(b, i)
			field = b[from:i]
			if i < len(b) && b[i] == '\n' || i == len(b) {
				field = bytes.TrimSuffix(field, []byte{'\r'})
			}
		}
		f.fields = append(f.fields, field)
		switch {
		case i == len(b):
			return i, ended
		case b[i] == '\n':
			return i + 1, true
		}
		i++ // the delimiter
	}
}

func (f *csvFormat) fieldEnd(b []byte, i int) int {
	for i < len(b) && b[i] != f.delimiter && b[i] != '\n' {
		i++
	}
	return i
}

// quoted reads the field whose quote opens at i. What follows the closing quote up
// to the delimiter belongs to the field, so that nothing of a sloppy file is lost.
func (f *csvFormat) quoted(b []byte, i int, ended bool) (field []byte, next int, ok bool) {
	i++
	from, made := i, -1 // made: where in scratch the field lies, once it is built there
	for {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return nil, 0, false
		}
		i += j
		if i+1 == len(b) && !ended {
			return nil, 0, false // the next byte decides
		}
		if i+1 < len(b) && b[i+1] == '"' {
			if made < 0 {
				made = len(f.scratch)
			}
			f.scratch = append(f.scratch, b[from:i+1]...)
			i += 2
			from = i
			continue
		}
		break
	}
	field = b[from:i]
	i++
	end := f.fieldEnd(b, i)
	tail := b[i:end]
	if end == len(b) || b[end] == '\n' {
		tail = bytes.TrimSuffix(tail, []byte{'\r'})
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

// setHeader takes the fields just split for the header's names: trimmed, an empty
// one named by its place, a repeated one numbered.
func (f *csvFormat) setHeader() {
	taken := map[string]bool{}
	for _, field := range f.fields {
		taken[string(bytes.TrimSpace(field))] = true
	}
	used := map[string]bool{}
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
		b = appendText(b, field)
	}
	return append(b, '}')
}
