package resolve

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
)

// chart is a picture with axes, in points.
type chart struct {
	Width, Height            float64
	Left, Right, Top, Bottom float64 // of what is drawn in
	Before, Below, Above     float64 // where labels stand
	XTicks, YTicks           []tick
	Lines                    []line
	Bars                     []rect
	Mark                     float64 // the threshold
}

type tick struct {
	At    float64
	Label string
}

type line struct{ Class, Points string }

func newChart(height float64) chart {
	return chart{Width: 720, Height: height, Left: 56, Right: 708, Top: 26, Bottom: height - 30, Before: 48, Below: height - 10, Above: 16}
}

// thresholdChart draws precision, recall and F1 over thresholds.
func (r *Report) thresholdChart() chart {
	c := newChart(320)
	least := 1.0
	for _, p := range r.Curve {
		least = min(least, p.Precision, p.Recall)
		if p.True != nil {
			least = min(least, p.True.Precision, p.True.Recall)
		}
	}
	step, format := 0.1, "%.0f%%"
	switch {
	case least >= 0.98:
		step, format = 0.005, "%.1f%%"
	case least >= 0.9:
		step = 0.02
	}
	floor := max(0, math.Floor(least/step)*step)
	x := func(v float64) float64 { return round(c.Left + v*(c.Right-c.Left)) }
	y := func(v float64) float64 { return round(c.Bottom - (v-floor)/(1-floor)*(c.Bottom-c.Top)) }
	for i := range 11 {
		c.XTicks = append(c.XTicks, tick{x(float64(i) / 10), strconv.FormatFloat(float64(i)/10, 'g', -1, 64)})
	}
	for i := 0; ; i++ {
		v := floor + float64(i)*step
		if v > 1.0001 {
			break
		}
		c.YTicks = append(c.YTicks, tick{y(v), fmt.Sprintf(format, 100*v)})
	}
	c.Mark = x(r.Accept)
	draw := func(class string, of func(CurvePoint) (float64, bool)) {
		var points []string
		for _, p := range r.Curve {
			if v, ok := of(p); ok {
				points = append(points, fmt.Sprintf("%g,%g", x(p.Accept), y(v)))
			}
		}
		if len(points) > 0 {
			c.Lines = append(c.Lines, line{class, strings.Join(points, " ")})
		}
	}
	draw("precision", func(p CurvePoint) (float64, bool) { return p.Precision, true })
	draw("recall", func(p CurvePoint) (float64, bool) { return p.Recall, true })
	draw("f1", func(p CurvePoint) (float64, bool) { return p.F1, true })
	measured := func(of func(*match.Quality) float64) func(CurvePoint) (float64, bool) {
		return func(p CurvePoint) (float64, bool) {
			if p.True == nil {
				return 0, false
			}
			return of(p.True), true
		}
	}
	draw("true precision", measured(func(q *match.Quality) float64 { return q.Precision }))
	draw("true recall", measured(func(q *match.Quality) float64 { return q.Recall }))
	draw("true f1", measured(func(q *match.Quality) float64 { return q.F1 }))
	return c
}

// histogram draws the pairs by their bits, and the matches expected among them.
func (r *Report) histogram() chart {
	c := newChart(280)
	if len(r.Scores) == 0 {
		return c
	}
	from, to := min(r.Scores[0].From, math.Floor(r.Needed)-1), max(r.Scores[len(r.Scores)-1].To, math.Ceil(r.Needed)+1)
	most := int64(1)
	for _, s := range r.Scores {
		most = max(most, s.Pairs)
	}
	decades := math.Ceil(math.Log10(float64(most) + 1))
	x := func(bits float64) float64 { return round(c.Left + (bits-from)/(to-from)*(c.Right-c.Left)) }
	height := func(n float64) float64 { return round(math.Log10(n+1) / max(decades, 1) * (c.Bottom - c.Top)) }
	for i := range int(decades) + 1 {
		n := math.Pow10(i)
		c.YTicks = append(c.YTicks, tick{c.Bottom - height(n), short(n)})
	}
	for _, s := range r.Scores {
		if s.Pairs == 0 {
			continue
		}
		title := fmt.Sprintf("%g to %g bits: %s pairs, %s matches expected", s.From, s.To, whole(s.Pairs), short(s.Matches))
		w := round(max(x(s.To)-x(s.From)-1, 1))
		for _, b := range [...]rect{{Class: "rest", H: height(float64(s.Pairs))}, {Class: "for", H: height(s.Matches)}} {
			if b.H > 0 {
				b.X, b.Y, b.W, b.Title = x(s.From), round(c.Bottom-b.H), w, title
				c.Bars = append(c.Bars, b)
			}
		}
	}
	every := 5.0
	for (to-from)/every > 16 {
		every *= 2
	}
	for v := math.Ceil(from/every) * every; v <= to; v += every {
		c.XTicks = append(c.XTicks, tick{x(v), bitsTick(v)})
	}
	c.Mark = x(r.Needed)
	return c
}

// whole writes a count as people read it: 1,234,567.
func whole(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short writes a number that is not exact.
func short(n float64) string {
	switch {
	case n >= 1e13:
		return fmt.Sprintf("%.1e", n)
	case n >= 1e10:
		return fmt.Sprintf("%.0f billion", n/1e9)
	case n >= 1e7:
		return fmt.Sprintf("%.0f million", n/1e6)
	case n >= 9.5 || n == math.Trunc(n):
		return whole(int64(math.Round(n)))
	case n < 0.05:
		return "under 0.1"
	}
	return fmt.Sprintf("%.1f", n)
}

func percent(share float64) string {
	p := 100 * share
	switch {
	case p > 99.995 || p == 0:
		return fmt.Sprintf("%.0f%%", p)
	case p >= 99 || p < 1:
		return fmt.Sprintf("%.2f%%", p)
	}
	return fmt.Sprintf("%.1f%%", p)
}

func signedBits(bits float64) string {
	if math.Abs(bits) < 0.05 {
		return "0.0"
	}
	return strings.Replace(fmt.Sprintf("%+.1f", bits), "-", "−", 1)
}

// rate writes how often something happens, however seldom.
func rate(p float64) string {
	switch {
	case p >= 0.0995:
		return fmt.Sprintf("%.2f", p)
	case p >= 0.00095:
		return fmt.Sprintf("%.4f", p)
	case p > 0:
		return "1 in " + short(math.Round(1/p))
	}
	return "0"
}

// Likely writes a probability so that what is nearly sure is not called sure.
func Likely(p float64) string {
	switch {
	case p > 0.9999:
		return "over 0.9999"
	case p < 0.0001:
		return "under 0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

func bitsTick(bits float64) string {
	if bits == 0 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+g", bits), "-", "−", 1)
}
