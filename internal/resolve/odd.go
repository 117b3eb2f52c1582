package resolve

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

const (
	maxColumns = 4096
	maxLine    = 64 << 20 // bytes of a row
	maxValue   = 16 << 10 // bytes of a value that are kept: what lies behind tells no more
)

// fileConfig is how a file is read: a row that is too short lacks what it does not say.
func fileConfig(path string) file.Config {
	return file.Config{Name: "resolve", Path: path, MaxLine: maxLine, Dialect: file.Dialect{ShortRows: file.ShortFill}}
}

// SkippedRow is where a row stands that cannot be read, and why not.
type SkippedRow struct {
	File string    `json:"file"`
	Line int64     `json:"line"`
	Code errs.Code `json:"code"`
}

// skipped are the rows that cannot be read.
type skipped struct {
	rows  int
	first []SkippedRow
}

// saw keeps what a file had that cannot be read; it is a fault where that is all.
func (in *records) saw(seen file.Sampled, origin uint16) error {
	const told = 5
	path := in.config.Files[origin]
	in.skipped.rows += seen.Rejected
	for _, r := range seen.First[:min(seen.Rejected, len(seen.First))] {
		if len(in.skipped.first) < told {
			in.skipped.first = append(in.skipped.first, SkippedRow{path, r.Line, r.Code})
		}
	}
	if seen.Rejected == 0 || len(in.origin) > 0 && in.origin[len(in.origin)-1] == origin {
		return nil
	}
	first := seen.First[0]
	return errs.New("resolve_unreadable", fmt.Sprintf("none of its rows can be read: of line %d the reason is %s", first.Line, first.Code)).
		At(path).Fix("see that it is what its name says, and whole")
}

// tooMany reports records with more columns than there can be.
func tooMany() error {
	return errs.New("resolve_columns", fmt.Sprintf("the records have more than %d columns", maxColumns)).At("FILE").
		Fix("where names of JSON members are values, write them as values")
}

// cut gives a value's beginning where it is very long, and counts those that are.
func (in *records) cut(v []byte) []byte {
	if len(v) <= maxValue {
		return v
	}
	in.long.Add(1)
	n := maxValue
	for n > 0 && !utf8.RuneStart(v[n]) {
		n--
	}
	return v[:n]
}

// checkIDs reports a file that has no column of ids, while others have, and counts the
// records that share an id with another of their file, or have none.
func (in *records) checkIDs() error {
	c := in.config
	if c.ID == "" {
		return nil
	}
	ids := in.ids.Column(in.rows)
	given, rows := make([]int, len(c.Files)), make([]int, len(c.Files))
	last := make([]int, len(ids.Values)) // by value: one more than the last file that has it
	for row, code := range ids.Codes {
		of := int(in.origin[row])
		rows[of]++
		switch {
		case code == 0:
			in.unnamed++
			continue
		case last[code] == of+1:
			in.repeated++
		}
		given[of]++
		last[code] = of + 1
	}
	for of, path := range c.Files {
		if rows[of] > 0 && given[of] == 0 {
			return errs.New("resolve_column", "no record of the file has a column named "+strconv.Quote(c.ID)).At(path).
				Fix("give it one: the ids of all files stand in columns of one name")
		}
	}
	return nil
}

// keys orders records that say the same by their ids.
func (in *records) keys() []uint64 {
	if in.config.ID == "" {
		return nil
	}
	ids := in.ids.Column(in.rows)
	of := make([]uint64, len(ids.Values))
	for code, id := range ids.Values {
		of[code] = xxh3.HashString(id)
	}
	keys := make([]uint64, in.rows)
	for row, code := range ids.Codes {
		keys[row] = of[code]
	}
	return keys
}
