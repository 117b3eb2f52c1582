package match

import "math"

// fewestApart is how often any field is apart in matches at least. Without it, that people
// never move would prove itself: those who did are then not found, and nothing is learned
// from them.
const fewestApart = 0.01

// steady keeps m within what is known of it.
func (m *matcher) steady(mo *model) {
	for f, fd := range m.fields {
		last := fd.kind.apart()
		for c := range mo.m[f] {
			mo.m[f][c].set(last, max(mo.m[f][c][last], fewestApart))
		}
		if mo.apart == nil || mo.apart[f] == 0 {
			continue
		}
		for c := range mo.m[f] {
			mo.m[f][c].set(last, min(mo.m[f][c][last], mo.apart[f]))
		}
		mo.found[f].set(last, min(mo.found[f][last], mo.apart[f]))
	}
}

// set gives a level its probability; the others keep their proportions.
func (d *distribution) set(l level, p float64) {
	if d[l] == p || d[l] == 1 {
		return
	}
	scale := (1 - p) / (1 - d[l])
	for k := range d {
		d[k] *= scale
	}
	d[l] = p
}

// personal reports whether a field is of a kind that one person has alone, and its being
// the same hardly ever misleads: then others do not follow from it. Who moves keeps an
// e-mail address, and the new home is not to be held against that.
func (m *matcher) personal(e *evidence, f int) bool {
	switch m.fields[f].kind {
	case Email, Phone:
		return e.unmatched(f) < 0.2
	case Date:
		return e.unmatched(f) < 0.1
	}
	return false
}

// households finds out whether households pass for people who have several dates of birth:
// a date that tells people apart is then another altogether just where something else is
// as well, such as the given name, that is hardly so elsewhere. It gives, by field, how
// often the date is apart where nothing else is, or nil where all is well. Two dates in
// records of one person are mistakes, and those come alone.
func (m *matcher) households(mo *model, t *tally) []float64 {
	const (
		telling  = 8   // bits that a date tells
		fewest   = 20  // matches in which both are apart
		with     = 0.6 // how often the other is apart where the date is, at least
		beyond   = 0.4 // and how much more often than elsewhere
		least    = 0.005
		greatest = 0.05 // what is given lies between these
	)
	var most []float64
	for d, fd := range m.fields {
		if fd.kind != Date || -math.Log2(mo.usual[d][same]) < telling {
			continue
		}
		for f := range m.fields {
			if f == d {
				continue
			}
			n := m.apartness(t, d, f)
			apart, elsewhere := n[1][1]/(n[1][0]+n[1][1]), n[0][1]/(n[0][0]+n[0][1])
			if n[1][1] < fewest || apart < with || apart-elsewhere < beyond {
				continue
			}
			if most == nil {
				most = make([]float64, len(m.fields))
			}
			alone := max(least, min(greatest, n[1][0]/(n[0][0]+n[1][0])))
			if most[d] == 0 || alone < most[d] {
				most[d] = alone
			}
		}
	}
	return most
}

// apartness counts the matches by whether two fields are apart.
func (m *matcher) apartness(t *tally, d, f int) (n [2][2]float64) {
	bit := func(l level, f int) int {
		if l == m.fields[f].kind.apart() {
			return 1
		}
		return 0
	}
	for i, p := range t.patterns {
		if x, y := p.at(d), p.at(f); x != absent && y != absent {
			n[bit(x, d)][bit(y, f)] += t.post[i] * t.weights[i]
		}
	}
	return n
}
