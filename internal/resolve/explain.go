package resolve

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Explanation is why two records are of one person, or of two. It holds no value of
// either but what Values asked for.
type Explanation struct {
	A           string  `json:"a"`
	B           string  `json:"b"`
	PersonA     string  `json:"person_a"`
	PersonB     string  `json:"person_b"`
	Same        bool    `json:"same"`
	Verdict     string  `json:"verdict"`
	Prior       float64 `json:"prior_bits"` // the odds of two records taken at random
	Fields      []Said  `json:"fields"`
	Kinship     float64 `json:"kinship_bits"` // taken off: the two could be related, and not one
	Bits        float64 `json:"bits"`
	Probability float64 `json:"probability"`
	Accept      float64 `json:"accept"`      // the probability from which on pairs are joined
	Needed      float64 `json:"needed_bits"` // the same in bits

	Compared    bool     `json:"compared"`
	AllCompared bool     `json:"all_compared"` // every pair of records was
	Rules       []string `json:"rules"`        // that propose the pair

	// Decided is what was decided of the two, or of who they are: same or different; empty: nothing.
	Decided string `json:"decided,omitempty"`

	Path  []Step     `json:"path,omitempty"`   // what joins them
	Sides *Sides     `json:"sides,omitempty"`  // how the people of two apart fit
	Turns []TurnedBy `json:"turns,omitempty"`  // fields that would turn it, were they the same
	Most  *TurnedBy  `json:"nearest,omitzero"` // where none would: the one that comes nearest
}

// Said is what one field says of the two being one.
type Said struct {
	Field   string  `json:"field"`
	Kind    string  `json:"kind"`
	Level   string  `json:"level"`
	Bits    float64 `json:"bits"`
	Rarity  float64 `json:"rarity_bits"`       // besides: the value is rarer, or more common, than most
	Follows string  `json:"follows,omitempty"` // a field whose agreement this one's follows from
	A       string  `json:"a,omitempty"`
	B       string  `json:"b,omitempty"`
}

// Missing reports whether one of the two does not say anything in the field.
func (s Said) Missing() bool { return s.Level == match.Missing }

// Step is one pair of the path that joins two records.
type Step struct {
	A           string  `json:"a"`
	B           string  `json:"b"`
	Bits        float64 `json:"bits"`
	Probability float64 `json:"probability"`
	Decided     bool    `json:"decided,omitzero"` // they are one whatever they say
}

// Sides is how all records of one person fit those of another, in bits.
type Sides struct {
	Pairs int     `json:"pairs"`
	Best  float64 `json:"best"`
	Mean  float64 `json:"mean"`
	Fit   float64 `json:"fit"`
}

// TurnedBy is a field, and the odds in bits if the two agreed in it.
type TurnedBy struct {
	Field string  `json:"field"`
	Bits  float64 `json:"bits"`
}

// Explain reads the files, finds who is who, and tells of two records, by their ids or
// places, why they are of one person or not. With values it tells what they say, too.
func Explain(ctx context.Context, c Config, a, b string, values bool) (*Explanation, error) {
	in, found, err := find(ctx, c, &watch{config: c, began: time.Now(), spent: map[string]float64{}})
	if err != nil {
		return nil, err
	}
	places := in.places()
	x, err := places.row("A", a)
	if err != nil {
		return nil, err
	}
	y, err := places.row("B", b)
	if err != nil {
		return nil, err
	}
	return in.explain(found, places, x, y, values), ctx.Err()
}

func (in *records) explain(found *match.Result, places *places, x, y int, values bool) *Explanation {
	people := in.people(found)
	why := found.Explain(x, y)
	e := &Explanation{A: places.name(x), B: places.name(y), PersonA: people[found.Of[x]], PersonB: people[found.Of[y]], Same: found.Of[x] == found.Of[y],
		Prior: why.Prior, Kinship: why.Kinship, Bits: why.Bits, Probability: why.Probability(), Compared: why.Compared, AllCompared: why.All, Rules: why.Rules}
	for _, w := range why.Weights {
		said := Said{Field: w.Field, Kind: w.Kind.String(), Level: w.Level, Bits: w.Bits, Rarity: w.Rarity, Follows: w.Follow}
		if values {
			said.A, said.B = in.values(x, w.Columns), in.values(y, w.Columns)
		}
		e.Fields = append(e.Fields, said)
	}
	slices.SortStableFunc(e.Fields, func(a, b Said) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.Field, b.Field))
	})
	e.Decided = in.decided.of(found, x, y)
	if found.Expected == nil {
		e.Verdict = e.uncompared(x == y)
		return e
	}
	e.Accept = found.Expected.Accept
	for _, p := range found.Path(x, y) {
		s := step(places, p)
		s.Decided = in.decided.has(in.decided.same, int(p.A), int(p.B))
		e.Path = append(e.Path, s)
	}
	sides := found.Between(x, y)
	e.Needed = found.Needed()
	if !e.Same {
		e.Sides = &Sides{sides.Pairs, sides.Best, sides.Mean, sides.Fit}
		if e.Bits < e.Needed && e.Decided == "" {
			e.turn(why.Weights)
		}
	}
	e.Verdict = e.verdict(x == y, sides.Apart)
	return e
}

// values is what a record says in some columns, of which a snapshot may name some that are
// not there.
func (in *records) values(row int, columns []string) string {
	var all []string
	for _, name := range columns {
		if at, ok := in.names[name]; ok {
			all = append(all, in.columns[at].At(row))
		}
	}
	return strings.Join(all, " ")
}

// weight is how much a field says, for or against.
func (s Said) weight() float64 { return max(s.Bits+s.Rarity, -s.Bits-s.Rarity) }

// turn finds the fields that would be enough, if the two agreed in one of them.
func (e *Explanation) turn(weights []match.Weight) {
	var all []TurnedBy
	for _, w := range weights {
		if w.Would > e.Bits {
			all = append(all, TurnedBy{w.Field, w.Would})
		}
	}
	slices.SortStableFunc(all, func(a, b TurnedBy) int {
		return cmp.Or(cmp.Compare(b.Bits, a.Bits), cmp.Compare(a.Field, b.Field))
	})
	for _, t := range all {
		if t.Bits >= e.Needed {
			e.Turns = append(e.Turns, t)
		}
	}
	if len(e.Turns) == 0 && len(all) > 0 {
		e.Most = &all[0]
	}
}

// verdict is the whole in one sentence.
func (e *Explanation) verdict(one, apart bool) string {
	switch {
	case one:
		return "the two are one record"
	case e.Decided == "same" && len(e.Path) <= 1:
		return "one person, by decision"
	case e.Decided == "same":
		return fmt.Sprintf("one person, by way of %s and of what was decided", several(len(e.Path)-1, "other record"))
	case e.Decided == "different":
		return "two people, by decision"
	case e.Same && e.Compared && e.Bits >= e.Needed:
		return "one person: the pair itself says enough"
	case e.Same && len(e.Path) > 0:
		weakest := slices.MinFunc(e.Path, func(a, b Step) int { return cmp.Compare(a.Bits, b.Bits) })
		return fmt.Sprintf("one person, by way of %s: the weakest pair on the way has %.1f bits", several(len(e.Path)-1, "other record"), weakest.Bits)
	case e.Same:
		return "one person, and not because of what the records say"
	case apart:
		return "two people: only records of different files can be one, and theirs would have two of one file"
	case !e.Compared && e.Bits < e.Needed:
		return fmt.Sprintf("two people: no rule proposed the pair, so it was never compared; it would be %s bits short", lacking(e.Needed-e.Bits))
	case !e.Compared:
		return "two people: no rule proposed the pair, so it was never compared, though it says enough"
	case e.Bits < e.Needed:
		return fmt.Sprintf("two people: the pair is %s bits short of what is accepted", lacking(e.Needed-e.Bits))
	case e.Sides.Fit < e.Needed:
		return fmt.Sprintf("two people: the pair says enough, but their sides do not fit: mean %.1f bits across %s", e.Sides.Mean, several(e.Sides.Pairs, "pair"))
	}
	return "two people: the pair says enough, but when it was its turn their sides did not fit"
}

// uncompared is the verdict where no two records were compared.
func (e *Explanation) uncompared(one bool) string {
	switch {
	case one:
		return "the two are one record"
	case e.Decided == "same":
		return "one person, by decision"
	case e.Decided == "different":
		return "two people, by decision"
	case e.Same:
		return "one person: all records say the same"
	}
	return "nothing was compared: there are too few records, or no column tells them apart"
}

func lacking(bits float64) string {
	if bits < 0.05 {
		return "under 0.1"
	}
	return fmt.Sprintf("%.1f", bits)
}

func several(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// places tell which record is meant.
type places struct {
	in    *records
	rows  map[string][]int // by id
	nth   []int            // by row: how many before it, and itself, have its id
	start []int            // by file: its first row
}

func (in *records) places() *places {
	p := &places{in: in, rows: map[string][]int{}, nth: make([]int, in.rows), start: in.starts()}
	for row := range in.rows {
		id := in.id(row)
		p.rows[id] = append(p.rows[id], row)
		p.nth[row] = len(p.rows[id])
	}
	return p
}

// starts gives the first row of each file.
func (in *records) starts() []int {
	start := make([]int, len(in.config.Files))
	file := 0
	for row, of := range in.origin {
		for ; file <= int(of); file++ {
			start[file] = row
		}
	}
	for ; file < len(start); file++ {
		start[file] = in.rows
	}
	return start
}

// place is the file that a row is of, and its number there.
func (in *records) place(row int) string {
	file := in.origin[row]
	first, _ := slices.BinarySearch(in.origin, file) // rows are in order of their files
	return fmt.Sprintf("%s:%d", filepath.Base(in.config.Files[file]), row-first+1)
}

// name is what a row is called by: of rows whose id is one, the second is id#2; one
// without an id goes by its place.
func (p *places) name(row int) string {
	id := p.in.id(row)
	if id == "" {
		return p.in.place(row)
	}
	if len(p.rows[id]) > 1 {
		return fmt.Sprintf("%s#%d", id, p.nth[row])
	}
	return id
}

// row finds the record of an id, of one of several that share it (id#2), or of a row of
// a file (contacts.csv:12). An id is not told again in a fault: it may be personal data.
func (p *places) row(argument, named string) (int, error) {
	if rows := p.rows[named]; len(rows) == 1 && named != "" {
		return rows[0], nil
	} else if len(rows) > 1 {
		return 0, errs.New("resolve_record_ambiguous", fmt.Sprintf("%d records have this id", len(rows))).At(argument).
			Fix(fmt.Sprintf("write the id with #1 to #%d behind it, or a file and its row like contacts.csv:12", len(rows)))
	}
	if at := strings.LastIndexByte(named, '#'); at > 0 {
		if n, err := strconv.Atoi(named[at+1:]); err == nil && n >= 1 && n <= len(p.rows[named[:at]]) {
			return p.rows[named[:at]][n-1], nil
		}
	}
	if at := strings.LastIndexByte(named, ':'); at > 0 {
		n, err := strconv.Atoi(named[at+1:])
		for i, file := range p.in.config.Files {
			end := p.in.rows
			if i+1 < len(p.start) {
				end = p.start[i+1]
			}
			if err == nil && n >= 1 && n <= end-p.start[i] && (file == named[:at] || filepath.Base(file) == named[:at]) {
				return p.start[i] + n - 1, nil
			}
		}
	}
	mend := "write an id of the column that --id names, or a file and its row like contacts.csv:12"
	if p.in.config.ID == "" {
		mend = fmt.Sprintf("write a row's number from 1 to %d, a file and its row like contacts.csv:12, or name the column of ids with --id", p.in.rows)
	}
	return 0, errs.New("resolve_record_unknown", "no record is called that").At(argument).Fix(mend)
}
