package initproject

import (
	"strings"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/record"
)

// evidence weighs what speaks for a person, a thing and something that happened.
type evidence struct {
	person, thing, event    int
	persons, things, events []string
}

// findKind weighs what the columns, their names and the file's name tell.
func (s *stream) findKind() {
	if s.findConsent() {
		return
	}
	e := &evidence{}
	s.personal(e)
	s.material(e)
	if facts := s.companyFacts(); len(facts) > 1 {
		s.company = true
		e.thing += 6
		e.things = append(e.things, facts...)
	}
	timed := s.has(occurred) || s.has(created)
	if s.has(eventName) {
		e.event += 4
		e.events = append(e.events, "a column that names events")
	}
	if isEvent(s.words) {
		e.event += 3
		e.events = append(e.events, "a telling file name")
	}
	if s.key == nil && timed && e.person < 4 {
		e.event += 2
		e.events = append(e.events, "a time and no unique column")
	}
	switch {
	case e.event >= 4 && timed && e.event >= e.person-2 && e.event >= e.thing-2:
		s.kind, s.kindWhy = record.Event, "it has "+list(e.events)
	case e.thing > e.person || e.thing >= 5 && e.thing >= e.person-4:
		s.kind, s.kindWhy = record.Object, "it has "+list(e.things)
	case e.person >= 2:
		s.kind, s.kindWhy = record.Customer, "it has "+list(e.persons)
	case s.key != nil:
		s.kind, s.kindWhy = record.Object, "every row has an id, and nothing says that it is a person"
	default:
		s.kind, s.kindWhy = record.Event, "no column tells rows apart, and nothing says that a row is a person"
	}
}

// findConsent looks for what people allowed: a status in the words of consent, beside
// what it is for or below a name that tells, and somebody whom it is about.
func (s *stream) findConsent() bool {
	told := hasWord(s.words, "consent", "consents", "permission", "permissions", "preferences", "optin", "optins", "optout", "unsubscribes", "unsubscribed", "suppression", "suppressions", "einwilligung", "einwilligungen", "consentement", "consentements")
	if purposes := s.with(purpose); len(purposes) == 0 && !told || len(s.named())+len(s.with(userID))+len(s.with(anonymousID)) == 0 {
		return false
	}
	for _, c := range s.columns {
		if c.filled < s.rows || c.nested || c.meaning != status && !hasWord(c.words, "consent", "granted", "optin", "subscribed", "decision", "choice", "einwilligung") {
			continue
		}
		read := 0
		for v, n := range c.counts {
			if cleanse.IsConsentStatus(v) {
				read += n
			}
		}
		if read == c.filled {
			s.topic()
			s.kind, s.kindWhy, s.allowed = record.Consent, "every "+c.name+" says what somebody allowed or refused", c
			return true
		}
	}
	return false
}

// topic takes the column of a consent file that says what is allowed by a usual word.
func (s *stream) topic() {
	if s.has(purpose) {
		return
	}
	for _, c := range s.columns {
		if c.meaning == unknown && c.filled == s.rows && !c.nested && !isID(c.words) && len(c.hashes) <= 20 && hasWord(c.words, "list", "audience", "newsletter", "publication", "program", "programme", "topics", "liste", "lista", "lijst") && !c.isNumber() && c.share(c.forms.boolean) < 1 {
			c.meaning = purpose
			return
		}
	}
}

// lookForConsent notes columns of people that say what they allowed: as attributes they have
// neither a history nor a proof.
func (s *stream) lookForConsent() {
	for _, c := range s.columns {
		told := hasWord(c.words, "optin", "optout", "consent", "consentement", "einwilligung", "consentimiento", "consenso", "consentimento", "toestemming", "rgpd", "gdpr", "dsgvo", "newsletter", "nieuwsbrief", "privacy", "unsubscribed", "subscribed", "werbesperre") ||
			hasWord(c.words, "opt", "opted") && hasWord(c.words, "in", "out") || hasWord(c.words, "marketing", "comunicacoes", "comunicaciones") && hasWord(c.words, "accepts", "agree", "accept", "allow", "receive", "aceita", "acepta")
		if told && s.person() && c.filled > 0 && c.share(c.forms.boolean) == 1 {
			s.note("%s looks like a consent: as an attribute it keeps no history and no proof; a second source with the same path and a stream of kind consent would", c.name)
			return
		}
	}
}

// named are the columns that name a person.
func (s *stream) named() []*column {
	var all []*column
	for _, m := range []meaning{email, phone, firstName, lastName, fullName} {
		all = append(all, s.with(m)...)
	}
	return all
}

func (s *stream) personal(e *evidence) {
	for _, m := range []meaning{email, phone, firstName, lastName, fullName, birthDate, nationalID} {
		if s.has(m) {
			e.person += 2
			e.persons = append(e.persons, attributeOf(m))
		}
	}
	if s.has(street) || s.has(postcode) || s.has(city) {
		e.person++
		e.persons = append(e.persons, "address")
	}
	if s.has(gender) {
		e.person++
		e.persons = append(e.persons, "gender")
	}
	switch {
	case isPerson(s.words):
		e.person += 3
		e.persons = append(e.persons, "a telling file name")
	case s.key != nil && isPerson(s.key.words) && !isThing(s.key.words):
		e.person += 4
		e.persons = append(e.persons, s.key.name)
		return
	}
	if !isPerson(s.words) && s.key != nil && s.another() && (s.has(amount) || s.has(status) || s.lists()) {
		e.person /= 2
		e.thing += 3
		e.things = append(e.things, "an id of its own beside those who take part")
	}
}

// another reports whether every column that names a person is said to be somebody's
// (customer_email, buyer.phone), as in records of something else.
func (s *stream) another() bool {
	columns := s.named()
	for _, c := range columns {
		if !isPerson(c.words) {
			return false
		}
	}
	return len(columns) > 0
}

// lists reports whether records hold lists, as orders do their items.
func (s *stream) lists() bool {
	for _, c := range s.columns {
		if c.nested && hasWord(c.words, "items", "lines", "products", "positions", "articles", "artikel", "positionen", "lineitems") {
			return true
		}
	}
	return false
}

func (s *stream) material(e *evidence) {
	if s.has(amount) {
		e.thing += 2
		e.things = append(e.things, "an amount")
	}
	if s.has(status) {
		e.thing++
		e.things = append(e.things, "a status")
	}
	for _, c := range s.columns {
		if isID(c.words) && (isThing(c.words) || c == s.key && isCompany(c.words)) {
			e.thing += 2
			if c == s.key {
				e.thing += 2
			}
			e.things = append(e.things, c.name)
			break
		}
	}
	if isThing(s.words) || isCompany(s.words) && !isPerson(s.words) {
		e.thing += 4
		e.things = append(e.things, "a telling file name")
	}
}

// ofCompany reports whether the stream is of companies, whose telephone and e-mail
// address name nobody.
func (s *stream) ofCompany() bool {
	return s.kind == record.Object && (s.company || !isThing(s.words) && (isCompany(s.words) || s.key != nil && isCompany(s.key.words)))
}

// companyFacts names the columns that only companies have, where none is of a person
// alone.
func (s *stream) companyFacts() (facts []string) {
	for _, m := range []meaning{firstName, lastName, birthDate, nationalID, gender} {
		if s.has(m) {
			return nil
		}
	}
	for _, c := range s.columns {
		revenue := hasWord(c.words, "revenue", "turnover") && hasWord(c.words, "annual", "yearly")
		if c.filled > 0 && (revenue || hasWord(c.words, "industry", "branche", "sector", "secteur", "settore", "employees", "mitarbeiterzahl", "headcount", "website", "homepage", "siret", "siren", "duns", "naics", "rechtsform", "handelsregister", "iva", "partita", "cif")) {
			facts = append(facts, strings.Join(c.words, " "))
		}
	}
	return facts
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
