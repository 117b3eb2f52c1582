package initproject

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/kithdata/kith/internal/record"
)

// meaningless reports whether a header says nothing, as col1, A and Feld 3 do.
func meaningless(name string) bool {
	return regexp.MustCompile(`^(?i)((col|column|field|feld|spalte|champ|colonne|campo|columna|colonna|kolom|veld|coluna|var|attr|attribute|unnamed|value|f|c|v|x)[ _:.\-]*[0-9]+|[a-z])$`).MatchString(name)
}

// guess judges the columns whose headers say nothing by their values alone.
func (s *stream) guess() {
	given, first := givenNames(), -1
	blank := func(i int) bool {
		return i >= 0 && i < len(s.columns) && s.columns[i].meaning == unknown && meaningless(s.columns[i].name) && len(s.columns[i].kept) >= 2 && !s.columns[i].nested && s.rows >= 5
	}
	for i, c := range s.columns {
		if !blank(i) {
			continue
		}
		one, several := c.called(given)
		switch {
		case several >= 0.3:
			c.meaning = fullName
		case one >= 0.3 && first < 0:
			c.meaning, first = firstName, i
		case c.isDate() || c.isTime() || c.share(c.forms.compact) >= 0.95:
			if c.generations() {
				c.meaning = birthDate
			}
		case len(c.hashes) <= 4 && len(c.kept) >= 2 && c.share(c.forms.boolean) < 1 && reads(c, "gender", nil) == 1:
			c.meaning = gender
		case c.codesOfCountries():
			c.meaning = country
		}
	}
	for _, i := range []int{first + 1, first - 1} {
		if first >= 0 && !s.has(lastName) && blank(i) && s.columns[i].singleNames() && 3*len(s.columns[i].hashes) >= len(s.columns[first].hashes) {
			s.columns[i].meaning = lastName
		}
	}
	person := s.has(firstName) || s.has(fullName) || s.has(email)
	for i, c := range s.columns {
		if person && blank(i) && !s.has(phone) && c.isInt() && !c.dense() && s.dialled(c) {
			c.meaning = phone
		}
	}
}

// called tells which part of the values are single given names, and which part are whole
// names with a given one in them.
func (c *column) called(given map[string]bool) (one, several float64) {
	single, whole := 0, 0
	for _, v := range c.kept {
		words := strings.Fields(strings.ReplaceAll(v, ",", " "))
		if digits(v) > 0 || len(words) == 0 || len(words) > 4 {
			continue
		}
		hit := func(w string) bool { return given[strings.Join(wordsOf(w), "")] }
		switch {
		case len(words) == 1 && hit(words[0]):
			single++
		case len(words) > 1 && (hit(words[0]) || hit(words[1]) || hit(words[len(words)-1])):
			whole++
		}
	}
	return c.share(single), c.share(whole)
}

// singleNames reports whether values may be family names: letters that begin with a
// capital, in at most three words.
func (c *column) singleNames() bool {
	n := 0
	for _, v := range c.kept {
		r := []rune(v)
		if digits(v) == 0 && len(r) > 1 && len(strings.Fields(v)) <= 3 && unicode.IsLetter(r[0]) && strings.IndexFunc(v, unicode.IsUpper) >= 0 && !strings.ContainsAny(v, "@/:;_") {
			n++
		}
	}
	return c.share(n) > 0.9
}

// generations reports whether dates spread as those of births do.
func (c *column) generations() bool {
	year := regexp.MustCompile(`(19|20)[0-9]{2}`)
	low, high := 9999, 0
	for _, v := range c.kept {
		if y := year.FindString(v); y != "" {
			low, high = min(low, atoi(y)), max(high, atoi(y))
		}
	}
	return low <= 1990 && high <= 2012 && high-low >= 25
}

func (c *column) codesOfCountries() bool {
	supported := phonenumbers.GetSupportedRegions()
	for v := range c.counts {
		if len(v) != 2 || !supported[strings.ToUpper(v)] {
			return false
		}
	}
	return len(c.counts) >= 3 && len(c.counts) == len(c.hashes)
}

// dialled reports whether bare digits are telephone numbers of the place that the file
// speaks for, or of the United States.
func (s *stream) dialled(c *column) bool {
	hints, _ := s.regionHints()
	for _, region := range append(hints, "US") {
		valid := 0
		for _, v := range c.kept {
			if len(v) < 8 || len(v) > 15 {
				return false
			}
			if p, err := phonenumbers.Parse(v, region); err == nil && phonenumbers.IsValidNumber(p) {
				valid++
			}
		}
		if c.share(valid) >= 0.95 {
			return true
		}
	}
	return false
}

// secret reports whether a name is that of what opens doors: no id, no attribute.
func (c *column) secret() bool {
	if hasWord(c.words, "password", "passwd", "pwd", "passwort", "kennwort", "motdepasse", "contrasena", "senha", "wachtwoord", "token", "secret", "salt", "cvv", "cvc", "pin") {
		return c.share(c.forms.boolean) < 1 && !hasWord(c.words, "code", "date", "changed", "at", "reset")
	}
	return hasWord(c.words, "api", "private", "access", "secret") && hasWord(c.words, "key") || hasWord(c.words, "card", "karte", "carte", "tarjeta", "pan") && c.payment()
}

// payment reports whether values are the numbers of payment cards: 13 to 19 digits whose
// check digit is right (Luhn).
func (c *column) payment() bool {
	n := 0
	for _, v := range c.kept {
		sum, count := 0, 0
		for i := len(v) - 1; i >= 0; i-- {
			if v[i] < '0' || v[i] > '9' {
				continue
			}
			d := int(v[i] - '0')
			if count%2 == 1 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum, count = sum+d, count+1
		}
		if count >= 13 && count <= 19 && sum%10 == 0 {
			n++
		}
	}
	return c.share(n) >= 0.9
}

// settleCards tells cards of members from those that pay.
func (s *stream) settleCards() {
	loyal := func(words []string) bool {
		return hasWord(words, "loyalty", "club", "bonus", "points", "punkte", "rewards", "reward", "member", "membership", "tier", "treue", "fidelite", "fidelidad", "fedelta", "tessera", "clubcard", "kundenkarte")
	}
	told := loyal(s.words)
	for _, c := range s.columns {
		told = told || loyal(c.words)
	}
	for _, c := range s.columns {
		if c.meaning == unknown && told && hasWord(c.words, "card", "cardno", "cardnumber", "karte", "kartennummer", "kartennr", "carte", "tarjeta", "tessera", "kaart", "kaartnummer", "cartao") &&
			!hasWord(c.words, "credit", "debit", "payment", "last4", "brand", "type", "exp", "expiry", "status", "level", "holder") && !c.wordless() && !c.payment() {
			c.meaning = loyaltyID
		}
	}
}

// wordless reports whether a column can be no number of anybody: few values, or words.
func (c *column) wordless() bool {
	return c.filled == 0 || c.distinctShare() < 0.02 || !c.numbered() || c.isTime() || c.isDate()
}

// shared reports whether a column's values are those of a few who take part in many
// records, such as the physician of patients or the mailbox that took a ticket.
func (s *stream) shared(c *column) bool {
	if c.filled < 20 {
		return false
	}
	if len(c.hashes) == 1 {
		return true
	}
	most := 0
	for _, other := range s.with(c.meaning) {
		if other != c {
			most = max(most, len(other.hashes))
		}
	}
	few := 10 * len(c.hashes)
	if s.kind == record.Customer {
		few = 5 * len(c.hashes)
	}
	return few <= most && c.distinctShare() < 0.2
}

// tally reports whether a column counts people rather than naming one.
func (c *column) tally() bool {
	if !c.isInt() || !hasWord(c.words, "num", "number", "no", "nb", "nr", "count", "total", "anzahl", "of", "nombre", "quantity", "qty", "numero") {
		return false
	}
	for v := range c.counts {
		if len(v) > 3 {
			return false
		}
	}
	return c.repeats && len(c.hashes) < 200
}

// givenNames are given names that are frequent in many countries, as wordsOf writes them.
func givenNames() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`aaron abdul abdullah abigail adam adrian adriana agnes agnieszka ahmed aisha alan albert alberto alejandra alejandro aleksandr alessandra alessandro
		alex alexander alexandra alexandre alexis alfred ali alice alicia alina alison allison amanda amber amelia amina amir amit amy ana anais anastasia andre andrea andreas andrei andres andrew andrzej
		angela angelina anil anita anja ann anna annan anne annette annie anthony anton antonia antonio anya ariana arjun arthur arturo asha ashley astrid audrey aurelie ava axel barbara barry bart beatrice
		beatriz ben benjamin bernard bernd beth betty bianca bill birgit bjorn bob boris bram brandon brenda brian bridget britta bruce bruno bryan caitlin camille carina carl carla carlo carlos carmen carol
		carolina caroline catarina catherine cecilia celine charles charlie charlotte chiara chloe chris christian christina christine christoph christopher claire clara claude claudia claus cody colin
		connor cristina cynthia daan daisy dan daniel daniela danielle darren dave david dawn debbie deborah denis denise dennis derek diana diane diego dieter dimitri dirk dmitri dmitry dominic dominik
		dominique donald donna dorothy douglas dylan eduardo edward elena eleanor elisa elisabeth elise elizabeth ella ellen elsa emil emilia emilie emily emma emmanuel enrique eric erik erika erin ernesto
		esther ethan eugene eva evan evelyn fabian fabio farid fatima federico felipe felix fernanda fernando finn fiona florence florian frances francesca francesco francisco francois frank franz fred
		frederic frederik friedrich gabriel gabriela gareth gary gemma geoffrey george georgia gerald gerard gerhard gianni gilles gina giorgio giovanni giulia giuseppe gloria grace graham greg gregory greta
		guido guillaume gunter gustavo hanna hannah hannes hans harald harold harry hassan heather hector heidi heike heinz helen helena helga hendrik henri henrik henry herbert hiroshi holger holly hugo
		ian ibrahim ida igor ines ingrid irene irina isaac isabel isabella isabelle ivan jack jackie jacob jacqueline jacques jaime jake jakob jakub james jamie jan jana jane janet jason javier jean jeanne
		jeff jeffrey jennifer jenny jens jeremy jerome jerry jessica jesus jill jim joan joana joanna joanne joao joaquin jochen joe joel johan johanna johannes john jon jonas jonathan jordan jorg jorge
		jose josef joseph joshua joyce juan juana judith judy julia julian juliana julie julien jurgen justin justyna kai karen karin karl karolina kate katarzyna katherine kathleen kathryn katie katja
		kayla keith kelly ken kenji kenneth kerstin kevin khalid kim kimberly klaus kristen kristina krzysztof kumar kurt kyle lara lars laura lauren laurence laurent lea leah lee lena leo leon leonardo
		leonie leticia lewis liam lily lina linda lisa liz logan lorena lorenzo louis louise luc luca lucas lucia lucie lucy luis luisa lukas lukasz luke lynn madison maja malgorzata manfred manon manuel
		manuela marc marcel marcelo marcin marco marcos marcus margaret maria mariana marie marina mario marion marius mark marko markus marta martha martin martina martine mary mason mateo mathieu mathilde
		matteo matthew matthias maurice max maxim maximilian maya megan mehmet mei melanie melissa mercedes mia michael michal michel michele michelle miguel mike mikhail milan mila miriam mohamed mohammad
		mohammed moritz muhammad murat mustafa nadia nadine nancy naomi natalia natalie natasha nathan nathalie neha neil nicholas nick nicola nicolas nicole nigel nikhil nikita nils nina noah noel nora
		norbert norman oleg olga oliver olivia olivier omar oscar oskar otto owen pablo pamela paola paolo pascal patricia patrick paul paula pauline paulo pavel pawel pedro peggy peter petra philip philipp
		philippe phillip pia pierre pietro piotr priya rachel rafael rahul rainer raj ralf ralph ramon raquel raul ravi raymond rebecca regina renata rene ricardo riccardo richard rita rob robert roberta
		roberto robin rodrigo roger roland rolf roman romain ronald rosa rose rosie roxana roy ruben rudolf ruth ryan sabine sabrina salma sam samantha samuel sandra sanjay sanne sara sarah sascha scott
		sean sebastian sebastien serge sergei sergey sergio shannon sharon shirley silke silvia simon simone sofia sofie sonia sonja sophia sophie stanislaw stefan stefania stefano steffen stephan stephanie
		stephen steve steven stuart sunil susan susana susanne suzanne svetlana sven sylvia sylvie takeshi tamara tanja tanya tara tatiana ted teresa thea theo theodor theresa thomas thorsten tim timothy
		tina tobias todd tom tomas tomasz toni tony torsten tracy trevor tyler ulrich ulrike umar ursula uwe valentina valeria valerie vanessa vera veronica veronique victor victoria vijay viktor vincent
		vincenzo virginia vivian vladimir walter wanda wayne wei wendy werner wilhelm will william willem wolfgang xavier yannick yasmin yolanda yousef yuki yuri yusuf yves yvonne zachary zoe`) {
		all[name] = true
	}
	return all
}
