package file

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The reasons under which a row that cannot be read is quarantined.
const (
	CodeRagged    errs.Code = "csv_ragged"         // other than the header's number of fields
	CodeUnclosed  errs.Code = "csv_quote_unclosed" // a quote opens and does not close within MaxLine bytes
	CodeNul       errs.Code = "csv_nul_byte"       // a row of a binary or damaged file
	CodeHeader    errs.Code = "csv_header"         // the file's header could not be read, so its rows have no names
	CodeLong      errs.Code = "line_too_long"      // more than MaxLine bytes
	CodeJSON      errs.Code = "json_malformed"     // syntax, duplicate names or UTF-8
	CodeNotObject errs.Code = "json_not_object"    // JSON, and no object
)

// status is what rows.next found.
type status uint8

const (
	gotRow    status = iota
	gotLong          // a line over the limit: call skipLong
	gotEnd           // the stream has ended
	gotPart          // the last line has no end yet, and is to be held back
	gotHeader        // the header, when only that was asked for
	gotBlank         // a line that says nothing, within next alone
)

// rows turns a stream into rows: one JSON object each, or a code and what was read.
type rows struct {
	w    *window
	csv  *csvFormat // nil: NDJSON
	row  int64      // rows given so far
	line int64      // physical lines passed so far
	once bool       // stop after the header
	hold bool       // a last line without its end may still be growing
}

// next appends the next row's Props to b. A reject is the code that the road is to
// quarantine the row under.
func (r *rows) next(b []byte) (out []byte, reject errs.Code, st status) {
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
		if len(bytes.TrimSpace(line)) == 0 && (r.csv == nil || len(line) == 0) {
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
	head, size, open := r.w.skipLine(keepRaw)
	if open && (r.hold || r.w.err != nil) {
		return b, "", gotPart
	}
	r.line++
	r.row++
	if r.csv != nil {
		r.csv.headed = true // a header that long has no names
	}
	return appendRaw(b, r.line, size, head, false), CodeLong, gotRow
}

func (r *rows) passLines(size int, lines int64) {
	r.w.pass(size)
	r.line += lines
}

func (r *rows) nextJSON(b, line []byte, size int) ([]byte, errs.Code, status) {
	object := bytes.TrimSpace(line)
	var code errs.Code
	switch {
	case !jsontext.Value(object).IsValid():
		code = CodeJSON
	case object[0] != '{':
		code = CodeNotObject
	}
	if code == "" {
		b = append(b, object...)
	} else {
		b = appendRaw(b, r.line+1, int64(len(line)), line, true)
	}
	r.passLines(size, 1)
	return b, code, gotRow
}

// nextCSV reads the row that begins with the given physical line of size bytes.
func (r *rows) nextCSV(b, line []byte, size int) ([]byte, errs.Code, status) {
	f := r.csv
	if d, ok := excelHint(line); ok && !f.headed {
		if f.delimiter == 0 {
			f.delimiter = d
		}
		r.passLines(size, 1)
		return b, "", gotBlank
	}
	if f.delimiter == 0 {
		f.delimiter = detect(line)
	}
	raw, lines := line, int64(1)
	if bytes.IndexByte(line, '"') < 0 {
		f.split(line)
	} else {
		for {
			ended := r.w.ended
			n, ok := f.splitQuoted(r.w.rest(), ended && r.w.err == nil)
			if ok && n <= r.w.limit {
				raw, size = r.w.rest()[:n], n
				if r.hold && raw[n-1] != '\n' {
					return b, "", gotPart
				}
				lines = max(1, int64(bytes.Count(raw, []byte{'\n'})))
				break
			}
			if !ok && (r.w.fill() || r.w.ended != ended) { // more, or the knowledge that there is none
				continue
			}
			if !ok && len(r.w.rest()) <= r.w.limit && (r.hold || r.w.err != nil) {
				return b, "", gotPart
			}
			return r.unclosed(b)
		}
		raw = bytes.TrimRight(raw, "\r\n")
	}
	var code errs.Code
	switch {
	case bytes.IndexByte(raw, 0) >= 0:
		code = CodeNul
	case f.empty(): // a row of delimiters alone, as spreadsheets append them, is a blank line
		r.passLines(size, lines)
		return b, "", gotBlank
	case !f.headed:
		f.headed = true
		f.setHeader()
		r.passLines(size, lines)
		return b, "", gotHeader
	case len(f.names) == 0:
		code = CodeHeader
	case !f.fits():
		code = CodeRagged
	}
	f.headed = true
	if code == "" {
		b = f.appendRow(b)
	} else {
		b = appendRaw(b, r.line+1, int64(len(raw)), raw, code == CodeRagged)
	}
	r.passLines(size, lines)
	return b, code, gotRow
}

// unclosed rejects the first physical line of a row whose quote does not close, and
// goes on with the next line: one stray quote costs one row.
func (r *rows) unclosed(b []byte) ([]byte, errs.Code, status) {
	line, state := r.w.line() // the same again: fill has moved it
	size := len(line)
	if state == lineWhole {
		size++
	}
	line = bytes.TrimSuffix(line, []byte{'\r'})
	b = appendRaw(b, r.line+1, int64(len(line)), line, false)
	r.csv.headed = true
	r.passLines(size, 1)
	return b, CodeUnclosed, gotRow
}

// header reads a CSV's header again, where reading goes on behind it. Its caller
// sets row and line.
func (r *rows) header() {
	hold := r.hold
	r.hold, r.once = false, true
	_, _, st := r.next(nil)
	r.hold, r.once = hold, false
	if st == gotLong { // its rows have no names
		r.csv.headed = true
	}
}
