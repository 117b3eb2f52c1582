package file

import (
	"bytes"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The reasons under which a row that cannot be read is quarantined.
const (
	CodeTooFew    errs.Code = "csv_too_few"        // fewer fields than the header
	CodeTooMany   errs.Code = "csv_too_many"       // more fields than the header
	CodeUnclosed  errs.Code = "csv_quote_unclosed" // a quote opens and does not close within MaxLine bytes
	CodeNul       errs.Code = "csv_nul_byte"       // a row of a binary or damaged file
	CodeHeader    errs.Code = "csv_header"         // the file's header could not be read, so its rows have no names
	CodeLong      errs.Code = "line_too_long"      // more than MaxLine bytes
	CodeJSON      errs.Code = "json_malformed"     // syntax, duplicate names or UTF-8
	CodeNotObject errs.Code = "json_not_object"    // JSON, and no object
	CodeDeep      errs.Code = "json_too_deep"      // more than 100 levels of objects and arrays
)

// status is what rows.next found.
type status uint8

const (
	gotRow    status = iota
	gotLong          // a line over the limit: call skipLong
	gotEnd           // the stream has ended
	gotPart          // the last line has no end yet, and is to be held back
	gotHeader        // the header, when only that was asked for
	gotBlank         // a line that says nothing; only skipLong gives it
)

// rows turns a stream into rows: one JSON object each, or a code and what was read.
type rows struct {
	w     *window
	csv   *csvFormat
	json  *jsonFormat // an array; where csv and json are nil: NDJSON
	table table       // set: none of these
	row   int64       // rows given so far
	line  int64       // physical lines passed so far
	once  bool        // stop after the header
	hold  bool        // a last line without its end may still be growing
	into  *Batch      // where rows go that can be read; nil: they are given as JSON
}

// next appends the next row's Props to b. A reject is the code that the road is to
// quarantine the row under.
func (r *rows) next(b []byte) (out []byte, reject errs.Code, st status) {
	if r.table != nil {
		return r.nextTable(b)
	}
	if r.json != nil {
		return r.nextItem(b)
	}
	if r.csv != nil && !r.lead() {
		return b, "", gotPart
	}
	for {
		line, state := r.w.line()
		switch {
		case state == lineNone:
			return b, "", gotEnd
		case state == lineLong:
			return b, "", gotLong
		case state == lineOpen && (r.hold || r.w.err != nil):
			return b, "", gotPart
		}
		size := len(line)
		if state == lineWhole {
			size++
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(bytes.TrimSpace(line)) == 0 && (r.csv == nil || len(line) == 0) || r.csv != nil && r.csv.comment(line) {
			r.passLines(size, 1)
			continue
		}
		if r.csv != nil {
			out, reject, st = r.nextCSV(b, line, size)
		} else {
			out, reject, st = r.nextJSON(b, line, size)
		}
		if st == gotHeader && !r.once || st == gotBlank {
			continue
		}
		if st == gotRow {
			r.row++
		}
		return out, reject, st
	}
}

// skipLong passes a line over the limit and gives it as a rejected row.
func (r *rows) skipLong(b []byte) (out []byte, reject errs.Code, st status) {
	if r.json != nil {
		return r.skipItem(b)
	}
	head, size, open := r.w.skipLine(keepRaw)
	if open && (r.hold || r.w.err != nil) {
		return b, "", gotPart
	}
	r.line++
	if f := r.csv; f != nil {
		if f.comment(head) {
			return b, "", gotBlank
		}
		f.begun, f.headed = true, f.headed || !f.headless // a header that long has no names
	}
	r.row++
	return appendRaw(b, rawRow{line: r.line, size: size, raw: head}), CodeLong, gotRow
}

func (r *rows) passLines(size int, lines int64) {
	r.w.pass(size)
	r.line += lines
}

func (r *rows) nextJSON(b, line []byte, size int) ([]byte, errs.Code, status) {
	object := bytes.TrimSpace(line)
	code := judgeJSON(object)
	if code == "" {
		b = append(b, object...)
	} else {
		b = appendRaw(b, rawRow{line: r.line + 1, size: int64(len(line)), raw: line, whole: code != CodeDeep})
	}
	r.passLines(size, 1)
	return b, code, gotRow
}

// lead settles the dialect and passes the lines before the first row. It gives false
// where they may still be growing.
func (r *rows) lead() bool {
	f := r.csv
	if !f.settled {
		f.settle(r.w)
	}
	for ; f.skipped < f.set.SkipLines; f.skipped++ {
		_, size, open := r.w.skipLine(0)
		if open && r.hold && size > 0 {
			return false
		}
		if open && size == 0 {
			return true // there are no more
		}
		r.line++
	}
	return true
}

// nextCSV reads the row that begins with the given physical line of size bytes.
func (r *rows) nextCSV(b, line []byte, size int) ([]byte, errs.Code, status) {
	f := r.csv
	if _, ok := excelHint(line); ok && !f.begun {
		f.begun = true
		r.passLines(size, 1)
		return b, "", gotBlank
	}
	raw, lines := line, int64(1)
	if f.plain(line) {
		f.split(line)
	} else {
		n, st := r.splitQuoted()
		switch st {
		case gotPart:
			return b, "", gotPart
		case gotLong:
			return r.unclosed(b)
		}
		raw, size = r.w.rest()[:n], n
		lines = max(1, int64(bytes.Count(raw, []byte{'\n'})))
		raw = bytes.TrimRight(raw, "\r\n")
	}
	f.begun = true
	code, st := r.judge(raw)
	switch {
	case st != gotRow:
	case code == "" && r.into != nil:
		r.into.take(f)
	case code == "":
		b = f.appendRow(b)
	default:
		bad := rawRow{line: r.line + 1, size: int64(len(raw)), raw: raw}
		if code == CodeTooFew || code == CodeTooMany {
			bad.whole, bad.fields, bad.columns = true, len(f.fields), len(f.names)
		}
		b = appendRaw(b, bad)
	}
	r.passLines(size, lines)
	return b, code, st
}

// splitQuoted splits the row that is next, over as many lines as it has. It gives the
// row's length, gotPart where the row may still be growing, or gotLong where a quote
// does not close in time.
func (r *rows) splitQuoted() (n int, st status) {
	for {
		ended := r.w.ended
		n, ok := r.csv.splitQuoted(r.w.rest(), ended && r.w.err == nil)
		if ok && n <= r.w.limit {
			if r.hold && r.w.rest()[n-1] != '\n' {
				return 0, gotPart
			}
			return n, gotRow
		}
		if !ok && (r.w.grow() || r.w.ended != ended) { // more, or the knowledge that there is none
			continue
		}
		if !ok && len(r.w.rest()) <= r.w.limit && (r.hold || r.w.err != nil) {
			return 0, gotPart
		}
		return 0, gotLong
	}
}

// judge says what the row just split is: a blank line, the header, a row, or one that
// cannot be read.
func (r *rows) judge(raw []byte) (errs.Code, status) {
	f := r.csv
	switch {
	case bytes.IndexByte(raw, 0) >= 0:
		f.headed = f.headed || !f.headless
		return CodeNul, gotRow
	case f.empty(): // a row of delimiters alone, as spreadsheets append them, is a blank line
		return "", gotBlank
	case !f.headed && f.headless:
		f.headed = true
		f.setNumbered()
		if r.once {
			return "", gotHeader
		}
	case !f.headed:
		f.headed = true
		f.setHeader()
		return "", gotHeader
	case len(f.names) == 0:
		return CodeHeader, gotRow
	}
	return f.fits(), gotRow
}

// unclosed rejects the first physical line of a row whose quote does not close, and
// goes on with the next line: one stray quote costs one row.
func (r *rows) unclosed(b []byte) ([]byte, errs.Code, status) {
	f := r.csv
	opened := r.line + 1 + int64(bytes.Count(r.w.rest()[:min(f.opened, len(r.w.rest()))], []byte{'\n'}))
	line, state := r.w.line() // the same again: fill has moved it
	size := len(line)
	if state == lineWhole {
		size++
	}
	line = bytes.TrimSuffix(line, []byte{'\r'})
	b = appendRaw(b, rawRow{line: r.line + 1, size: int64(len(line)), raw: line, quoteLine: opened})
	f.begun, f.headed = true, f.headed || !f.headless
	r.passLines(size, 1)
	return b, CodeUnclosed, gotRow
}

// header makes a CSV's names known again, where reading goes on behind them at an
// offset. Its caller sets row and line.
func (r *rows) header(until int64) {
	hold := r.hold
	r.hold, r.once = false, true
	for r.w.at < until {
		_, _, st := r.next(nil)
		if st == gotLong {
			_, _, st = r.skipLong(nil)
		}
		if r.csv.headed || st == gotEnd || st == gotPart {
			break
		}
	}
	r.hold, r.once = hold, false
}
