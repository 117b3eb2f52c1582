package people

import (
	"slices"
	"strings"
)

// country is what is commonly known of one: lists are comma-separated, the most
// frequent first.
type country struct {
	code           string
	share          float64 // of all people, beside the others
	female, male   string  // given names
	families       string
	fronts, backs  string   // of the many families that are few: any front with any back
	towns          []string // name|region|postcode, # a digit and @ a letter
	streets        string   // whole
	stems, ways    string   // of more streets: any stem with any way, where % stands
	short          []string // how ways are written short: long, short, long, short ...
	titles         [2]string
	firms          string // what a firm's name ends with
	calling, trunk string // prefixes of telephones from abroad and at home
	mobiles        string // what numbers begin with; eight digits follow, or seven after an area of three
	grouping       []int  // how digits stand together
	keepsName      bool   // marriage changes no name
	two            bool   // a person has two family names, the father's and the mother's
	feminine       string // endings of families, of men and of women: ski,ska
	id             func(d *dice, number int, p *person) string
	nicknames      string // Given=Nick Nick,...
}

// Countries are the ISO codes of those whose people can be made up.
func Countries() []string {
	var codes []string
	for _, c := range atlas() {
		codes = append(codes, c.code)
	}
	return codes
}

// Lists are names and places of a country, for worlds that are made up elsewhere.
type Lists struct {
	Given, Families []string // in the order of the alphabet
	Streets         []string
	Towns           []Place
}

// Place is a town and the letters that its postcodes begin with.
type Place struct{ Town, Area string }

// Britain are those of Great Britain. The demo's world changes with them.
func Britain() Lists {
	c := britain()
	l := Lists{Given: append(list(c.female), list(c.male)...), Families: list(c.families), Streets: list(c.streets)}
	slices.Sort(l.Given)
	slices.Sort(l.Families)
	for _, t := range c.places() {
		area, _, _ := strings.Cut(t.postcode, "#")
		l.Towns = append(l.Towns, Place{t.name, area})
	}
	return l
}

type town struct{ name, region, postcode string }

// nation is a country made ready to draw from.
type nation struct {
	*country
	given       [2][]string // by sex
	givenRanks  [2]ranks
	families    []string
	familyRanks ranks
	rare        []string
	towns       []town
	townRanks   ranks
	streets     []string
	firms       []string
	firmRanks   ranks
	titles      [2][]string
	mobiles     []string
	nicknames   map[string][]string
	short       *strings.Replacer
	suffixes    [2][]string
}

// The sexes, as places in lists.
const (
	female = iota
	male
)

func newNation(c *country) *nation {
	n := &nation{country: c, families: list(c.families), streets: list(c.streets),
		mobiles: list(c.mobiles), short: strings.NewReplacer(c.short...), nicknames: map[string][]string{}}
	for sex, names := range [2]string{c.female, c.male} {
		n.given[sex], n.titles[sex], n.suffixes[sex] = list(names), list(c.titles[sex]), nil
		n.givenRanks[sex] = zipf(len(n.given[sex]), 0.8)
	}
	if men, women, ok := strings.Cut(c.feminine, ","); ok {
		n.suffixes = [2][]string{strings.Fields(women), strings.Fields(men)}
	}
	n.familyRanks = zipf(len(n.families), 0.75)
	for _, front := range strings.Split(c.fronts, ", ") {
		for _, back := range list(c.backs) {
			if strings.HasSuffix(front, " ") { // a word of its own
				back = strings.ToUpper(back[:1]) + back[1:]
			}
			n.rare = append(n.rare, front+back)
		}
	}
	n.towns = c.places()
	n.townRanks = zipf(len(n.towns), 0.7)
	for _, way := range list(c.ways) {
		for _, stem := range list(c.stems) {
			n.streets = append(n.streets, strings.Replace(way, "%", stem, 1))
		}
	}
	for _, end := range list(c.firms) {
		for _, family := range n.families[len(n.families)/2:] { // not the names of very many
			n.firms = append(n.firms, family+" "+end)
		}
	}
	n.firmRanks = zipf(len(n.firms), 0.6)
	for _, pair := range list(c.nicknames) {
		name, nicks, _ := strings.Cut(pair, "=")
		n.nicknames[name] = strings.Fields(nicks)
	}
	return n
}

func (c *country) places() (towns []town) {
	for _, t := range c.towns {
		parts := strings.Split(t, "|")
		towns = append(towns, town{parts[0], parts[1], parts[2]})
	}
	return towns
}

// list reads comma-separated names.
func list(s string) []string {
	if s == "" {
		return nil
	}
	all := strings.Split(s, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// rareFamilies is the share of families whose name is none of the common ones.
const rareFamilies = 0.4

func (n *nation) family(d *dice) string {
	if d.chance(rareFamilies) {
		return pick(d, n.rare)
	}
	return n.families[n.familyRanks.draw(d)]
}

// familyOf is how a person of a sex bears a family's name.
func (n *nation) familyOf(family string, sex int) string {
	if sex == female {
		for i, end := range n.suffixes[male] {
			if stem, ok := strings.CutSuffix(family, end); ok {
				return stem + n.suffixes[female][i]
			}
		}
	}
	return family
}

// address is where a household lives.
type address struct {
	street, number string
	town           *town
	stretch        int // of the town's streets
}

func (g *Generator) address(n *nation, d *dice) address {
	at, street := n.townRanks.draw(d), d.n(len(n.streets))
	number := 1 + d.n(1+d.n(180)) // low numbers are more frequent: every street has them
	a := address{street: n.streets[street], number: itoa(number), town: &n.towns[at]}
	if d.chance(0.04) {
		a.number += string(rune('A' + d.n(3)))
	}
	a.stretch = at<<20 | street<<8 | number/40
	return a
}

// postcode is that of a stretch of a street, as in the world.
func (g *Generator) postcode(n *nation, a address) string {
	d := g.dice(streamPostcode, int(n.code[0])<<40|int(n.code[1])<<32|a.stretch)
	return fill(&d, a.town.postcode)
}

// fill puts digits and letters into a pattern.
func fill(d *dice, pattern string) string {
	b := []byte(pattern)
	for i, c := range b {
		switch c {
		case '#':
			b[i] = byte('0' + d.n(10)) //nolint:gosec // a digit
		case '@':
			b[i] = "ABDEFGHJLNPQRSTUWXYZ"[d.n(20)]
		}
	}
	return string(b)
}

// phone gives the digits of a number below a hundred million, other ones for each. One
// of three digits and seven more begins with an area; its exchange from 2 to 9.
func (n *nation) phone(number int) string {
	if high := number / 1_000_000; len(n.mobiles[0]) == 3 {
		return n.mobiles[high%len(n.mobiles)] + itoa(2+high/len(n.mobiles)) + digits(number%1_000_000, 6)
	}
	return n.mobiles[number/7%len(n.mobiles)] + digits(number, 8)
}

// dial writes a telephone in one of the ways that people do; the first is usual.
func (n *nation) dial(national string, way int) string {
	switch way {
	case 1:
		return "+" + n.calling + national
	case 2:
		return n.trunk + national
	case 3:
		return "00" + n.calling + " " + national
	case 4:
		return "+" + n.calling + " " + grouped(national, n.grouping, " ")
	case 5:
		return n.trunk + grouped(national, n.grouping, "-")
	}
	return n.trunk + grouped(national, n.grouping, " ")
}

const dialWays = 6

func grouped(digits string, sizes []int, gap string) string {
	var b strings.Builder
	for _, size := range sizes {
		size = min(size, len(digits))
		if b.Len() > 0 {
			b.WriteString(gap)
		}
		b.WriteString(digits[:size])
		digits = digits[size:]
	}
	b.WriteString(digits)
	return b.String()
}

func digits(n, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10) //nolint:gosec // a digit
		n /= 10
	}
	return string(b)
}

// atlas lists the countries.
func atlas() []*country {
	return []*country{britain(), america(), germany(), france(), spain(), india(), netherlands(), poland()}
}
