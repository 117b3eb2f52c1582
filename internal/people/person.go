package people

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

// date is a day of birth.
type date struct{ year, month, day int }

func (d date) String() string {
	return digits(d.year, 4) + "-" + digits(d.month, 2) + "-" + digits(d.day, 2)
}

func birthday(d *dice, year int) date {
	month := 1 + d.n(12)
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	return date{year, month, 1 + d.n(days)}
}

// home is a household: who lives there is told by the numbers of people alone.
type home struct {
	first, size int // its people have numbers from first on
	nation      *nation
	family      string
	mother      string // the family that the head's partner was born into
	lone        bool   // a parent alone
	headSex     int
	headYear    int
	twins       bool // the first two children are
	namesakes   bool // the first child has the father's given name
}

// partings are the ways in which the people of a lot live together.
var partings = [][]int{{2, 2, 2}, {2, 4}, {4, 2}, {3, 3}, {6}, {2, 2, 2}, {5, 1}, {4, 2}}

// home finds the household of a person, and which of its people they are.
func (g *Generator) home(index int) (h home, member int) {
	lot := index / lotPeople
	h.first, h.size = index, 1
	if d := g.dice(streamLot, lot); d.chance(g.settings.Rates[Household]) {
		at := lot * lotPeople
		for _, size := range pick(&d, partings) {
			if index < at+size {
				h.first, h.size = at, size
				break
			}
			at += size
		}
	}
	d := g.dice(streamHome, h.first)
	h.nation = g.nations[g.shares.draw(&d)]
	h.family, h.mother = h.nation.family(&d), h.nation.family(&d)
	h.headSex = d.n(2)
	h.lone = d.chance(0.25) && h.size < 5
	h.headYear = 1938 + d.n(62)
	if h.children() > 0 {
		h.headYear = 1938 + d.n(48)
		h.namesakes = d.chance(g.settings.Rates[FatherAndSon])
		h.twins = d.chance(g.settings.Rates[Twin]) && h.children() > 1
		if h.namesakes {
			h.headSex = male
		}
	}
	return h, index - h.first
}

func (h *home) children() int {
	if h.lone {
		return h.size - 1
	}
	return max(h.size-2, 0)
}

// child tells which child a member is, from 0; below 0: none.
func (h *home) child(member int) int { return member - (h.size - h.children()) }

// person is who someone truly is.
type person struct {
	home
	index         int
	sex           int
	given, second string // second: empty for most
	family        string
	married       string // the family name after a marriage
	birth         date
	twin, junior  bool // of a pair of twins; of a father and a son of one name
	employed      bool
	employer      string
	dice          dice // for what is drawn of them from here on
}

// person makes up a person.
func (g *Generator) person(index int) person {
	h, member := g.home(index)
	p := person{home: h, index: index, dice: g.dice(streamPerson, index)}
	d, n, child := &p.dice, h.nation, h.child(member)
	p.sex = d.n(2)
	family := h.family
	switch {
	case member == 0:
		p.sex = h.headSex
		p.birth = birthday(d, h.headYear)
		p.junior = h.namesakes
	case child < 0:
		if p.sex = 1 - h.headSex; d.chance(0.03) {
			p.sex = h.headSex
		}
		if p.birth = birthday(d, h.headYear-3+d.n(7)); n.keepsName || d.chance(0.2) {
			family = h.mother
		}
	default:
		p.twin = h.twins && child < 2
		if p.junior = h.namesakes && child == 0; p.junior {
			p.sex = male
		}
		p.birth = g.childBirth(&h, child)
	}
	p.given = g.givenName(&p, child)
	if d.chance(0.25) {
		p.second = n.given[p.sex][n.givenRanks[p.sex].draw(d)]
	}
	p.family, p.married = n.familyOf(family, p.sex), n.familyOf(n.family(d), p.sex)
	if n.two {
		p.family = twoNames(d, &p, family, child)
	}
	p.employed = p.birth.year < 2005 && d.chance(0.7)
	p.employer = n.firms[n.firmRanks.draw(d)]
	return p
}

// twoNames gives father's and mother's family; brothers and sisters have the same.
func twoNames(d *dice, p *person, family string, child int) string {
	if child >= 0 {
		return family + " " + p.mother
	}
	return family + " " + p.nation.family(d)
}

// childBirth spaces the children of a household; twins have one day.
func (g *Generator) childBirth(h *home, child int) date {
	if h.twins && child == 1 {
		child = 0
	}
	d := g.dice(streamBirth, h.first*lotPeople+child)
	return birthday(&d, h.headYear+20+d.n(8)+child*3)
}

// givenName draws a given name. A namesake has the father's, and of twins the younger
// another than the elder.
func (g *Generator) givenName(p *person, child int) string {
	if p.junior {
		return g.nameAt(p, p.first, male, 0)
	}
	name := g.nameAt(p, p.index, p.sex, 0)
	if p.twin && child == 1 {
		elder := g.person(p.index - 1).given
		for again := 1; name == elder; again++ {
			name = g.nameAt(p, p.index, p.sex, again)
		}
	}
	return name
}

func (g *Generator) nameAt(p *person, index, sex, again int) string {
	d := g.dice(streamGiven, index+again*MostRecords)
	return p.nation.given[sex][p.nation.givenRanks[sex].draw(&d)]
}

// mail is a person's e-mail address: before or after a change of it. No two people have
// the same, and no two of a person share a number.
func (g *Generator) mail(p *person, changed int) string {
	d := g.dice(streamMails, p.index*2+changed)
	b := make([]byte, 0, 96)
	switch d.n(5) {
	case 0:
		b = appendLocal(append(appendLocal(b, p.given), '.'), p.family)
	case 1:
		b = appendLocal(appendLocal(b, p.given)[:1], p.family)
	case 2:
		b = appendLocal(append(appendLocal(b, p.family), '.'), p.given)
	case 3:
		b = appendLocal(b, p.given)
	default:
		b = append(appendLocal(append(appendLocal(b, p.given), '_'), p.family), '.')
	}
	b = strconv.AppendUint(b, g.mails.at(uint64(p.index*2+changed)), 10) //nolint:gosec // a count
	return string(append(append(b, '@'), pick(&d, mailHosts[:])...))
}

var mailHosts = [...]string{"mail.example.com", "post.example.net", "inbox.example.org", "example.com", "webmail.example.net", "example.org", "mail.example.net"}

// appendLocal appends what a plain address has of a name.
func appendLocal(b []byte, name string) []byte {
	if !ascii(name) {
		name = plainLetters.Replace(name)
	}
	for _, c := range []byte(name) {
		if low := c | 0x20; low >= 'a' && low <= 'z' {
			b = append(b, low)
		}
	}
	return b
}

// The telephones of a person by use.
const (
	ownPhone = iota
	newPhone
	housePhone
	phonesEach
)

func (g *Generator) phone(p *person, use int) string {
	index := p.index
	if use == housePhone {
		index = p.first
	}
	return p.nation.phone(int(g.phones.at(uint64(index*phonesEach + use)))) //nolint:gosec // counts
}
