package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/width"
)

// printer writes for people; its first fault stays.
type printer struct {
	w      io.Writer
	colour bool
	err    error
}

func (g *Globals) printer() *printer {
	return &printer{w: g.Out, colour: g.colours(g.Out)}
}

// colours reports whether w is a terminal whose owner did not refuse colours.
func (g *Globals) colours(w io.Writer) bool {
	if g.Env != nil {
		if no, set := g.Env("NO_COLOR"); set && no != "" {
			return false
		}
		if term, _ := g.Env("TERM"); term == "dumb" {
			return false
		}
	}
	return terminal(w)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.w, format+"\n", args...); err != nil && p.err == nil {
		p.err = err
	}
}

// title writes a heading; the first of a page has no empty line above it.
func (p *printer) title(format string, args ...any) {
	p.line("%s", p.paint(bold, fmt.Sprintf(format, args...)))
}

const (
	bold  = "\033[1m"
	dim   = "\033[2m"
	good  = "\033[32m"
	bad   = "\033[31m"
	plain = "\033[0m"
)

func (p *printer) paint(style, s string) string {
	if !p.colour || s == "" {
		return s
	}
	return style + s + plain
}

// verdict paints a word by whether it is good news.
func (p *printer) verdict(ok bool, s string) string {
	if ok {
		return p.paint(good, s)
	}
	return p.paint(bad, s)
}

// table is columns that are aligned when printed; numbers to the right.
type table struct {
	heads []string
	right []bool
	rows  [][]string
}

// newTable names the columns; a name that begins with # is one of numbers.
func newTable(heads ...string) *table {
	t := &table{}
	for _, h := range heads {
		name, number := strings.CutPrefix(h, "#")
		t.heads, t.right = append(t.heads, name), append(t.right, number)
	}
	return t
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = cell(c)
	}
	t.rows = append(t.rows, row)
}

func (p *printer) table(t *table) {
	widths := make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		for i, c := range row {
			widths[i] = max(widths[i], columns(c))
		}
	}
	for n, row := range append([][]string{t.heads}, t.rows...) {
		var b strings.Builder
		for i, c := range row {
			gap := strings.Repeat(" ", widths[i]-columns(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if t.right[i] {
				b.WriteString(gap + c)
			} else {
				b.WriteString(c + gap)
			}
		}
		text := strings.TrimRight(b.String(), " ")
		if n == 0 {
			text = p.paint(dim, text)
		}
		p.line("%s", text)
	}
}

// cell writes a value as people read it. Data comes from strangers: what would move
// a terminal's cursor is written as an escape.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return harmless(v)
	case drawn:
		return string(v)
	case *string:
		return harmless(text(v))
	case int:
		return grouped(int64(v))
	case int64:
		return grouped(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return stamp(v)
	case *time.Time:
		if v == nil {
			return ""
		}
		return stamp(*v)
	case jsontext.Value:
		return string(v)
	}
	raw, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return harmless(string(raw))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func harmless(s string) string {
	if !strings.ContainsFunc(s, harmful) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if harmful(r) {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// harmful are control characters, and those that turn the direction of a line.
func harmful(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// columns counts how wide a text is on a terminal, colours left out.
func columns(s string) (n int) {
	escape := false
	for _, r := range s {
		switch {
		case r == '\033', escape:
			escape = r != 'm'
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r > 0x7f && isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

// grouped writes a count as people read it: 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count writes a number of things: "1 stream", "1,204 streams".
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// progress shows how long work goes on: on a terminal a line that is replaced,
// elsewhere nothing.
type progress struct {
	w    io.Writer
	live bool
	last string
}

func (g *Globals) progress() *progress {
	return &progress{w: g.Err, live: terminal(g.Err) && !g.JSON}
}

func (p *progress) note(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); p.live && s != p.last {
		_, _ = fmt.Fprintf(p.w, "\r\033[K%s", s) // a line for the eye alone
		p.last = s
	}
}

func (p *progress) end() {
	if p.last != "" {
		_, _ = fmt.Fprint(p.w, "\r\033[K")
		p.last = ""
	}
}

// bar draws how much of a whole is done.
func bar(share float64, colour bool) string {
	const width = 24
	full := int(share * width)
	p := printer{colour: colour}
	return p.paint(good, strings.Repeat("█", full)) + p.paint(dim, strings.Repeat("░", width-full))
}
