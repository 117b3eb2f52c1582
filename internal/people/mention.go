package people

import "strings"

// mention is one record in the making.
type mention struct {
	g     *Generator
	row   *Row
	dice  dice
	who   person
	birth date // as it is told
}

// happens draws whether a case happens to a record that it could happen to.
func (m *mention) happens(c Case, could bool) bool {
	hit := m.dice.chance(m.g.settings.Rates[c])
	if !could {
		return false
	}
	m.row.Could.add(c)
	return hit
}

// note marks the record as of a case, where that changed it.
func (m *mention) note(c Case, changed bool) {
	if changed {
		m.row.Cases.add(c)
	}
}

// tell fills the row with the nth of so many records of the person.
func (m *mention) tell(nth, of int) {
	m.company()
	m.state(nth, of)
	m.hold()
	m.form()
	m.misdate()
	m.damage()
}

// company notes whom the person is easily taken for.
func (m *mention) company() {
	p, r := &m.who, m.row
	child := p.child(p.index - p.first)
	r.Could.add(Household)
	m.note(Household, p.size > 1)
	if p.children() > 1 && child >= 0 && child < 2 {
		r.Could.add(Twin)
	}
	if p.children() > 0 && (child == 0 || p.index == p.first) {
		r.Could.add(FatherAndSon)
	}
	m.note(Twin, p.twin)
	m.note(FatherAndSon, p.junior)
}

// state writes what is true of the person at the time of the record.
func (m *mention) state(nth, of int) {
	g, p, r := m.g, &m.who, m.row
	life := g.dice(streamMove, p.index)
	later := func(c Case, could bool) bool {
		from, hit := 1+life.n(max(of-1, 1)), life.chance(g.settings.Rates[c])
		if !could || nth < from {
			return false
		}
		r.Could.add(c)
		m.note(c, hit)
		return hit
	}
	moved, mail := later(Moved, true), 0
	if later(NewEmail, true) {
		mail = 1
	}
	changesName := p.sex == female && !p.nation.keepsName
	family := p.family
	if later(Married, changesName) {
		family = p.married
	}
	home, phone, employer := g.dice(streamAddress, p.first), ownPhone, p.employer
	if moved {
		home, phone = life, newPhone
		if life.chance(0.5) {
			employer = p.nation.firms[p.nation.firmRanks.draw(&life)]
		}
	}
	a := g.address(p.nation, &home)
	if m.happens(SharedPhone, p.size > 1 && !moved) {
		phone = housePhone
		m.note(SharedPhone, true)
	}
	v := &r.Values
	v[Email] = g.mail(p, mail, plainLetters)
	if m.happens(SharedEmail, p.size > 1) {
		other := p.first
		if other == p.index {
			other++
		}
		owner := g.person(other)
		v[Email] = g.mail(&owner, 0, plainLetters)
		m.note(SharedEmail, true)
	}
	v[GivenName], v[FamilyName], v[Sex] = p.given, family, "FM"[p.sex:p.sex+1]
	v[Street], v[HouseNumber], v[Postcode], v[Town], v[Region], v[Country] = a.street, a.number, a.postcode, a.town.name, a.town.region, p.nation.code
	v[Phone] = g.phone(p, phone)
	v[NationalID] = p.nation.id(&p.dice, int(g.ids.at(uint64(p.index))), p)
	if p.employed {
		v[Employer] = employer
	}
	m.birth, v[BirthDate] = p.birth, "-"
}

// held are the columns that a source with few of them has.
type held uint16

func columns(of ...Field) (h held) {
	for _, f := range of {
		h |= 1 << f
	}
	return h
}

// sources are a shop, a register, business contacts, a newsletter and a card of points.
func sources() [5]held {
	return [5]held{
		columns(GivenName, FamilyName, Street, HouseNumber, Postcode, Town, Region, Country, Phone, Email),
		columns(GivenName, FamilyName, BirthDate, Sex, Street, HouseNumber, Postcode, Town, Region, Country, NationalID),
		columns(GivenName, FamilyName, Town, Country, Phone, Email, Employer),
		columns(GivenName, FamilyName, Email, Country),
		columns(GivenName, FamilyName, BirthDate, Postcode, Country, Phone, Email),
	}
}

// hold leaves out what the source does not have and what was not asked.
func (m *mention) hold() {
	v, d, missing := &m.row.Values, &m.dice, m.g.settings.Rates[Missing]
	if d.chance(0.75) { // no source asks everybody for a national id
		v[NationalID] = ""
	}
	if source := d.n(len(m.g.sources)); m.happens(Partial, true) {
		m.note(Partial, true)
		for f := range fields {
			if m.g.sources[source]&(1<<f) == 0 {
				v[f] = ""
			}
		}
	}
	m.row.Could.add(Missing)
	for f := range fields {
		if gone := d.chance(missing); gone && f != FamilyName && v[f] != "" {
			v[f] = ""
			m.note(Missing, true)
		}
	}
}

// form writes values in the ways that people and systems do, all of them right.
func (m *mention) form() {
	p, v, d := &m.who, &m.row.Values, &m.dice
	given := v[GivenName]
	if nicks := p.nation.nicknames[given]; m.happens(Nickname, len(nicks) > 0) {
		v[GivenName] = pick(d, nicks)
		m.note(Nickname, true)
	}
	if p.second != "" && given != "" {
		switch {
		case !m.happens(MiddleName, true):
			v[GivenName] += " " + p.second
		case d.chance(0.5):
			v[GivenName] += " " + initial(p.second)
			m.note(MiddleName, true)
		default:
			m.note(MiddleName, true)
		}
	}
	if m.happens(Initial, given != "") {
		v[GivenName] = initial(v[GivenName])
		m.note(Initial, true)
	}
	if m.happens(Title, given != "") {
		v[GivenName] = pick(d, p.nation.titles[p.sex]) + " " + v[GivenName]
		m.note(Title, true)
	}
	way := 1 + d.n(dialWays-1)
	if !m.happens(Reformatted, v[Phone] != "" || v[Street] != "" || v[Postcode] != "") {
		way = 0
	} else {
		v[Street] = p.nation.short.Replace(v[Street])
		v[Postcode] = strings.NewReplacer(" ", "", "-", "").Replace(v[Postcode])
		m.note(Reformatted, true)
	}
	if v[Phone] != "" {
		v[Phone] = p.nation.dial(v[Phone], way)
	}
	accents := false
	for _, f := range accented {
		accents = accents || !ascii(v[f])
	}
	if m.happens(Unaccented, accents) {
		plain := plainLetters
		if d.chance(0.5) {
			plain = bareLetters
		}
		for _, f := range accented {
			v[f] = plain.Replace(v[f])
		}
		m.note(Unaccented, true)
	}
}

var accented = [...]Field{GivenName, FamilyName, Street, Town, Region, Employer}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func initial(s string) string {
	for _, r := range s {
		return string(r) + "."
	}
	return ""
}

// misdate spoils the birth date, and writes it.
func (m *mention) misdate() {
	v, d := &m.row.Values, &m.dice
	there, b := v[BirthDate] != "", &m.birth
	if m.happens(DefaultDate, there) {
		m.note(DefaultDate, b.month != 1 || b.day != 1)
		b.month, b.day = 1, 1
	}
	if m.happens(SwappedDate, there && b.day <= 12 && b.day != b.month) {
		b.day, b.month = b.month, b.day
		m.note(SwappedDate, true)
	}
	off := pick(d, []int{-1, 1, -1, 1, -10, 10, -2, 2})
	if m.happens(WrongYear, there) {
		b.year += off
		m.note(WrongYear, true)
	}
	if there {
		if b.month == 2 && b.day > 28 {
			b.day = 28
		}
		v[BirthDate] = b.String()
	}
}
