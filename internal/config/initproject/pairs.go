package initproject

import (
	"slices"
	"strings"
)

// ordered are the words of two columns of which the first holds what comes before, or is
// no more than, what the second holds.
func ordered() [][2]string {
	return [][2]string{
		{"start", "end"}, {"started", "ended"}, {"begin", "end"}, {"from", "to"}, {"von", "bis"}, {"beginn", "ende"}, {"debut", "fin"}, {"inicio", "fin"}, {"inizio", "fine"}, {"begin", "eind"},
		{"in", "out"}, {"arrival", "departure"}, {"opened", "closed"}, {"open", "close"}, {"created", "closed"}, {"ordered", "shipped"}, {"shipped", "delivered"}, {"ordered", "delivered"}, {"placed", "shipped"},
		{"hire", "termination"}, {"hired", "terminated"}, {"alta", "baja"}, {"eintritt", "austritt"}, {"issue", "expiry"}, {"issued", "expires"}, {"invoice", "due"}, {"sent", "opened"}, {"paid", "fulfilled"},
		{"min", "max"}, {"low", "high"}, {"subtotal", "total"}, {"net", "gross"}, {"netto", "brutto"}, {"net", "total"}, {"refunded", ""}, {"", "compare at"}, {"redeemed", "earned"}, {"birth", "death"},
	}
}

// paired are the checks of two columns of one record.
func (s *stream) paired(called func(*column) string) (all []check) {
	seen := map[[2]*column]bool{}
	add := func(a, b *column, why string) {
		if a == b || seen[[2]*column{a, b}] || seen[[2]*column{b, a}] || a.nested || b.nested || a.filled < someRows || b.filled < someRows {
			return
		}
		seen[[2]*column{a, b}] = true
		all = append(all, check{name: "compare", columns: []string{called(a), called(b)}, settings: `operator: "<="`, why: why})
	}
	for _, a := range s.with(created) {
		for _, b := range s.with(updated) {
			if a.moment() && b.moment() && !isID(b.words) {
				add(a, b, "nothing changes before it is made")
			}
		}
	}
	for _, pair := range ordered() {
		for _, a := range s.columns {
			for _, b := range s.columns {
				switch {
				case a == b || !swapped(a.words, b.words, pair):
				case a.moment() && b.moment():
					add(a, b, pair[0]+" comes before "+pair[1])
				case a.amounts() && b.amounts() && !isID(a.words):
					add(a, b, "the first was never more than the second")
				}
			}
		}
	}
	return all
}

// swapped reports whether two names differ by the words of a pair alone.
func swapped(a, b []string, pair [2]string) bool {
	rest := func(words []string, phrase string) (string, bool) {
		var kept []string
		parts := strings.Fields(phrase)
		for _, w := range words {
			if i := slices.Index(parts, w); i >= 0 {
				parts = slices.Delete(slices.Clone(parts), i, i+1)
				continue
			}
			kept = append(kept, w)
		}
		return strings.Join(kept, " "), len(parts) == 0
	}
	x, has := rest(a, pair[0])
	y, too := rest(b, pair[1])
	return has && too && x == y && (pair[0] != "" && pair[1] != "" || x != "")
}

func (c *column) moment() bool { return c.isTime() || c.isDate() || c.unixTime() }

func (c *column) amounts() bool {
	return (c.isNumber() || c.isComma() || c.share(c.forms.money) >= 0.9) && !c.unixTime()
}

// summed are the checks of columns that add up to another, as those of invoices do.
func (s *stream) summed(called func(*column) string) (all []check) {
	find := func(any ...string) *column {
		for _, c := range s.columns {
			if !c.nested && c.filled >= someRows && c.amounts() && hasWord(c.words, any...) && !hasWord(c.words, "lineitem", "item", "line", "refunded", "unit") {
				return c
			}
		}
		return nil
	}
	net, total := find("subtotal", "net", "netto", "nettobetrag"), find("total", "gross", "brutto", "bruttobetrag")
	if net == nil || total == nil || net == total {
		return nil
	}
	parts := []*column{net}
	for _, c := range []*column{find("tax", "taxes", "vat", "mwst", "ust", "iva", "tva", "btw"), find("shipping", "freight", "versand", "delivery")} {
		if c != nil && c != total && c != net {
			parts = append(parts, c)
			all = append(all, sumOf([]*column{net, c}, total, called))
		}
	}
	if len(parts) == 3 {
		all = append(all, sumOf(parts, total, called))
	}
	return all
}

func sumOf(parts []*column, total *column, called func(*column) string) check {
	c := check{name: "sum", settings: "total: " + quote(called(total)), why: "they add up"}
	for _, p := range parts {
		c.columns = append(c.columns, called(p))
	}
	return c
}
