package file

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// numberKind is what the format of a cell makes of its number.
type numberKind uint8

const (
	numberPlain numberKind = iota
	numberDate
	numberTime    // of a day
	numberBoth    // date and time
	numberElapsed // hours, minutes or seconds that go on beyond a day
)

// builtinKind gives the formats that have a number and no code in the file (ECMA-376,
// part 1, 18.8.30, those of East Asian languages included).
func builtinKind(id int) numberKind {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return numberDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return numberTime
	case id == 22:
		return numberBoth
	case id == 46:
		return numberElapsed
	}
	return numberPlain
}

// kindOfFormat tells what a format's code makes of a number, by the letters of its first
// section that stand for parts of dates and times.
func kindOfFormat(code string) numberKind {
	code = strings.ToLower(code)
	var date, clock, minute bool
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			i = len(code)
		case '\\', '_', '*': // the next character is itself, its width, or fills
			i++
		case '"':
			if end := strings.IndexByte(code[i+1:], '"'); end >= 0 {
				i += end + 1
			} else {
				i = len(code)
			}
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				i = len(code)
				continue
			}
			if within := strings.Trim(code[i+1:i+end], code[i+1:i+2]); within == "" && end > 1 && strings.ContainsRune("hms", rune(code[i+1])) {
				return numberElapsed
			}
			i += end
		case 'a': // AM/PM, A/P
			if n := meridiem(code[i:]); n > 0 {
				clock = true
				i += n - 1
			}
		case 'y', 'd':
			date = true
		case 'h', 's':
			clock = true
		case 'm':
			minute = true
		case 'g': // General
			if strings.HasPrefix(code[i:], "general") {
				return numberPlain
			}
		}
	}
	switch {
	case date && clock:
		return numberBoth
	case clock:
		return numberTime
	case date, minute:
		return numberDate
	}
	return numberPlain
}

func meridiem(code string) int {
	for _, m := range []string{"am/pm", "a/p"} {
		if strings.HasPrefix(code, m) {
			return len(m)
		}
	}
	return 0
}

const maxStyles = 1 << 16

// readStyles gives what the format of each style makes of a number.
func (w *workbook) readStyles() ([]numberKind, error) {
	if w.styles == "" {
		return nil, nil
	}
	var kinds []numberKind
	codes := map[int]numberKind{}
	cells := false
	err := w.each(w.styles, func(x *xmlPart) error {
		switch string(x.name) {
		case "numFmt":
			if id, err := strconv.Atoi(string(x.attr("numFmtId"))); err == nil {
				codes[id] = kindOfFormat(string(x.attr("formatCode")))
			}
		case "cellXfs":
			cells = true
		case "cellStyles", "cellStyleXfs", "dxfs":
			cells = false
		case "xf":
			if !cells {
				return nil
			}
			id, _ := strconv.Atoi(string(x.attr("numFmtId"))) // absent: 0
			kind, ok := codes[id]
			if !ok {
				kind = builtinKind(id)
			}
			kinds = append(kinds, kind)
		}
		if len(kinds) > maxStyles || len(codes) > maxStyles {
			return errors.New("it has too many styles")
		}
		return nil
	})
	return kinds, err
}

const (
	dayMillis  = 24 * 60 * 60 * 1000
	lastSerial = 2_958_466 // of the day after 9999-12-31
	shift04    = 1_462     // days from 1900's epoch to that of 1904
)

// appendNumber appends a cell's number as its format means it: a number with all its
// digits, or a date, time or duration in ISO 8601. What is no number is a text.
func appendNumber(b, raw []byte, kind numberKind, from04 bool) []byte {
	text := string(bytes.TrimSpace(raw))
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return appendText(b, []byte(text))
	}
	if from04 && kind != numberPlain && kind != numberElapsed && (kind != numberTime || v >= 1) {
		v += shift04
	}
	if kind != numberPlain && v >= 0 && v < lastSerial {
		return append(appendSerial(append(b, '"'), v, kind, from04), '"')
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.AppendInt(b, whole, 10)
	}
	if from04 && kind != numberPlain { // no date after all
		v, _ = strconv.ParseFloat(text, 64) // it was one
	}
	if a := math.Abs(v); v == 0 || a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'e', -1, 64)
}

// appendSerial appends a serial date, in days from 1899-12-30 on; from 1899-12-31 below 60,
// for day 60 is a 29 February 1900 that never was, where days do not count from 1904. What
// the cell's format hides of a time is there.
func appendSerial(b []byte, v float64, kind numberKind, from04 bool) []byte {
	millis := int64(math.Round(v * dayMillis))
	days, millis := millis/dayMillis, millis%dayMillis
	switch {
	case kind == numberElapsed:
		return appendDuration(b, days*dayMillis+millis)
	case kind == numberTime && days == 0:
		return appendClock(b, millis)
	case days < 60 && !from04:
		days++
	}
	b = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days)).AppendFormat(b, time.DateOnly)
	if kind == numberDate && millis == 0 {
		return b
	}
	return appendClock(append(b, 'T'), millis)
}

func appendClock(b []byte, millis int64) []byte {
	return time.UnixMilli(millis).UTC().AppendFormat(b, "15:04:05.999")
}

func appendDuration(b []byte, millis int64) []byte {
	seconds := millis / 1000
	b = append(b, "PT"...)
	b = append(strconv.AppendInt(b, seconds/3600, 10), 'H')
	b = append(strconv.AppendInt(b, seconds/60%60, 10), 'M')
	b = strconv.AppendFloat(b, float64(seconds%60)+float64(millis%1000)/1000, 'f', -1, 64)
	return append(b, 'S')
}
