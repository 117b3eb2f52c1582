package initproject

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// region guesses where telephone numbers without a country code belong: the hint
// with the most numbers that are valid there, from country columns, e-mail domains
// and the header's language, then from the large regions.
func (s *stream) region() (region, why string) {
	var numbers []string
	local, american := 0, 0.0
	for _, c := range s.with(phone) {
		american = max(american, c.share(c.forms.american))
		for _, v := range c.kept[:min(len(c.kept), 30)] {
			if !strings.HasPrefix(v, "+") && !strings.HasPrefix(v, "00") {
				local++
			}
			numbers = append(numbers, v)
		}
	}
	if len(numbers) == 0 {
		return "", ""
	}
	hints, told := s.regionHints() // told counts the values that name each
	borrowed := len(hints) == 0
	if borrowed {
		hints = s.near
	}
	others := []string{"US", "GB", "DE", "FR", "ES", "IT", "NL", "AU", "IN", "BR", "CA", "BE", "AT", "CH", "SE", "DK", "NO", "FI", "PL", "PT", "IE", "MX", "JP", "CN", "KR", "ZA", "NZ", "CZ", "GR", "TR", "RU", "UA", "RO", "HU", "SG", "HK", "AE", "IL", "AR", "CO", "CL"}
	best, most := "", -1.0
	for i, r := range append(slices.Clone(hints), others...) {
		score := 0.0
		for _, n := range numbers {
			p, err := phonenumbers.Parse(n, r)
			switch {
			case err != nil:
			case phonenumbers.IsValidNumber(p), r == "GB" && madeUp(p):
				score++
			case phonenumbers.IsPossibleNumber(p):
				score += 0.4 // made-up and newly given numbers
			}
			if err == nil && phonenumbers.Format(p, phonenumbers.NATIONAL) == n {
				score += 0.3 // spaced as people there do
			}
		}
		score /= float64(len(numbers))
		if r == "US" {
			score += 0.4 * american // hardly anybody else writes them so
		}
		if i < len(hints) {
			// Country codes, and countries beside them, say more than digits that happen to
			// fit, unless they are a few foreigners.
			score += 0.3 + 0.3*min(1, 5*float64(told[r])/float64(len(numbers)))
		}
		if score > most+0.001 {
			best, most = r, score
		}
	}
	switch {
	case local == 0:
		return best, "every number seen has a country code; the region serves those that will not"
	case borrowed && slices.Contains(hints, best):
		return best, "as in the other files: please check"
	case slices.Contains(hints, best):
		return best, "from the country, the e-mail addresses, the language or the way of writing: please check"
	case most < 0.5:
		return best, "a guess that few numbers bear out: please check"
	}
	return best, "most numbers are valid there: please check"
}

// neighbours gives to every stream the regions that the others speak for, the usual
// ones first; they serve where its own values say nothing.
func neighbours(streams []*stream) {
	counts := map[string]int{}
	for _, s := range streams {
		if hints, _ := s.regionHints(); len(hints) > 0 {
			counts[hints[0]]++
		}
	}
	near := slices.Collect(maps.Keys(counts))
	slices.SortFunc(near, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b)) })
	for _, s := range streams {
		s.near = near[:min(len(near), 2)]
	}
}

// madeUp reports whether a number is one of those that Ofcom sets aside for fiction:
// the library does not count them as valid, and examples are full of them.
func madeUp(p *phonenumbers.PhoneNumber) bool {
	n := p.GetNationalNumber()
	return p.GetCountryCode() == 44 && (n/1000 == 7700900 || n/1000 == 2079460 || n/1000 == 1632960)
}

// regionHints are the regions that a file's own values speak for, the strongest
// first; told counts the country codes and countries that name each.
func (s *stream) regionHints() (hints []string, told map[string]int) {
	counts := map[string]int{}
	supported := phonenumbers.GetSupportedRegions()
	for _, c := range s.with(country) {
		for v, n := range c.counts {
			if r := regionOf(v); supported[r] {
				counts[r] += n
			}
		}
	}
	for _, c := range s.with(phone) {
		for v, n := range c.counts {
			if strings.HasPrefix(v, "+") {
				if p, err := phonenumbers.Parse(v, ""); err == nil {
					counts[phonenumbers.GetRegionCodeForCountryCode(int(p.GetCountryCode()))] += n
				}
			}
		}
	}
	delete(counts, "")
	delete(counts, "ZZ")
	told = maps.Clone(counts)
	if len(counts) == 0 {
		for _, c := range s.with(phone) {
			if c.share(c.forms.american) > 0.6 {
				counts["US"]++
			}
		}
	}
	if len(counts) == 0 {
		for _, c := range s.with(email) {
			for v, n := range c.counts {
				tld := strings.ToUpper(v[strings.LastIndexByte(v, '.')+1:])
				if tld == "UK" {
					tld = "GB"
				}
				if supported[tld] && len(tld) == 2 && tld != "CO" && tld != "IO" && tld != "ME" && tld != "AI" && tld != "TV" {
					counts[tld] += n
				}
			}
		}
	}
	if len(counts) == 0 {
		if r := s.currencyRegion(); r != "" {
			counts[r]++
		}
	}
	hints = make([]string, 0, len(counts))
	for r := range counts {
		hints = append(hints, r)
	}
	slices.SortFunc(hints, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b)) })
	if len(hints) > 3 {
		hints = hints[:3]
	}
	l := s.language()
	if len(hints) == 0 && l == "" {
		l = s.english()
	}
	if len(hints) == 0 && l != "" {
		hints = append(hints, l)
	}
	return hints, told
}

// currencyRegion is the country of the one currency that all rows are in, where it has one.
func (s *stream) currencyRegion() string {
	regions := map[string]string{"GBP": "GB", "USD": "US", "CHF": "CH", "SEK": "SE", "NOK": "NO", "DKK": "DK", "PLN": "PL", "CZK": "CZ", "HUF": "HU", "RON": "RO", "JPY": "JP", "CNY": "CN", "KRW": "KR",
		"BRL": "BR", "INR": "IN", "AUD": "AU", "NZD": "NZ", "CAD": "CA", "MXN": "MX", "ZAR": "ZA", "TRY": "TR", "ILS": "IL", "AED": "AE", "SGD": "SG", "HKD": "HK", "UAH": "UA", "RUB": "RU"}
	for _, c := range s.columns {
		if hasWord(c.words, "currency", "waehrung", "devise", "moneda", "valuta") && len(c.counts) == 1 && len(c.hashes) == 1 {
			return regions[strings.ToUpper(c.kept[0])]
		}
	}
	return ""
}

// regionOf reads a country's code or usual name.
func regionOf(v string) string {
	names := map[string]string{
		"united kingdom": "GB", "uk": "GB", "great britain": "GB", "england": "GB", "united states": "US", "usa": "US", "united states of america": "US",
		"germany": "DE", "deutschland": "DE", "france": "FR", "spain": "ES", "espana": "ES", "italy": "IT", "italia": "IT", "netherlands": "NL", "nederland": "NL",
		"austria": "AT", "osterreich": "AT", "switzerland": "CH", "schweiz": "CH", "suisse": "CH", "belgium": "BE", "belgique": "BE", "belgie": "BE",
		"sweden": "SE", "sverige": "SE", "norway": "NO", "norge": "NO", "denmark": "DK", "danmark": "DK", "finland": "FI", "suomi": "FI", "poland": "PL", "polska": "PL",
		"portugal": "PT", "brazil": "BR", "brasil": "BR", "mexico": "MX", "canada": "CA", "australia": "AU", "new zealand": "NZ", "ireland": "IE", "india": "IN", "japan": "JP", "china": "CN",
	}
	if r, ok := names[strings.Join(wordsOf(v), " ")]; ok {
		return r
	}
	if len(v) == 2 {
		return strings.ToUpper(v)
	}
	return ""
}

// english is the country whose English the header is in.
func (s *stream) english() string {
	for _, c := range s.columns {
		switch {
		case hasWord(c.words, "zip", "zipcode", "ssn"):
			return "US"
		case hasWord(c.words, "postcode", "forename", "town", "county"):
			return "GB"
		}
	}
	return ""
}

// language is the region whose words the header uses, by words that no other
// language in the lexicon has.
func (s *stream) language() string {
	telling := map[string]string{
		"vorname": "DE", "nachname": "DE", "geburtsdatum": "DE", "plz": "DE", "strasse": "DE", "kundennummer": "DE", "handynummer": "DE", "rufnummer": "DE", "bestellnummer": "DE", "betrag": "DE",
		"prenom": "FR", "naissance": "FR", "ville": "FR", "courriel": "FR", "montant": "FR", "commande": "FR", "rue": "FR",
		"apellido": "ES", "socio": "ES", "poblacion": "ES", "domicilio": "ES", "apellidos": "ES", "correo": "ES", "nacimiento": "ES", "telefono": "ES", "ciudad": "ES", "importe": "ES", "calle": "ES", "fecha": "ES",
		"cognome": "IT", "fatturato": "IT", "localita": "IT", "tessera": "IT", "nascita": "IT", "indirizzo": "IT", "cellulare": "IT", "citta": "IT", "importo": "IT",
		"voornaam": "NL", "achternaam": "NL", "geboortedatum": "NL", "telefoonnummer": "NL", "woonplaats": "NL", "bedrag": "NL", "straat": "NL",
		"sobrenome": "BR", "cidade": "BR", "celular": "BR", "morada": "PT", "apelido": "PT", "telemovel": "PT", "registo": "PT", "localidade": "PT", "utente": "PT", "freguesia": "PT", "concelho": "PT", "nascimento": "BR",
		"fornamn": "SE", "efternamn": "SE", "personnummer": "SE", "fornavn": "DK", "efternavn": "DK", "etternavn": "NO", "fodselsdato": "NO",
		"etunimi": "FI", "sukunimi": "FI", "imie": "PL", "nazwisko": "PL", "prijmeni": "CZ", "jmeno": "CZ", "keresztnev": "HU", "vezeteknev": "HU", "soyad": "TR", "soyadi": "TR",
		"имя": "RU", "фамилия": "RU", "電話番号": "JP", "氏名": "JP", "手机": "CN", "姓名": "CN", "전화번호": "KR", "이름": "KR",
	}
	counts := map[string]int{}
	best := ""
	for _, c := range s.columns {
		for _, w := range c.words {
			if r := telling[w]; r != "" {
				counts[r]++
				if counts[r] > counts[best] || counts[r] == counts[best] && r < best {
					best = r
				}
			}
		}
	}
	return best
}
