package people

import "strings"

// mention is one record in the making.
type mention struct {
	g     *Generator
	row   *Row
	dice  dice
	who   person
	held  held // the columns that have a value
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

// note marks the record as of a case.
func (m *mention) note(c Case) { m.row.Cases.add(c) }

// tell fills the row with the nth of so many records of the person.
func (m *mention) tell(nth, of int) {
	m.company()
	m.hold()
	m.state(nth, of)
	m.form()
	m.misdate()
	m.damage()
}

// company notes whom the person is easily taken for.
func (m *mention) company() {
	p, r := &m.who, m.row
	child := p.child(p.index - p.first)
	r.Could.add(Household)
	if p.size > 1 {
		m.note(Household)
	}
	if p.children() > 1 && child >= 0 && child < 2 {
		r.Could.add(Twin)
	}
	if p.children() > 0 && (child == 0 || p.index == p.first) {
		r.Could.add(FatherAndSon)
	}
	if p.twin {
		m.note(Twin)
	}
	if p.junior {
		m.note(FatherAndSon)
	}
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
		if r.Could.add(c); hit {
			m.note(c)
		}
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
	v := &r.Values
	v[FamilyName] = family
	m.put(GivenName, p.given)
	m.put(Sex, "FM"[p.sex:p.sex+1])
	m.put(Country, p.nation.code)
	m.put(Employer, employer)
	m.reach(mail, phone, moved)
	m.live(g.address(p.nation, &home))
	if m.held.has(NationalID) {
		v[NationalID] = p.nation.id(&p.dice, int(g.ids.at(uint64(p.index))), p) //nolint:gosec // a count
	}
	m.birth = p.birth
}

func (m *mention) put(f Field, value string) {
	if m.held.has(f) {
		m.row.Values[f] = value
	}
}

// live writes the address.
func (m *mention) live(a address) {
	m.put(Street, a.street)
	m.put(HouseNumber, a.number)
	m.put(Town, a.town.name)
	m.put(Region, a.town.region)
	if m.held.has(Postcode) {
		m.row.Values[Postcode] = m.g.postcode(m.who.nation, a)
	}
}

// reach writes telephone and e-mail: the person's, or of somebody they live with.
func (m *mention) reach(mail, phone int, moved bool) {
	g, p, v := m.g, &m.who, &m.row.Values
	if m.happens(SharedPhone, m.held.has(Phone) && p.size > 1 && !moved) {
		phone = housePhone
		m.note(SharedPhone)
	}
	if m.held.has(Phone) {
		v[Phone] = g.phone(p, phone)
	}
	switch {
	case m.happens(SharedEmail, m.held.has(Email) && p.size > 1):
		other := p.first
		if other == p.index {
			other++
		}
		owner := g.person(other)
		v[Email] = g.mail(&owner, 0)
		m.note(SharedEmail)
	case m.held.has(Email):
		v[Email] = g.mail(p, mail)
	}
}

// held are the columns that a source with few of them has.
type held uint16

func columns(of ...Field) (h held) {
	for _, f := range of {
		h |= 1 << f
	}
	return h
}

func (h held) has(f Field) bool { return h&(1<<f) != 0 }

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

// hold says which columns have a value: those that the source holds, and that were
// told.
func (m *mention) hold() {
	d, missing := &m.dice, m.g.settings.Rates[Missing]
	m.held = 1<<fields - 1
	if !m.who.employed {
		m.held &^= columns(Employer)
	}
	if d.chance(0.75) { // few ask for a national id
		m.held &^= columns(NationalID)
	}
	if source := pick(d, m.g.sources[:]); m.happens(Partial, true) {
		m.held &= source
		m.note(Partial)
	}
	m.row.Could.add(Missing)
	for f := range fields {
		if d.chance(missing) && f != FamilyName && m.held.has(f) {
			m.held &^= 1 << f
			m.note(Missing)
		}
	}
}

// form writes values in the ways that people and systems do, all of them right.
func (m *mention) form() {
	p, v, d := &m.who, &m.row.Values, &m.dice
	given := v[GivenName]
	if nicks := p.nation.nicknames[given]; m.happens(Nickname, len(nicks) > 0) {
		v[GivenName] = pick(d, nicks)
		m.note(Nickname)
	}
	if p.second != "" && given != "" {
		switch {
		case !m.happens(MiddleName, true):
			v[GivenName] += " " + p.second
		case d.chance(0.5):
			v[GivenName] += " " + initial(p.second)
			m.note(MiddleName)
		default:
			m.note(MiddleName)
		}
	}
	if m.happens(Initial, given != "") {
		v[GivenName] = initial(v[GivenName])
		m.note(Initial)
	}
	if m.happens(Title, given != "") {
		v[GivenName] = pick(d, p.nation.titles[p.sex]) + " " + v[GivenName]
		m.note(Title)
	}
	way := 1 + d.n(dialWays-1)
	if !m.happens(Reformatted, v[Phone] != "" || v[Street] != "" || v[Postcode] != "") {
		way = 0
	} else {
		v[Street] = p.nation.short.Replace(v[Street])
		v[Postcode] = closeUp.Replace(v[Postcode])
		m.note(Reformatted)
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
		m.note(Unaccented)
	}
}

var closeUp = strings.NewReplacer(" ", "", "-", "")

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
	there, b := m.held.has(BirthDate), &m.birth
	if m.happens(DefaultDate, there && (b.month != 1 || b.day != 1)) {
		b.month, b.day = 1, 1
		m.note(DefaultDate)
	}
	if m.happens(SwappedDate, there && b.day <= 12 && b.day != b.month) {
		b.day, b.month = b.month, b.day
		m.note(SwappedDate)
	}
	off := pick(d, []int{-1, 1, -1, 1, -10, 10, -2, 2})
	if m.happens(WrongYear, there) {
		b.year += off
		m.note(WrongYear)
	}
	if there {
		if b.month == 2 && b.day > 28 {
			b.day = 28
		}
		v[BirthDate] = b.String()
	}
}
