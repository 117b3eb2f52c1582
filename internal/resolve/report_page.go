package resolve

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
)

//go:embed report.gohtml
var reportHTML string

//go:embed report.css
var reportCSS string

// Save puts the report down as a page.
func (r *Report) Save(path string) error { return placed(r.config, "FILE.html", path, r.WriteHTML) }

// WriteHTML writes the report as one page that loads nothing: no script, no font, no
// picture, and a policy that forbids all of them.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"whole": func(n any) string { return whole(reflect.ValueOf(n).Int()) }, "short": short, "percent": percent, "bits": signedBits, "odds": rate, "likely": Likely,
		"join": func(s []string) string { return strings.Join(s, ", ") },
	}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, r.page())
}

// page is the report with all that is drawn.
type page struct {
	*Report
	CSS       template.CSS
	Policy    string
	Threshold chart
	Histogram chart
	Rules     []ruleView
	Weights   []fieldView
	SizeBars  []sizeView
	Borders   []borderView
}

// rect is a part of a bar; Zero is where neither for nor against lies.
type rect struct {
	Class      string
	X, Y, W, H float64
	Zero       float64
	Title      string
}

type ruleView struct {
	match.RuleModel
	Share float64
	Bars  []rect
}

type levelView struct {
	match.LevelWeight
	Seldom bool // of records that are one
	Bar    rect
}

type fieldView struct {
	match.FieldModel
	Levels              []levelView
	GivenShare          float64
	Same, Partly, Apart float64
	Agreement           []rect
}

type sizeView struct {
	Label  string
	People int
	W      float64
}

type borderView struct {
	*Explanation
	Rule    string
	Rows    []borderRow
	Missing []string // fields that are not given in both, where their values are not shown
}

type borderRow struct {
	Said
	Rare bool
	Bar  rect
}

func (r *Report) page() *page {
	sum := sha256.Sum256([]byte(reportCSS))
	p := &page{Report: r, CSS: template.CSS(reportCSS),
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"}
	if r.Estimate == nil {
		return p
	}
	p.Threshold, p.Histogram = r.thresholdChart(), r.histogram()
	expected := r.Blocking.Found + r.Blocking.Passed + r.Blocking.Unseen
	for _, rule := range r.Model.Rules {
		p.Rules = append(p.Rules, ruleView{rule, rule.First / max(expected, 1), []rect{
			{Class: "part", W: round(100 * rule.Matches / max(expected, 1))}, {Class: "for", W: round(100 * rule.First / max(expected, 1))}}})
	}
	p.Weights = r.weights()
	p.SizeBars = sizeBars(r.Sizes)
	for _, e := range r.Border {
		p.Borders = append(p.Borders, border(e, r.Values))
	}
	return p
}

// weights draws what each level of each field is worth, on one scale.
func (r *Report) weights() []fieldView {
	most := 1.0
	for _, f := range r.Model.Fields {
		for _, l := range f.Levels {
			most = max(most, math.Abs(l.Bits))
		}
	}
	var all []fieldView
	for _, f := range r.Model.Fields {
		v := fieldView{FieldModel: f, GivenShare: float64(f.Given) / float64(max(r.Records, 1))}
		for i, l := range f.Levels {
			v.Levels = append(v.Levels, levelView{l, l.M < 0.001, stretch(0, l.Bits, -most, most)})
			switch i {
			case 0:
				v.Same = l.M
			case len(f.Levels) - 1:
				v.Apart = l.M
			default:
				v.Partly += l.M
			}
		}
		v.Agreement = []rect{{Class: "for", W: round(100 * v.Same)}, {Class: "part", X: round(100 * v.Same), W: round(100 * v.Partly)},
			{Class: "against", X: round(100 * (v.Same + v.Partly)), W: round(100 * v.Apart)}}
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b fieldView) int { return cmp.Or(cmp.Compare(b.Tells, a.Tells), cmp.Compare(a.Field, b.Field)) })
	return all
}

// stretch is the bar from one sum of bits to another, within least and most.
func stretch(from, to, least, most float64) rect {
	const width = 200
	at := func(bits float64) float64 { return round(width * (bits - least) / max(most-least, 1e-9)) }
	b := rect{Class: "for", X: at(min(from, to)), Zero: at(0)}
	if to < from {
		b.Class = "against"
	}
	b.W = round(at(max(from, to)) - b.X)
	return b
}

// mostSizes is how many sizes are shown one by one.
const mostSizes = 12

func sizeBars(sizes []PeopleOf) []sizeView {
	most := 0
	for _, s := range sizes {
		most = max(most, s.People)
	}
	var all []sizeView
	for i, s := range sizes {
		label := strconv.Itoa(s.Records)
		if i >= mostSizes {
			last := &all[len(all)-1]
			last.People += s.People
			last.Label = strings.SplitN(last.Label, " ", 2)[0] + " to " + label
			s.People = last.People
			all = all[:len(all)-1]
			label = last.Label
		}
		all = append(all, sizeView{label, s.People, round(200 * min(1, math.Log(float64(s.People)+1)/math.Log(float64(most)+1)))})
	}
	return all
}

// border draws how the odds of a pair come about.
func border(e *Explanation, values bool) borderView {
	v := borderView{Explanation: e}
	if len(e.Rules) > 0 {
		v.Rule = "“" + e.Rules[0] + "”"
		if more := len(e.Rules) - 1; more > 0 {
			v.Rule += " and " + several(more, "other rule")
		}
	}
	type part struct {
		Said
		from, to float64
	}
	parts := []part{{Said{Field: "two at random", Bits: e.Prior}, 0, e.Prior}}
	sum := e.Prior
	for _, f := range e.Fields {
		if f.Missing() && !values {
			v.Missing = append(v.Missing, f.Field)
			continue
		}
		parts = append(parts, part{f, sum, sum + f.Bits + f.Rarity})
		sum += f.Bits + f.Rarity
	}
	if e.Kinship >= 0.05 {
		parts = append(parts, part{Said{Field: "could be related, and not one", Bits: -e.Kinship}, sum, e.Bits})
	}
	least, most := 0.0, 0.0
	for _, p := range parts {
		least, most = min(least, p.to), max(most, p.to)
	}
	for _, p := range parts {
		v.Rows = append(v.Rows, borderRow{p.Said, math.Abs(p.Rarity) >= 0.05, stretch(p.from, p.to, least, most)})
	}
	return v
}

// round keeps a page small: a tenth of a point is as fine as can be seen.
func round(x float64) float64 { return math.Round(10*x) / 10 }
