package file

import (
	"bytes"
	"strings"
)

// Dialect is how the CSV files of a source are written. What is left out is detected
// in each file's beginning, and kept with how far the file was read.
type Dialect struct {
	Delimiter string   // one byte; empty: detected
	Quote     string   // one byte, or "none"; empty: detected
	Escape    string   // "double" or "backslash": how a quote within quotes is written; empty: detected
	Header    string   // "true" or "false": whether the first row has the names; empty: detected
	Names     []string // of the columns, where the files have no header
	SkipLines int      // lines that come before the header
	Comment   string   // lines that begin with it say nothing; empty: none do
	ShortRows string   // "reject" (the default) or "fill": what becomes of a row with too few fields
}

// The words of a Dialect.
const (
	QuoteNone       = "none"
	EscapeDouble    = "double"
	EscapeBackslash = "backslash"
	ShortReject     = "reject"
	ShortFill       = "fill"
)

const maxSkipLines = 1_000_000

// fault tells of one setting.
type fault func(what, field, mend string)

func (d Dialect) validate(fault fault) {
	separates := func(s string) bool {
		return len(s) <= 1 && !strings.ContainsAny(s, "\n\r\x00") && (s == "" || s[0] < 0x80)
	}
	if !separates(d.Delimiter) || d.Delimiter != "" && d.Delimiter == d.quoteOr(`"`) {
		fault("the delimiter must be one ASCII character and neither the quote nor a line end", "delimiter", "leave it out: it is detected")
	}
	if d.Quote != QuoteNone && !separates(d.Quote) {
		fault("the quote must be one ASCII character, or none", "quote", `write "'" or none, or leave it out: it is detected`)
	}
	if d.Escape != "" && d.Escape != EscapeDouble && d.Escape != EscapeBackslash {
		fault("the escape is not known", "escape", "write double or backslash, or leave it out: it is detected")
	}
	if d.Escape == EscapeBackslash && (d.Delimiter == `\` || d.Quote == `\`) {
		fault("a backslash cannot both escape and separate", "escape", "choose another delimiter or quote")
	}
	if d.Header != "" && d.Header != "true" && d.Header != "false" || d.Header == "true" && len(d.Names) > 0 {
		fault("the header is there, is not, or is a list of names", "header", "write true, false or [id, email]")
	}
	if d.SkipLines < 0 || d.SkipLines > maxSkipLines {
		fault("skip_lines must be from 0 to 1,000,000", "skip_lines", "leave it out to skip none")
	}
	if strings.ContainsAny(d.Comment, "\r\n") || len(d.Comment) > 16 {
		fault("a comment begins with at most 16 characters within a line", "comment", `write "#"`)
	}
	if d.ShortRows != "" && d.ShortRows != ShortReject && d.ShortRows != ShortFill {
		fault("what becomes of short rows is not known", "short_rows", "write reject or fill")
	}
}

func (d Dialect) quoteOr(def string) string {
	if d.Quote == "" {
		return def
	}
	return d.Quote
}

// dialect is one file's: a Dialect of which nothing is left to detect.
type dialect struct {
	delimiter byte
	quote     byte // 0: none
	escape    byte // backslash, or 0: a quote within quotes is doubled
	headless  bool // the first row is one like others
}

// encode is the form in which a dialect is stored with a file's progress.
func (d dialect) encode() string {
	flags := byte('h')
	if d.headless {
		flags = 'n'
	}
	return string([]byte{d.delimiter, d.quote, d.escape, flags})
}

// decodeDialect reads what encode wrote. What was stored by a version that knew one
// dialect alone is empty.
func decodeDialect(s string) (d dialect, ok bool) {
	if len(s) != 4 {
		return dialect{}, false
	}
	return dialect{delimiter: s[0], quote: s[1], escape: s[2], headless: s[3] == 'n'}, true
}

// sampleBytes is how much of a file's beginning is looked at to detect its dialect.
const sampleBytes = 64 << 10

// sampleRows is how many rows of it are compared.
const sampleRows = 50

// detect settles what d leaves open, by the first bytes of a file.
func (d Dialect) detect(sample []byte, whole bool) dialect {
	sample = d.body(sample, whole)
	if hint, ok := excelHint(firstLine(sample)); ok {
		_, sample, _ = bytes.Cut(sample, []byte{'\n'})
		if d.Delimiter == "" {
			d.Delimiter = string(hint)
		}
	}
	out := dialect{quote: d.detectQuote(sample)}
	out.delimiter = d.detectDelimiter(sample, out.quote)
	switch d.Escape {
	case "":
		if out.quote != 0 && backslashed(sample, out.quote, out.delimiter) {
			out.escape = '\\'
		}
	case EscapeBackslash:
		out.escape = '\\'
	}
	switch {
	case len(d.Names) > 0 || d.Header == "false":
		out.headless = true
	case d.Header == "":
		out.headless = headless(out.rows(sample, sampleRows))
	}
	return out
}

// legacy is the dialect of a file whose reading an earlier version began: what it did
// not know of is as it took it for.
func (d Dialect) legacy(sample []byte, whole bool) dialect {
	if d.Quote == "" {
		d.Quote = `"`
	}
	if d.Escape == "" {
		d.Escape = EscapeDouble
	}
	if d.Header == "" && len(d.Names) == 0 {
		d.Header = "true"
	}
	if first := firstLine(d.body(sample, whole)); d.Delimiter == "" {
		if _, ok := excelHint(first); !ok {
			d.Delimiter = string(mostSeen(first, '"'))
		}
	}
	return d.detect(sample, whole)
}

// over gives a stored dialect with what d now says of it.
func (d Dialect) over(stored dialect) dialect {
	if d.Delimiter != "" {
		stored.delimiter = d.Delimiter[0]
	}
	switch {
	case d.Quote == QuoteNone:
		stored.quote = 0
	case d.Quote != "":
		stored.quote = d.Quote[0]
	}
	switch d.Escape {
	case EscapeDouble:
		stored.escape = 0
	case EscapeBackslash:
		stored.escape = '\\'
	}
	switch {
	case len(d.Names) > 0 || d.Header == "false":
		stored.headless = true
	case d.Header == "true":
		stored.headless = false
	}
	return stored
}

// body is what of a sample belongs to rows: whole lines, without those that d passes
// over. The hint of Excel stays.
func (d Dialect) body(sample []byte, whole bool) []byte {
	if !whole {
		if i := bytes.LastIndexByte(sample, '\n'); i >= 0 {
			sample = sample[:i+1]
		}
	}
	for range d.SkipLines {
		_, sample, _ = bytes.Cut(sample, []byte{'\n'})
	}
	for {
		line := firstLine(sample)
		blank := len(sample) > 0 && len(bytes.TrimRight(line, "\r")) == 0
		if !blank && (d.Comment == "" || !bytes.HasPrefix(line, []byte(d.Comment))) {
			return sample
		}
		_, sample, _ = bytes.Cut(sample, []byte{'\n'})
	}
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	return line
}

// detectQuote takes the single quote only where it encloses fields, and the double one
// begins none.
func (d Dialect) detectQuote(sample []byte) byte {
	switch {
	case d.Quote == QuoteNone:
		return 0
	case d.Quote != "":
		return d.Quote[0]
	}
	if n, bad := enclosed(sample, '"'); n > 0 || bad > 0 {
		return '"'
	}
	if n, bad := enclosed(sample, '\''); n > 2*bad {
		return '\''
	}
	return '"'
}

// enclosed counts the fields that begin with a quote: those that end with one too, and
// those that do not on their line, which speaks for an apostrophe.
func enclosed(sample []byte, quote byte) (n, bad int) {
	for len(sample) > 0 {
		var line []byte
		line, sample, _ = bytes.Cut(sample, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		open := false
		for i, c := range line {
			if c != quote {
				continue
			}
			starts := i == 0 || strings.IndexByte(delimiters, line[i-1]) >= 0
			ends := i+1 == len(line) || strings.IndexByte(delimiters, line[i+1]) >= 0
			switch {
			case starts && !open:
				open = true
			case ends && open:
				open = false
				n++
			}
		}
		if open {
			bad++
		}
	}
	return n, bad
}

// detectDelimiter takes the one by which most rows have as many fields as the first;
// of equals, the one seen most often there.
func (d Dialect) detectDelimiter(sample []byte, quote byte) byte {
	if d.Delimiter != "" {
		return d.Delimiter[0]
	}
	best, bestAgree, bestSeen := mostSeen(firstLine(sample), quote), -1, 0
	for i := range len(delimiters) {
		c := delimiters[i]
		rows := dialect{delimiter: c, quote: quote}.rows(sample, sampleRows)
		if len(rows) == 0 || len(rows[0]) < 2 {
			continue
		}
		agree := 0
		for _, row := range rows[1:] {
			if len(row) == len(rows[0]) {
				agree++
			}
		}
		// A row fewer that agrees is a ragged row, and no sign of another delimiter.
		if slack := len(rows) / 5; agree > bestAgree+slack || agree >= bestAgree-slack && len(rows[0]) > bestSeen {
			best, bestAgree, bestSeen = c, agree, len(rows[0])
		}
	}
	return best
}

// mostSeen finds the delimiter that a line has most of, outside quotes.
func mostSeen(line []byte, quote byte) byte {
	var seen [len(delimiters)]int
	quoted := false
	for _, c := range line {
		if c == quote && quote != 0 {
			quoted = !quoted
		} else if i := strings.IndexByte(delimiters, c); i >= 0 && !quoted {
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

// backslashed reports whether quotes within quotes are written \", and never "".
func backslashed(sample []byte, quote, delimiter byte) bool {
	found := false
	for i := 1; i < len(sample); i++ {
		if sample[i] != quote {
			continue
		}
		after := byte('\n')
		if i+1 < len(sample) {
			after = sample[i+1]
		}
		separates := func(c byte) bool { return c == delimiter || c == '\n' || c == '\r' }
		switch {
		case sample[i-1] == '\\' && !separates(after):
			found = true
		case after == quote && !separates(sample[i-1]) && sample[i-1] != '\\':
			return false // doubled within a field
		}
	}
	return found
}

// rows cuts a sample into at most limit rows, which are copies.
func (d dialect) rows(sample []byte, limit int) [][]string {
	f := csvFormat{dialect: d}
	var rows [][]string
	for len(sample) > 0 && len(rows) < limit {
		n, ok := f.splitQuoted(sample, true)
		if !ok { // a quote that does not close: the line is no witness
			n = len(firstLine(sample)) + 1
			sample = sample[min(n, len(sample)):]
			continue
		}
		sample = sample[n:]
		if f.empty() {
			continue
		}
		row := make([]string, len(f.fields))
		for i, field := range f.fields {
			row[i] = string(bytes.TrimSpace(field))
		}
		rows = append(rows, row)
	}
	return rows
}

// headless reports whether the first row looks like the others: of the columns that
// hold values of one class, such as numbers, more have one in the first row too than
// have a word there.
func headless(rows [][]string) bool {
	if len(rows) < 2 {
		return false
	}
	alike, unlike := 0, 0
	for i, name := range rows[0] {
		class := classText
		for _, row := range rows[1:] {
			if i >= len(row) || row[i] == "" {
				continue
			}
			c := classOf(row[i])
			if class != classText && c != class || c == classText {
				class = classText
				break
			}
			class = c
		}
		switch {
		case class == classText || name == "":
		case classOf(name) == class && !isYear(name):
			alike++
		default:
			unlike++
		}
	}
	return alike > unlike
}

// class is what a text looks like, as far as that tells a value from a name.
type class uint8

const (
	classText class = iota
	classNumber
	classTime
	classEmail
)

func classOf(s string) class {
	if at := strings.IndexByte(s, '@'); at > 0 && strings.IndexByte(s[at:], '.') > 1 && !strings.Contains(s, " ") {
		return classEmail
	}
	digits, marks, others := 0, 0, 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case strings.ContainsRune("-/.:+TZ ", c):
			marks++
		case strings.ContainsRune(",%€$£'()", c):
		default:
			others++
		}
	}
	switch {
	case digits == 0 || others > 0:
		return classText
	case digits >= 6 && marks >= 2 && strings.Count(s, ".") != 1:
		return classTime // or a phone number: a value in any case
	}
	return classNumber
}

// isYear reports whether a number may be a column's name, as in a table by years.
func isYear(s string) bool { return len(s) == 4 && (s[:2] == "19" || s[:2] == "20") }
