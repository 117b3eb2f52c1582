package match

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// level is how far two values of a field agree: 0 where one of them is missing, 1
// where they are the same, up to the last of its kind, where they do not agree.
type level = uint8

// mostLevels of a field fit a pattern's three bits.
const (
	levelBits  = 3
	mostLevels = 1 << levelBits
	mostFields = 64 / levelBits
)

// The levels that all kinds share.
const (
	absent level = 0
	same   level = 1
)

// levels gives the names of a kind's levels, from missing to apart.
func (k Kind) levels() []string {
	switch k {
	case Name:
		return []string{Missing, "same", "nickname or sound", "one edit", "similar", "initial or beginning", "swapped", "apart"}
	case Text:
		return []string{Missing, "same", "same words", "most words", "many words", "some words", "few words", "apart"}
	case Code, Phone:
		return []string{Missing, "same", "one edit", "two edits", "same beginning or end", "near in number", "apart"}
	case Date:
		return []string{Missing, "same", "one edit or swapped", "two parts", "same year or near", "apart"}
	case Email:
		return []string{Missing, "same", "same before @", "one or two edits", "similar before @", "apart"}
	case Number:
		return []string{Missing, "same", "within 1%", "within 5%", "within 20%", "apart"}
	}
	return nil
}

// apart is the level of values that do not agree.
func (k Kind) apart() level {
	if k.IsCustom() {
		return level(k - firstCustom)
	}
	return level(len(k.levels()) - 1)
}

// Levels gives the names of a kind's levels where a value is given, from the same to apart.
func (k Kind) Levels() []string {
	if k == Skipped || k.IsCustom() {
		return nil
	}
	return k.levels()[1:]
}

// compare gives the level of two values, by code, that are given and not the same. The
// lesser code comes first: codes are numbered by what the rows say alone.
func (f *field) compare(a, b uint32) level {
	switch f.kind {
	case Name:
		return f.compareNames(a, b)
	case Text:
		return f.compareTexts(a, b)
	case Code, Phone:
		return f.compareCodes(a, b)
	case Date:
		return f.compareDates(a, b)
	case Email:
		return f.compareEmails(a, b)
	case Number:
		return f.compareNumbers(a, b)
	}
	return f.kind.apart()
}

func (f *field) compareNames(a, b uint32) level {
	g, h := &f.looks[a], &f.looks[b]
	if g.known && h.known && sameName(f.names[a], f.names[b]) {
		return 2
	}
	if g.size == 1 || h.size == 1 {
		if g.begin[0] == h.begin[0] {
			return 5
		}
		return 7
	}
	// Values that differ in many letters are not alike, by any measure below.
	if g.differ(h) > (int(g.size)+int(h.size)+1)/2 {
		return 7
	}
	x, y := f.squash[a], f.squash[b]
	short := min(len(x), len(y))
	d := 3
	if g.differ(h) <= 5 { // two edits change four letters, and one value may have spaces
		d = edits(x, y, 2)
	}
	alike := f.sounds[a] == f.sounds[b] && f.sounds[a] != 0
	switch {
	case d == 0, alike && d <= 1 && short >= 3:
		return 2
	case d == 1 && short >= 3:
		return 3
	}
	jw := atMostAlike(x, y, g.mask&^spaces, h.mask&^spaces)
	if jw >= 0.75 {
		jw = jaroWinkler(x, y)
	}
	switch {
	case jw >= 0.94 && short >= 4:
		return 3
	case d == 2 && short >= 6, jw >= 0.88, alike && jw >= 0.75:
		return 4
	case short >= 3 && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)):
		return 5
	case (len(x) < len(f.norm[a]) || len(y) < len(f.norm[b])) && sharesWord(f.norm[a], f.norm[b]):
		return 4
	}
	return 7
}

// sharesWord reports whether two values have a word of three letters or more in common.
func sharesWord(a, b string) bool {
	if !strings.Contains(a, " ") && !strings.Contains(b, " ") || len(a)+len(b) > 512 { // that long is no name
		return false
	}
	for _, w := range strings.Fields(a) {
		if len(w) >= 3 && strings.Contains(" "+b+" ", " "+w+" ") {
			return true
		}
	}
	return false
}

func (f *field) compareCodes(a, b uint32) level {
	g, h := &f.looks[a], &f.looks[b]
	near := g.differ(h) <= 4
	if !near && g.begin != h.begin && g.end != h.end && (g.size > 4 || h.size > 4) {
		return 6
	}
	x, y := f.norm[a], f.norm[b]
	short := min(len(x), len(y))
	d := 3
	if near {
		d = edits(x, y, 2)
	}
	switch {
	case d == 1 && short >= 3:
		return 2
	case d == 2 && short >= 6:
		return 3
	case short >= 4 && (ends(x, y, (short+2)/2)):
		return 4
	}
	if len(x) <= 4 && len(y) <= 4 && allDigits(x) && allDigits(y) {
		n, m := atoi(x), atoi(y)
		if gap := max(n-m, m-n); gap <= 2 || gap*20 <= max(n, m) {
			return 5
		}
	}
	return 6
}

// ends reports whether two values begin or end with the same n bytes.
func ends(x, y string, n int) bool {
	return x[:n] == y[:n] || x[len(x)-n:] == y[len(y)-n:]
}

func (f *field) compareDates(a, b uint32) level {
	x, y := f.days[a], f.days[b]
	if x.year == 0 || y.year == 0 {
		if edits(f.norm[a], f.norm[b], 1) <= 1 {
			return 2
		}
		return 5
	}
	if x.year == y.year && x.month == y.day && x.day == y.month || oneEdit(f.digits[a], f.digits[b]) {
		return 2
	}
	parts := 0
	for _, equal := range [...]bool{x.year == y.year, x.month == y.month, x.day == y.day} {
		if equal {
			parts++
		}
	}
	gap := x.ordinal() - y.ordinal()
	switch {
	case parts == 2:
		return 3
	case x.year == y.year, gap < 90 && gap > -90:
		return 4
	}
	return 5
}

// oneEdit reports whether of eight digits at most one differs, or two neighbours are swapped.
func oneEdit(x, y [8]byte) bool {
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] {
		i++
	}
	return i >= len(x)-1 || string(x[i+1:]) == string(y[i+1:])
}

func (f *field) compareEmails(a, b uint32) level {
	if f.looks[a].differ(&f.looks[b]) > 6 {
		return 5
	}
	x, y := f.norm[a], f.norm[b]
	p, d, _ := strings.Cut(x, "@")
	q, e, _ := strings.Cut(y, "@")
	switch {
	case p == q && len(p) >= 3:
		return 2
	case d == e && edits(p, q, 2) <= 2 && min(len(p), len(q)) >= 5, edits(x, y, 1) == 1:
		return 3
	case jaroWinkler(p, q) >= 0.9 && min(len(p), len(q)) >= 4:
		return 4
	}
	return 5
}

// compareTexts goes by how much of the two values' weight lies in words that they
// share, or that are alike.
func (f *field) compareTexts(a, b uint32) level {
	differ := f.looks[a].mask ^ f.looks[b].mask
	if differ&^spaces == 0 && f.squash[a] == f.squash[b] {
		return 2
	}
	s := f.overlap(f.words[a], f.words[b])
	if s < 0.9 && bits.OnesCount64(differ) <= 8 {
		if x, y := f.squash[a], f.squash[b]; len(x) <= 64 && len(y) <= 64 {
			long := max(len(x), len(y))
			if d := edits(x, y, long/4); d <= long/4 {
				s = max(s, 1-2*float32(d)/float32(long))
			}
		}
	}
	switch {
	case s >= 0.95:
		return 2
	case s >= 0.8:
		return 3
	case s >= 0.6:
		return 4
	case s >= 0.4:
		return 5
	case s >= 0.2:
		return 6
	}
	return 7
}

// overlap is the cosine of two texts' words, where words that are alike count in part.
func (f *field) overlap(a, b []word) float32 {
	if slices.CompareFunc(a, b, func(v, w word) int { return cmp.Compare(v.id, w.id) }) > 0 {
		a, b = b, a // which comes first must not depend on the other rows
	}
	var s float32
	var leftA, leftB [mostWords]word
	n, m := 0, 0
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case j == len(b) || i < len(a) && a[i].id < b[j].id:
			leftA[n] = a[i]
			n++
			i++
		case i == len(a) || b[j].id < a[i].id:
			leftB[m] = b[j]
			m++
			j++
		default:
			s += a[i].weight * b[j].weight
			i++
			j++
		}
	}
	if n == 0 || m == 0 {
		return s
	}
	var others [mostWords]glance
	for j, w := range leftB[:m] {
		others[j] = f.glances[w.id]
	}
	var used uint32
	for _, v := range leftA[:n] {
		g := f.glances[v.id]
		best, at := float32(0), -1
		for j, w := range leftB[:m] {
			if used&(1<<j) != 0 || g.unlike(others[j]) {
				continue
			}
			if q := f.alike(v.id, w.id) * w.weight; q > best {
				best, at = q, j
			}
		}
		if at >= 0 {
			used |= 1 << at
			s += v.weight * best
		}
	}
	return s
}

// glance is what tells most words that are not alike apart.
type glance struct {
	letters uint64 // which it has
	first   byte
	known   bool // it may stand for a name in full
}

func (g glance) unlike(o glance) bool {
	return g.first != o.first && !g.known && bits.OnesCount64(g.letters^o.letters) > 4
}

// alike is how far two words that are not the same count as one.
func (f *field) alike(a, b uint32) float32 {
	v, w := f.glances[a].letters, f.glances[b].letters
	differ := bits.OnesCount64(v ^ w)
	x, y := f.spelt[a], f.spelt[b]
	if len(x) > len(y) {
		x, y, v, w = y, x, w, v
	}
	switch {
	case sameName(f.known[a], f.known[b]):
		return 0.9
	case len(x) == 1:
		if x[0] == y[0] && y[0] > '9' {
			return 0.7
		}
		return 0
	case x[0] <= '9' || y[0] <= '9':
		return 0
	case strings.HasPrefix(y, x) && len(x) >= 3:
		return 0.8
	case len(y) >= 4 && differ <= 2 && edits(x, y, 1) <= 1:
		return 0.9
	case len(y) >= 8 && differ <= 4 && edits(x, y, 2) <= 2:
		return 0.8
	case x[0] == y[0] && len(x) >= 2 && atMostAlike(x, y, v, w) >= 0.9 && jaroWinkler(x, y) >= 0.9:
		return 0.7
	}
	return 0
}
