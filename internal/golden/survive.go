package golden

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/kithdata/kith/internal/record"
)

// Survive gives the golden attributes of one person, by name: for each attribute
// the value that its rule chooses among what the source customers say, with where
// it came from. An attribute that nobody has a value for, or whose every value the
// filter passes over, is left out.
//
// It is a pure function of the set of customers (I3): their order does not matter.
// Each customer's Attrs must be sorted by name.
func Survive(customers []*record.SourceCustomer, rules *Rules) []record.GoldenAttr {
	var w work
	return w.survive(nil, customers, rules)
}

// work is the memory that Survive can use again.
type work struct {
	next       []int // of each customer's attributes, the first not yet looked at
	candidates []candidate
	text       []byte
}

// candidate is one customer's value of the attribute at hand.
type candidate struct {
	customer *record.SourceCustomer
	attr     *record.TimedAttr
}

func (w *work) survive(dst []record.GoldenAttr, customers []*record.SourceCustomer, rules *Rules) []record.GoldenAttr {
	w.start(len(customers))
	for {
		name, ok := w.gather(customers)
		if !ok {
			return dst
		}
		r := rules.of(name)
		w.eligible(r)
		if len(w.candidates) > 0 {
			dst = append(dst, w.choose(r))
		}
	}
}

func (w *work) start(customers int) {
	w.next = append(w.next[:0], make([]int, customers)...)
}

// gather fills candidates with every value of the least name not yet looked at.
func (w *work) gather(customers []*record.SourceCustomer) (name string, ok bool) {
	for i, c := range customers {
		if n := w.next[i]; n < len(c.Attrs) && (!ok || c.Attrs[n].Name < name) {
			name, ok = c.Attrs[n].Name, true
		}
	}
	w.candidates = w.candidates[:0]
	if !ok {
		return "", false
	}
	for i, c := range customers {
		for n := w.next[i]; n < len(c.Attrs) && c.Attrs[n].Name == name; n++ {
			w.candidates = append(w.candidates, candidate{c, &c.Attrs[n]})
			w.next[i]++
		}
	}
	return name, true
}

// eligible drops the candidates that cannot survive: what a source said puts out all
// that was only filled in, whatever the rule.
func (w *work) eligible(r *rule) {
	kept, said := w.candidates[:0], false
	for _, c := range w.candidates {
		if !c.attr.Value.IsNull() && r.passes(c.customer, c.attr.Value) {
			kept = append(kept, c)
			said = said || !c.attr.Value.Filled
		}
	}
	if said {
		kept = slices.DeleteFunc(kept, func(c candidate) bool { return c.attr.Value.Filled })
	}
	w.candidates = kept
}

// choose applies the rule to at least one candidate.
func (w *work) choose(r *rule) record.GoldenAttr {
	switch r.name {
	case MostFrequent:
		return w.candidates[w.mostFrequent(r)].golden(r)
	case Aggregate:
		return w.aggregate(r)
	}
	best := 0
	for i := 1; i < len(w.candidates); i++ {
		if r.compare(w.candidates[i], w.candidates[best]) < 0 {
			best = i
		}
	}
	return w.candidates[best].golden(r)
}

func (c candidate) golden(r *rule) record.GoldenAttr {
	return record.GoldenAttr{Attr: c.attr.Attr, Source: c.customer.Source, Stream: c.customer.Stream,
		Node: c.customer.Node, Rule: r.name, Time: c.attr.Order.Effective}
}

// compare is negative where a is better than b by the rule. It is a total order.
func (r *rule) compare(a, b candidate) int {
	by := 0
	switch r.name {
	case MostRecent, Aggregate:
		by = later(a, b)
	case Oldest:
		by = later(b, a)
	case SourcePriority:
		by = cmp.Or(cmp.Compare(r.rank(a.customer), r.rank(b.customer)), later(a, b))
	case Longest:
		by = cmp.Compare(length(b), length(a))
	case Min:
		by = a.attr.Value.Compare(b.attr.Value)
	case Max:
		by = b.attr.Value.Compare(a.attr.Value)
	}
	if by != 0 {
		return by
	}
	return r.tie(a, b)
}

// tie ends every tie: source, value, node; and for one customer that says one name
// twice, its order.
func (r *rule) tie(a, b candidate) int {
	if by := cmp.Compare(r.rank(a.customer), r.rank(b.customer)); by != 0 {
		return by
	}
	if by := a.attr.Value.Compare(b.attr.Value); by != 0 {
		return by
	}
	if by := bytes.Compare(a.customer.Node[:], b.customer.Node[:]); by != 0 {
		return by
	}
	return a.attr.Order.Compare(b.attr.Order)
}

func later(a, b candidate) int {
	return cmp.Compare(b.attr.Order.Effective, a.attr.Order.Effective)
}

func length(c candidate) int {
	if v := c.attr.Value; v.Kind == record.String || v.Kind == record.JSON {
		return utf8.RuneCountInString(v.S)
	}
	return len(c.attr.Value.Text())
}

// mostFrequent gives the index of the winner, after sorting the candidates by value.
func (w *work) mostFrequent(r *rule) int {
	w.sortByValue(r)
	best, most := 0, 0
	for i := 0; i < len(w.candidates); {
		j := i + 1
		for j < len(w.candidates) && w.candidates[j].attr.Value.Compare(w.candidates[i].attr.Value) == 0 {
			j++
		}
		if n := j - i; n > most || n == most && r.often(w.candidates[i], w.candidates[best]) < 0 {
			best, most = i, n
		}
		i = j
	}
	return best
}

// often orders two candidates whose values are said equally often.
func (r *rule) often(a, b candidate) int {
	if r.ties == Longest {
		if by := cmp.Compare(length(b), length(a)); by != 0 {
			return by
		}
	}
	return r.tie(a, b)
}

// sortByValue sorts by value and, within one value, the best first.
func (w *work) sortByValue(r *rule) {
	slices.SortFunc(w.candidates, func(a, b candidate) int {
		if by := a.attr.Value.Compare(b.attr.Value); by != 0 {
			return by
		}
		return r.compare(a, b)
	})
}

// aggregate gives all distinct values. Its provenance is that of the latest.
func (w *work) aggregate(r *rule) record.GoldenAttr {
	w.sortByValue(r)
	w.text = append(w.text[:0], '[')
	best := w.candidates[0]
	last := -1 // where the text of the value before begins
	for _, c := range w.candidates {
		if r.compare(c, best) < 0 {
			best = c
		}
		mark := len(w.text)
		if last >= 0 {
			w.text = append(w.text, ',')
		}
		begin := len(w.text)
		w.text = c.attr.Value.AppendJSON(w.text)
		if last >= 0 && bytes.Equal(w.text[last:mark], w.text[begin:]) {
			w.text = w.text[:mark] // said before, or 1 and 1.0
			continue
		}
		last = begin
	}
	g := best.golden(r)
	filled := g.Value.Filled // then all are
	g.Value = record.JSONValue(string(append(w.text, ']')))
	g.Value.Filled = filled
	return g
}
