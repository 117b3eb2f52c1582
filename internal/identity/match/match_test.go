package match

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// town is a made-up set of people, several records each, with the number of the
// person as truth.
func town(seed uint64, people int) (names []string, rows [][]string, truth []string) {
	r := rand.New(rand.NewPCG(seed, 1))
	given := strings.Fields("robert william anna maria peter susan thomas elizabeth james mary david linda karen paul emma lucas nina oscar ruth simon")
	family := strings.Fields("smith jones taylor brown wilson evans walker wright hall green baker carter cooper ward morris bell murphy kelly foster shaw")
	towns := strings.Fields("leeds york bath derby truro exeter dover luton ripon wells")
	names = []string{"given", "family", "born", "town", "phone", "mail"}
	for p := range people {
		g, f := given[r.IntN(len(given))], family[r.IntN(len(family))]
		row := []string{
			g, f, fmt.Sprintf("19%02d-%02d-%02d", r.IntN(90), 1+r.IntN(12), 1+r.IntN(28)), towns[r.IntN(len(towns))],
			fmt.Sprintf("0%d", 1_000_000_000+r.IntN(900_000_000)), fmt.Sprintf("%s.%s%d@example.com", g, f, r.IntN(1000)),
		}
		for range 1 + r.IntN(4) {
			one := slices.Clone(row)
			for i, v := range one {
				switch r.IntN(12) {
				case 0:
					one[i] = ""
				case 1:
					at := r.IntN(len(v) - 1)
					one[i] = v[:at] + v[at+1:at+2] + v[at:at+1] + v[at+2:]
				case 2:
					one[i] = strings.ToUpper(v)
				}
			}
			rows = append(rows, one)
			truth = append(truth, fmt.Sprint(p))
		}
	}
	return names, rows, truth
}

func tableOf(names []string, rows [][]string) *Table {
	t := &Table{Rows: len(rows)}
	for i, name := range names {
		b := NewBuilder(name)
		for row, values := range rows {
			b.Set(row, []byte(values[i]))
		}
		t.Columns = append(t.Columns, b.Column(len(rows)))
	}
	return t
}

func TestPeopleAreFound(t *testing.T) {
	names, rows, truth := town(1, 700)
	found := Run(tableOf(names, rows), Config{})
	q := Evaluate(found.Of, truth)
	if q.F1 < 0.98 {
		t.Errorf("F1 %.4f (precision %.4f, recall %.4f), want 0.98", q.F1, q.Precision, q.Recall)
	}
	if found.People < 650 || found.People > 750 {
		t.Errorf("%d people, want about 700", found.People)
	}
}

// The same records, shuffled, and their columns shuffled and renamed, are the same people.
func TestOrderAndNamesMeanNothing(t *testing.T) {
	names, rows, _ := town(2, 500)
	for i := range rows { // no two rows alike, so that each is known again
		rows[i][4] += fmt.Sprint(i)
	}
	want := clusters(rows, Run(tableOf(names, rows), Config{}), names, names)
	r := rand.New(rand.NewPCG(3, 3))
	for range 3 {
		columns := r.Perm(len(names))
		renamed := make([]string, len(names))
		shuffled := make([][]string, len(rows))
		for i, at := range r.Perm(len(rows)) {
			for to, from := range columns {
				shuffled[i] = append(shuffled[i], rows[at][from])
				renamed[to] = fmt.Sprintf("c%d", to)
			}
		}
		back := make([]string, len(names))
		for to, from := range columns {
			back[from] = renamed[to]
		}
		got := clusters(shuffled, Run(tableOf(renamed, shuffled), Config{}), renamed, back)
		if !maps.Equal(got, want) {
			t.Fatalf("%d records are with others once shuffled", len(want)-common(got, want))
		}
	}
}

// clusters gives, for each record by its text, the least text of its person.
func clusters(rows [][]string, found *Result, names, order []string) map[string]string {
	text := func(row int) string {
		var b strings.Builder
		for _, name := range order {
			b.WriteString(rows[row][slices.Index(names, name)] + "|")
		}
		return b.String()
	}
	least := map[int32]string{}
	for row, of := range found.Of {
		if s, ok := least[of]; !ok || text(row) < s {
			least[of] = text(row)
		}
	}
	all := map[string]string{}
	for row, of := range found.Of {
		all[text(row)] = least[of]
	}
	return all
}

func common(a, b map[string]string) int {
	n := 0
	for k, v := range a {
		if b[k] == v {
			n++
		}
	}
	return n
}

func TestOddTables(t *testing.T) {
	wide := func(rows, columns int) [][]string {
		var all [][]string
		for i := range rows {
			row := make([]string, columns)
			for j := range row {
				row[j] = fmt.Sprintf("v%d", (i*31+j*17)%97)
			}
			all = append(all, row)
		}
		return all
	}
	numbered := func(n int) []string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		return names
	}
	same := func(n int, row ...string) [][]string { return slices.Repeat([][]string{row}, n) }
	for name, c := range map[string]struct {
		names  []string
		rows   [][]string
		people int // -1: any
	}{
		"empty":            {[]string{"a"}, nil, 0},
		"no columns":       {nil, [][]string{{}, {}}, 2},
		"one row":          {[]string{"a", "b"}, [][]string{{"x", "y"}}, 1},
		"all missing":      {[]string{"a", "b"}, same(50, "", "n/a"), 50},
		"all equal":        {[]string{"a", "b"}, same(300, "robert", "smith"), -1},
		"all distinct":     {numbered(2), [][]string{{"qwertz", "1"}, {"asdfgh", "22"}, {"yxcvbn", "333"}}, 3},
		"one column":       {[]string{"a"}, [][]string{{"smith"}, {"jones"}, {"smith"}, {"brown"}}, -1},
		"500 columns":      {numbered(500), wide(200, 500), -1},
		"10 MB cell":       {[]string{"a", "b"}, [][]string{{strings.Repeat("long text ", 1<<20), "x"}, {"short", "y"}, {"short", "z"}}, -1},
		"one value in all": {[]string{"a", "b"}, append(same(2000, "x", "only"), []string{"y", "other"}), -1},
	} {
		t.Run(name, func(t *testing.T) {
			found := Run(tableOf(c.names, c.rows), Config{})
			if len(found.Of) != len(c.rows) {
				t.Fatalf("%d rows of %d have a person", len(found.Of), len(c.rows))
			}
			if c.people >= 0 && found.People != c.people {
				t.Errorf("%d people, want %d", found.People, c.people)
			}
		})
	}
}

func TestLinkKeepsOneFileApart(t *testing.T) {
	names, rows, truth := town(4, 400)
	table := tableOf(names, rows)
	for i := range rows {
		table.Origin = append(table.Origin, uint16(i%2))
	}
	found := Run(table, Config{Link: true})
	of := map[int32][2]int{}
	for row, p := range found.Of {
		n := of[p]
		n[row%2]++
		of[p] = n
	}
	for p, n := range of {
		if n[0] > 1 || n[1] > 1 {
			t.Errorf("person %d has %v records of the two files", p, n)
		}
	}
	if q := Evaluate(found.Of, truth); q.Precision < 0.98 {
		t.Errorf("precision %.4f", q.Precision)
	}
}
