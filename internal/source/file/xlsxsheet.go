package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// The most rows and columns of a sheet.
const (
	maxSheetRows    = 1 << 20
	maxSheetColumns = 1 << 14
)

// sheet reads the rows of one sheet of a workbook, of which the first that has something
// in it is the header.
type sheet struct {
	book   *workbook
	set    Dialect
	limit  int // bytes of a row
	styles []numberKind
	shared *textTable // nil: not read yet
	part   *xmlPart
	closer io.Closer

	columns []column
	used    map[string]bool // names of columns
	headed  bool
	begun   bool // within the sheet's rows
	ended   bool
	row     int64  // number of the last
	cells   []cell // of it
	values  []byte // of its cells, as JSON
	filled  bool   // something is in it
	text    []byte
}

type column struct {
	key   []byte // its name as JSON, and a colon
	named bool   // it is part of every row; else of those that have something there
}

var jsonNull = jsontext.Value("null")

// cell is one of a row: values[from:to].
type cell struct{ column, from, to int }

func newSheet(w *workbook, set Dialect, limit int) (*sheet, error) {
	s := &sheet{book: w, set: set, limit: limit, used: map[string]bool{}}
	var err error
	if s.styles, err = w.readStyles(); err != nil {
		return nil, xlsxFault(err)
	}
	if s.part, s.closer, err = w.open(w.sheets[w.chosen].part); err != nil {
		return nil, xlsxFault(err)
	}
	if len(set.Names) > 0 {
		s.setNames(set.Names)
	}
	return s, nil
}

func (s *sheet) Close() error { return s.closer.Close() }

func (s *sheet) line() int64 { return s.row }

func (s *sheet) skip(rows int64) (err error) {
	var (
		b  []byte
		ok bool
	)
	for ; rows > 0; rows-- {
		if b, ok, err = s.next(b[:0]); err != nil {
			return err
		} else if !ok {
			return xlsxFault(errors.New("it has fewer rows than were taken of it"))
		}
	}
	return nil
}

func (s *sheet) next(b []byte) (out []byte, ok bool, err error) {
	for {
		if ok, err = s.nextRow(); err != nil {
			return b, false, xlsxFault(fmt.Errorf("row %d: %w", max(s.row, 1), err))
		}
		if !ok {
			return b, false, nil
		}
		switch {
		case !s.filled || s.row <= int64(s.set.SkipLines):
		case !s.headed && s.set.Header != "false":
			if err := s.header(); err != nil {
				return b, false, xlsxFault(err)
			}
		default:
			if !s.headed {
				s.setNames(make([]string, s.cells[len(s.cells)-1].column+1))
			}
			from := len(b)
			b = s.appendRow(b)
			if err := s.book.bound.take(len(b) - from); err != nil {
				return b[:from], false, err
			}
			return b, true, nil
		}
	}
}

// header takes the row just read for the names of the columns.
func (s *sheet) header() error {
	if len(s.values) > s.limit {
		return errors.New("its header is longer than max_line")
	}
	var names []string
	for _, c := range s.cells {
		value := s.values[c.from:c.to]
		name := string(value)
		if value[0] == '"' {
			text, err := jsontext.AppendUnquote(nil, value)
			if err != nil {
				return err
			}
			name = string(bytes.TrimSpace(text))
		} else if bytes.Equal(value, jsonNull) {
			continue
		}
		for len(names) < c.column {
			names = append(names, "")
		}
		names = append(names, name)
	}
	named := len(names)
	s.setNames(names)
	for i := range named {
		s.columns[i].named = names[i] != ""
	}
	return nil
}

// setNames names the first columns, as those of CSV files are.
func (s *sheet) setNames(names []string) {
	s.headed = true
	taken := map[string]bool{}
	for _, name := range names {
		taken[name] = true
	}
	for i, name := range names {
		if name == "" {
			name = free("column_"+strconv.Itoa(i+1), taken, s.used)
		} else if s.used[name] {
			name = numbered(name, taken, s.used)
		}
		s.addColumn(name, true)
	}
}

func (s *sheet) addColumn(name string, named bool) {
	s.used[name] = true
	s.columns = append(s.columns, column{append(appendText(nil, []byte(name)), ':'), named})
}

// appendRow appends the row just read as an object.
func (s *sheet) appendRow(b []byte) []byte {
	b = append(b, '{')
	open := len(b)
	member := func(i int, value []byte) {
		if len(b) > open {
			b = append(b, ',')
		}
		b = append(append(b, s.columns[i].key...), value...)
	}
	at := 0
	until := func(column int) {
		for ; at < min(column, len(s.columns)); at++ {
			if s.columns[at].named {
				member(at, jsonNull)
			}
		}
	}
	for _, c := range s.cells {
		value := s.values[c.from:c.to]
		until(c.column)
		for len(s.columns) <= c.column {
			s.addColumn(free("column_"+strconv.Itoa(len(s.columns)+1), nil, s.used), false)
		}
		if s.columns[c.column].named || !bytes.Equal(value, jsonNull) {
			member(c.column, value)
		}
		at = c.column + 1
	}
	until(len(s.columns))
	return append(b, '}')
}

// nextRow reads the cells of the next row.
func (s *sheet) nextRow() (ok bool, err error) {
	s.cells, s.values, s.filled = s.cells[:0], s.values[:0], false
	for !s.ended {
		kind, err := s.part.next()
		switch {
		case err != nil:
			return false, err
		case kind == xmlEnd:
			return false, errCutPart
		case kind == xmlOpen && s.part.is("sheetData"):
			s.begun = true
		case kind == xmlClose && s.part.is("sheetData"):
			s.ended = true
			return false, s.rest()
		case kind == xmlOpen && s.part.is("row") && s.begun:
			return true, s.readRow()
		}
	}
	return false, nil
}

// rest reads what follows the rows, so that damage of them is found.
func (s *sheet) rest() error {
	for {
		if kind, err := s.part.next(); err != nil || kind == xmlEnd {
			return err
		}
	}
}

func (s *sheet) readRow() error {
	s.row++
	if r := s.part.attr("r"); len(r) > 0 {
		n, err := strconv.ParseInt(string(r), 10, 64)
		if err != nil || n < s.row {
			return errors.New("its rows are not in order")
		}
		s.row = n
	}
	if s.row > maxSheetRows {
		return errors.New("it has more rows than a sheet may have")
	}
	last := -1
	for {
		kind, err := s.part.next()
		switch {
		case err != nil:
			return err
		case kind == xmlEnd:
			return errCutPart
		case kind == xmlClose && s.part.is("row"):
			return nil
		case kind != xmlOpen || !s.part.is("c"):
			continue
		}
		at := last + 1
		if r := s.part.attr("r"); len(r) > 0 {
			if at = columnOf(r); at <= last {
				return errors.New("its cells are not in order")
			}
		}
		if last = at; at >= maxSheetColumns {
			return errors.New("it has more columns than a sheet may have")
		}
		if err := s.readCell(at); err != nil {
			return err
		}
	}
}

// columnOf gives the column, from 0, of a cell named like AB12; -1 where it is not.
func columnOf(ref []byte) int {
	n := 0
	for i := range len(ref) {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		if n = 26*n + int(c-'A') + 1; n > maxSheetColumns {
			return maxSheetColumns
		}
	}
	return n - 1
}

// readCell reads the cell whose tag just opened. One that holds nothing is not there.
func (s *sheet) readCell(at int) error {
	typ, kind := typeOf(s.part.attr("t")), s.kindOf(s.part.attr("s"))
	s.text = s.text[:0]
	there, value := false, false
	for depth := 1; depth > 0; {
		next, err := s.part.next()
		switch {
		case err != nil:
			return err
		case next == xmlEnd:
			return errCutPart
		case next == xmlOpen && s.part.is("is"):
			if s.text, err = s.part.rich(s.text); err != nil {
				return err
			}
			there = true
		case next == xmlOpen:
			value = s.part.is("v")
			depth++
		case next == xmlClose:
			value = false
			depth--
		case value:
			if s.text = append(s.text, s.part.text...); len(s.text) > maxTag {
				return errTag
			}
			there = true
		}
	}
	if !there || len(s.values) > s.limit { // of a row that is too long no more is kept
		return nil
	}
	from := len(s.values)
	if err := s.appendValue(typ, kind); err != nil {
		return err
	}
	s.cells = append(s.cells, cell{at, from, len(s.values)})
	s.filled = s.filled || !blank(s.values[from:])
	return nil
}

// blank reports whether a cell's value shows nothing.
func blank(value []byte) bool {
	return len(value) > 1 && value[0] == '"' && len(bytes.TrimSpace(value[1:len(value)-1])) == 0
}

// cellType is what a cell says that it holds.
type cellType uint8

const (
	cellNumber cellType = iota
	cellShared
	cellText
	cellBool
	cellError
)

func typeOf(t []byte) cellType {
	switch string(t) {
	case "s":
		return cellShared
	case "str", "inlineStr", "d": // d is a date in ISO 8601
		return cellText
	case "b":
		return cellBool
	case "e":
		return cellError
	}
	return cellNumber
}

// kindOf gives what a style makes of a number.
func (s *sheet) kindOf(style []byte) numberKind {
	if i, err := strconv.Atoi(string(style)); err == nil && i >= 0 && i < len(s.styles) {
		return s.styles[i]
	}
	return numberPlain
}

// appendValue appends what a cell holds to the row's values.
func (s *sheet) appendValue(typ cellType, kind numberKind) error {
	switch typ {
	case cellShared:
		if s.shared == nil {
			shared, err := s.book.readTexts()
			if err != nil {
				return err
			}
			s.shared = shared
		}
		i, err := strconv.Atoi(string(bytes.TrimSpace(s.text)))
		text, ok := s.shared.get(i)
		if err != nil || !ok {
			return errors.New("a cell has a text that is not there")
		}
		s.values = append(s.values, text...)
	case cellText:
		s.values = appendCellText(s.values, s.text)
	case cellBool:
		s.values = strconv.AppendBool(s.values, isTrue(string(bytes.TrimSpace(s.text))))
	case cellError: // such as #N/A: there is no value
		s.values = append(s.values, jsonNull...)
	default:
		s.values = appendNumber(s.values, s.text, kind, s.book.from04)
	}
	return nil
}
