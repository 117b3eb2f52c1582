package people

import "slices"

// People come in blocks: each has as many people, and as many records of them, as the
// next, so that the place of a record tells whose it is without a table of all.
const (
	blockPeople  = 120
	blockRecords = 327
	lotPeople    = 6 // people who share households among them, within a block
)

// perPerson is how many of a block's people have 1, 2, 3 ... records.
var perPerson = [...]int{42, 30, 18, 11, 7, 4, 3, 2, 1, 1, 0, 1}

// slot is one record of a block.
type slot struct{ person, nth, of uint8 }

type layout struct{ slots []slot }

func newLayout() layout {
	var sizes []int
	for n, many := range perPerson {
		sizes = append(sizes, slices.Repeat([]int{n + 1}, many)...)
	}
	l := layout{slots: make([]slot, 0, blockRecords)}
	for i := range sizes {
		of := sizes[i*49%blockPeople] // spread, so that the beginning of a block is like the whole
		for nth := range of {
			l.slots = append(l.slots, slot{uint8(i), uint8(nth), uint8(of)}) //nolint:gosec // below 120
		}
	}
	return l
}

func (l layout) people(records int) int {
	n := records / blockRecords * blockPeople
	if rest := records % blockRecords; rest > 0 {
		n += int(l.slots[rest-1].person) + 1
	}
	return n
}

func (l layout) pairs(records int) int {
	n := 0
	for _, s := range l.slots {
		n += int(s.nth) // with each of those before it
	}
	n *= records / blockRecords
	for _, s := range l.slots[:records%blockRecords] {
		n += int(s.nth)
	}
	return n
}

// scatter says which of a block's people has a slot: others in each block, so that how
// many records people have does not depend on who they live with.
func (g *Generator) scatter(block, person int) int {
	d := g.dice(streamBlock, block)
	step := [...]int{7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47}[d.n(12)] // none divides 120
	return (person*step + d.n(blockPeople)) % blockPeople
}
