package match

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

func TestDecisionsAreObeyed(t *testing.T) {
	names, rows, _ := town(5, 200)
	table := tableOf(names, rows)
	free := Run(table, Config{})
	var one, two [2]int32 // two strangers, and two that are one
	for row, of := range free.Of {
		if int(of) != row {
			two = [2]int32{of, int32(row)}
		} else if row > 0 && of != 0 {
			one = [2]int32{0, int32(row)}
		}
	}
	found := Run(table, Config{Same: [][2]int32{one}, Different: [][2]int32{two}})
	if found.Of[one[0]] != found.Of[one[1]] {
		t.Error("rows that are decided to be one are two")
	}
	if found.Of[two[0]] == found.Of[two[1]] {
		t.Error("rows that are decided to be two are one")
	}
	if best := found.Best[one[1]]; best.With != one[0] || best.Probability() != 1 || found.Why(int(one[1])) != "decided" {
		t.Errorf("a decision is told as %+v, %q", best, found.Why(int(one[1])))
	}
}

// What is decided to be two stays two through all that would join it: each of three that
// say the same is of one of the two.
func TestDecisionsHoldForPeople(t *testing.T) {
	rows := [][]string{{"anna jones", "york"}, {"anna jones", "york"}, {"anna jones", "york"}, {"bob hall", "leeds"}, {"zoe park", "bath"}}
	names := []string{"name", "town"}
	found := Run(tableOf(names, rows), Config{Different: [][2]int32{{0, 1}}})
	if found.Of[0] == found.Of[1] {
		t.Errorf("%v: 0 and 1 are two", found.Of)
	}
	found = Run(tableOf(names, rows), Config{Same: [][2]int32{{3, 4}, {4, 0}}, Different: [][2]int32{{3, 1}}})
	if of := found.Of; of[0] != of[3] || of[0] != of[4] || of[1] == of[0] {
		t.Errorf("%v: 0, 3 and 4 are one, and 1 is not of it", of)
	}
	// Where all say the same there is nothing to compare, and decisions count still.
	found = Run(tableOf(names, rows[:3]), Config{Different: [][2]int32{{0, 1}}})
	if of := found.Of; of[0] == of[1] || found.People != 2 {
		t.Errorf("%v, %d people", of, found.People)
	}
}

// Of two files, two rows of one that say the same compete for one of the other: their
// ids decide, not where they stand.
func TestRowsThatSayTheSameAreToldApartByKey(t *testing.T) {
	var rows [][]string
	var origin []uint16
	var key []uint64
	for i := range 60 {
		v := []string{fmt.Sprintf("name%c%c", 'a'+i%7, 'a'+i%11), fmt.Sprintf("1970-%02d-%02d", 1+i%12, 1+i%28)}
		for n := range 3 {
			rows, origin, key = append(rows, v), append(origin, uint16(n%2)), append(key, uint64(1000*i+n)*0x9e3779b97f4a7c15)
		}
	}
	joined := func(order []int) map[string]bool {
		table := &Table{Rows: len(rows)}
		given, born := NewBuilder("a"), NewBuilder("b")
		for to, from := range order {
			given.Set(to, []byte(rows[from][0]))
			born.Set(to, []byte(rows[from][1]))
			table.Origin, table.Key = append(table.Origin, origin[from]), append(table.Key, key[from])
		}
		table.Columns = []Column{given.Column(len(rows)), born.Column(len(rows))}
		found := Run(table, Config{Link: true})
		all := map[string]bool{}
		for to, of := range found.Of {
			if int(of) != to {
				a, b := order[of], order[to]
				all[fmt.Sprint(min(a, b), " ", max(a, b))] = true
			}
		}
		return all
	}
	straight := make([]int, len(rows))
	for i := range straight {
		straight[i] = i
	}
	want := joined(straight)
	if len(want) < 50 {
		t.Fatalf("only %d of 60 are linked", len(want))
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 5 {
		if got := joined(r.Perm(len(rows))); !maps.Equal(got, want) {
			t.Fatal("other rows are linked once shuffled")
		}
	}
}

// Of very many rows that say the same, each is of the person of the others, as long as what
// they say tells people apart.
func TestVeryManyCopies(t *testing.T) {
	names, rows, _ := town(6, 300)
	first := slices.Clone(rows[0])
	at := len(rows)
	for range 5_000 {
		rows = append(rows, first)
	}
	found := Run(tableOf(names, rows), Config{})
	for row := at; row < len(rows); row++ {
		if found.Of[row] != found.Of[0] {
			t.Fatalf("copy %d is of another person", row-at)
		}
		if int(found.Best[row].With) == row || found.Why(row) == "" {
			t.Fatalf("copy %d has no reason", row-at)
		}
	}
	if found.People < 250 || found.People > 350 {
		t.Errorf("%d people, want about 300", found.People)
	}
	if r := found.Explain(0, len(rows)-1); r.Bits < 1 {
		t.Errorf("a copy is explained by %.1f bits", r.Bits)
	}
}

func TestNoRowsHaveNoPairs(t *testing.T) {
	if n := Run(tableOf([]string{"a"}, nil), Config{}).Possible(); n != 0 || math.Signbit(n) {
		t.Errorf("%v pairs of no rows", n)
	}
}

func TestAllEqual(t *testing.T) {
	found := Run(tableOf([]string{"a", "b"}, slices.Repeat([][]string{{"Robert", ""}}, 1000)), Config{})
	if found.People != 1 || found.Best[7].Ground != AllEqual || found.Best[0].With == 0 {
		t.Errorf("%d people, %+v", found.People, found.Best[7])
	}
	if found := Run(tableOf([]string{"a"}, slices.Repeat([][]string{{"n/a"}}, 10)), Config{}); found.People != 10 {
		t.Errorf("nothing is known of 10 records, which are %d people", found.People)
	}
}

// A run that is told to stop gives nothing, whenever that is, and soon.
func TestStop(t *testing.T) {
	names, rows, _ := town(7, 600)
	var asked atomic.Int64
	if Run(tableOf(names, rows), Config{Stop: func() bool { asked.Add(1); return false }}) == nil {
		t.Fatal("it stopped on its own")
	}
	all := asked.Load()
	if all < 20 {
		t.Errorf("it asked %d times whether to stop", all)
	}
	for _, at := range []int64{0, 1, 5, all / 4, all / 2, 3 * all / 4} {
		asked.Store(0)
		found := Run(tableOf(names, rows), Config{Stop: func() bool { return asked.Add(1) > at }})
		if found != nil {
			t.Errorf("told to stop at question %d of %d, it went on to the end", at, all)
		}
	}
}

func TestProgressReachesTheEnd(t *testing.T) {
	names, rows, _ := town(8, 900)
	phase, most := "", map[string][2]int{}
	Run(tableOf(names, rows), Config{Phase: func(name string) { phase = name }, Progress: func(done, of int) {
		if done > of {
			t.Errorf("%d of %d", done, of)
		}
		most[phase] = [2]int{max(done, most[phase][0]), of}
	}})
	if n := most["compare"]; n[0] == 0 {
		t.Errorf("no pair was told of while comparing: %v", most)
	}
}

// A text of a million words costs no more than its length.
func TestHugeTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var rows [][]string
	for range 8 {
		var b strings.Builder
		for range 50_000 {
			fmt.Fprintf(&b, "w%d ", r.IntN(10_000_000))
		}
		rows = append(rows, []string{b.String(), fmt.Sprint(r.IntN(3))})
	}
	if found := Run(tableOf([]string{"text", "n"}, rows), Config{}); found.People != 8 {
		t.Errorf("%d people, want 8", found.People)
	}
}
