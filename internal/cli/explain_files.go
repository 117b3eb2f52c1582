package cli

import (
	"fmt"
	"math"
	"strings"

	"github.com/kithdata/kith/internal/resolve"
)

// files explains two records of files.
func (c explainCmd) files(g *Globals) error {
	p := g.progress()
	config, err := c.of(c.Files, p)
	if err != nil {
		return err
	}
	config.Labels, config.Decisions = c.Labels, c.Decisions
	e, err := resolve.Explain(g.ctx, config, c.A, c.B, c.Values)
	p.end()
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(e)
	}
	out := g.printer()
	out.fileExplanation(e, c.Values)
	return out.err
}

func (p *printer) fileExplanation(e *resolve.Explanation, values bool) {
	p.title("%s", p.verdict(e.Same, harmless(e.Verdict)))
	for _, side := range [...][3]string{{"A", e.A, e.PersonA}, {"B", e.B, e.PersonB}} {
		p.line("%s is %s, of person %s", side[0], harmless(side[1]), harmless(side[2]))
	}
	if len(e.Fields) == 0 {
		return
	}
	p.line("")
	p.waterfall(e, values)
	p.line("")
	p.line("%s bits: probability %s; pairs are accepted from %.2f, which is %s bits.", signed(e.Bits), resolve.Likely(e.Probability), e.Accept, signed(e.Needed))
	switch {
	case e.A == e.B:
	case e.AllCompared && e.Compared:
		p.line("Compared, as every pair was.")
	case e.Compared:
		p.line("Proposed by %s.", harmless(firstOf(e.Rules, 3)))
	case len(e.Rules) > 0:
		p.line("%s would propose it, but was not let: too many records share what it looks for, or --link keeps the two apart.", harmless(firstOf(e.Rules, 1)))
	default:
		p.line("Proposed by no rule.")
	}
	if len(e.Path) > 0 {
		p.line("")
		t := newTable("joined by", "", "#bits", "probability")
		for _, s := range e.Path {
			likely := resolve.Likely(s.Probability)
			if s.Decided {
				likely = "decided"
			}
			t.add(s.A, s.B, signed(s.Bits), likely)
		}
		p.table(t)
	}
	if s := e.Sides; s != nil && s.Pairs > 1 {
		p.line("Their sides, %s across: mean %s bits, best %s, fit %s.", count(int64(s.Pairs), "pair", "pairs"), signed(s.Mean), signed(s.Best), signed(s.Fit))
	}
	p.turns(e)
}

// turns tells which field would make one person of two.
func (p *printer) turns(e *resolve.Explanation) {
	const most = 3
	for i, t := range e.Turns {
		if i == most {
			p.line("%s would be enough, too.", count(int64(len(e.Turns)-most), "other field", "other fields"))
			break
		}
		p.line("It would be enough if they agreed in %s: %s bits.", harmless(t.Field), signed(t.Bits))
	}
	if t := e.Most; t != nil {
		p.line("No field alone would turn it; to agree in %s would come nearest: %s bits.", harmless(t.Field), signed(t.Bits))
	}
}

// waterfall shows how the odds come about, field by field, each bar from where the one
// before it ended.
func (p *printer) waterfall(e *resolve.Explanation, values bool) {
	heads := []string{"field", "level", "#bits", "#rarity", "", "follows"}
	if values {
		heads = append(heads, "A", "B")
	}
	t := newTable(heads...)
	least, most := min(0, e.Prior), max(0, e.Prior)
	sum := e.Prior
	for _, f := range e.Fields {
		sum += f.Bits + f.Rarity
		least, most = min(least, sum), max(most, sum)
	}
	bars := scale{least, most, p}
	add := func(field, level, bits, rarity string, from, to float64, more ...any) {
		t.add(append([]any{field, level, bits, rarity, drawn(bars.bar(from, to))}, more...)...)
	}
	add("two at random", "", signed(e.Prior), "", 0, e.Prior)
	sum = e.Prior
	var missing []string
	for _, f := range e.Fields {
		if f.Missing() && !values {
			missing = append(missing, f.Field)
			continue
		}
		next := sum + f.Bits + f.Rarity
		rarity := ""
		if math.Abs(f.Rarity) >= 0.05 {
			rarity = signed(f.Rarity)
		}
		add(f.Field, f.Level, signed(f.Bits), rarity, sum, next, f.Follows, f.A, f.B)
		sum = next
	}
	if e.Kinship >= 0.05 {
		add("could be related", "", signed(-e.Kinship), "", sum, e.Bits)
	}
	for i, row := range t.rows {
		t.rows[i] = append(row, make([]string, len(heads))...)[:len(heads)]
	}
	p.table(t)
	if len(missing) > 0 {
		p.line("Not given in both: %s.", harmless(strings.Join(missing, ", ")))
	}
}

// scale draws bars of bits.
type scale struct {
	least, most float64
	p           *printer
}

// drawn is text that was made here, colours and all.
type drawn string

// bar is what lies between two sums, on a line where nought is marked.
func (s scale) bar(from, to float64) string {
	const width = 40
	at := func(bits float64) int {
		return int(math.Round((bits - s.least) / max(s.most-s.least, 1e-9) * width))
	}
	left, right, nought := at(min(from, to)), at(max(from, to)), at(0)
	line := []rune(strings.Repeat(" ", left) + strings.Repeat("█", right-left) + strings.Repeat(" ", width+1-right))
	if nought < left || nought >= right {
		line[nought] = '│'
	}
	paint := func(from, to int) string {
		return strings.ReplaceAll(string(line[from:to]), "│", s.p.paint(dim, "│"))
	}
	return paint(0, left) + s.p.verdict(to > from, string(line[left:right])) + paint(right, len(line))
}

// signed writes bits, whose sign tells what they speak for.
func signed(bits float64) string {
	if math.Abs(bits) < 0.05 {
		return "0.0"
	}
	return fmt.Sprintf("%+.1f", bits)
}

// firstOf lists the first of several.
func firstOf(all []string, most int) string {
	var quoted []string
	for _, s := range all[:min(most, len(all))] {
		quoted = append(quoted, "“"+s+"”")
	}
	s := strings.Join(quoted, ", ")
	if more := len(all) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
