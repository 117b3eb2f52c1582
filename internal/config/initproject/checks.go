package initproject

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// check is one proposed expectation. Those of one stream differ in name or columns.
type check struct {
	name     string
	columns  []string
	settings string // those of its own, as the file writes them
	mostly   float64
	why      string
}

// String is the check as kith.yaml writes it.
func (c check) String() string {
	quoted := make([]string, len(c.columns))
	for i, name := range c.columns {
		quoted[i] = quote(name)
	}
	text := "check: " + c.name + ", column: " + quoted[0]
	if len(quoted) > 1 {
		text = "check: " + c.name + ", columns: [" + strings.Join(quoted, ", ") + "]"
	}
	if c.settings != "" {
		text += ", " + c.settings
	}
	if c.mostly > 0 {
		text += ", mostly: " + strconv.FormatFloat(c.mostly, 'g', -1, 64)
	}
	return text + ", severity: warn"
}

// column is what verdicts and counts call the check's columns.
func (c check) column() string { return strings.Join(c.columns, ", ") }

// Fewest rows from which a sample can tell what is usual.
const (
	fewRows  = 5  // that a column is filled
	someRows = 20 // that values have one form, one sign, one order
	manyRows = 50 // that a list of values is whole
)

// candidates are the checks that the columns suggest; trial tells which hold.
func (s *stream) candidates() []check {
	if s.rows < fewRows {
		return nil
	}
	names := map[*column]string{}
	for _, a := range s.mapped {
		if names[a.col] == "" {
			names[a.col] = a.name
		}
	}
	called := func(c *column) string { return cmp.Or(names[c], c.name) }
	var all []check
	for _, c := range s.columns {
		if c.nested || c.filled == 0 || c.secret() {
			continue
		}
		add := func(name, settings, why string) {
			all = append(all, check{name: name, columns: []string{called(c)}, settings: settings, why: why})
		}
		s.present(c, add)
		if s.rows >= someRows && c.filled >= someRows {
			s.formed(c, add)
			s.measured(c, add)
			s.dated(c, called(c), add)
		}
		s.listed(c, add)
	}
	if s.rows >= someRows {
		all = append(all, s.paired(called)...)
		all = append(all, s.summed(called)...)
	}
	return all
}

// present asks for what every row, or nearly every, has.
func (s *stream) present(c *column, add func(name, settings, why string)) {
	matters := c == s.key || c == s.seq || c == s.occurred || s.identifies(c)
	switch full := c.filled == s.rows && len(c.nulls) == 0; {
	case full && (matters || c.meaning != unknown):
		add("not_null", "", "present in every row seen")
	case matters && s.rows >= 100 && float64(c.filled) >= 0.9*float64(s.rows), (c.meaning == firstName || c.meaning == lastName) && s.rows >= 100 && float64(c.filled) >= 0.95*float64(s.rows):
		add("not_null", "", "")
	}
}

// formed asks for the form that all values have, where no step of cleansing has it.
func (s *stream) formed(c *column, add func(name, settings, why string)) {
	switch {
	case c.share(c.forms.uuid) == 1 && len(c.kept[0]) == 36:
		add("format", "format: uuid", "every value seen is a UUID")
	case hasWord(c.words, "iban"):
		add("format", "format: iban", "called an IBAN: its check digits can be right or wrong")
	case c.meaning == nationalID && hasWord(c.words, "ssn", "social"):
		add("format", "format: ssn", "called a social security number of the United States")
	case hasWord(c.words, "currency", "waehrung", "wahrung", "devise", "moneda", "divisa", "valuta", "moeda"):
		if strings.ToLower(c.kept[0]) == c.kept[0] {
			add("regex", `pattern: "^[a-z]{3}$"`, "currencies have codes of three letters (ISO 4217)")
			break
		}
		add("format", "format: currency", "called a currency: its codes are those of ISO 4217")
	case c.meaning == country && c.codesOfCountries():
		add("format", "format: country", "codes of countries (ISO 3166)")
	case c == s.key || isID(c.words) && c.meaning == unknown:
		if pattern := c.shape(); pattern != "" {
			add("regex", "pattern: "+quote(pattern), "every value looked at has this form")
		}
	}
}

// shape is the regular expression of codes that are made alike: letters that all begin
// with, then digits, or hexadecimal ones, of about one length; empty for none.
func (c *column) shape() string {
	if len(c.kept) < someRows {
		return ""
	}
	prefix := c.kept[0]
	for _, v := range c.kept {
		for !strings.HasPrefix(v, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	prefix = prefix[:len(prefix)-len(strings.TrimLeft(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"))]
	if i := strings.LastIndexAny(prefix, "_-"); i >= 0 {
		prefix = prefix[:i+1] // what follows may be a digit that happens to be a letter
	} else if strings.ToUpper(prefix) != prefix {
		prefix = ""
	}
	low, high, padded := 1<<30, 0, false
	number, hex := true, true
	for _, v := range c.kept {
		rest := v[len(prefix):]
		low, high = min(low, len(rest)), max(high, len(rest))
		number = number && strings.Trim(rest, "0123456789") == ""
		hex = hex && strings.Trim(rest, "0123456789abcdef") == ""
		padded = padded || strings.HasPrefix(rest, "0")
	}
	times := "{" + strconv.Itoa(low) + "}"
	switch {
	case low < 1 || high > 64 || prefix == "" && number && !(padded && low == high):
		return "" // numbers grow longer as they go on
	case number && low != high:
		times = "+"
	case low != high:
		return ""
	}
	class := "[0-9]"
	if !number {
		if class = "[0-9a-f]"; !hex || low < 8 {
			return ""
		}
	}
	return "^" + regexp.QuoteMeta(prefix) + class + times + "$"
}

// measured asks for the bounds that numbers of a kind have.
func (s *stream) measured(c *column, add func(name, settings, why string)) {
	if !c.isNumber() && !c.isComma() && c.share(c.forms.money) < 0.9 || isID(c.words) && !c.tally() || c.compactDate() || c.unixTime() || c.meaning == postcode || c.meaning == phone {
		return
	}
	low, high := c.bounds()
	within := func(from, to float64, why string) {
		if low >= from && high <= to {
			add("range", fmt.Sprintf("min: %g, max: %g", from, to), why)
		}
	}
	switch {
	case hasWord(c.words, "age", "alter", "edad", "eta", "leeftijd", "idade"):
		within(0, 120, "ages of people")
	case hasWord(c.words, "percent", "percentage", "pct", "prozent", "pourcentage", "porcentaje", "percentuale") || strings.Contains(c.name, "%"):
		within(0, 100, "a percentage; all seen lie within")
	case hasWord(c.words, "lat", "latitude", "breitengrad"):
		within(-90, 90, "latitudes")
	case hasWord(c.words, "lon", "lng", "long", "longitude", "langengrad", "laengengrad"):
		within(-180, 180, "longitudes")
	case hasWord(c.words, "rating", "score", "stars", "nps", "csat", "recommend", "bewertung", "sterne", "puntuacion") && s.rows >= manyRows && c.isInt() && low >= 0 && (high == 5 || high == 10 || high == 100):
		within(min(low, 1), high, "a scale; all seen lie within")
	case low >= 0 && countable(c):
		add("not_negative", "", "none seen is below 0")
	}
}

// countable reports whether a name is that of what is counted or paid, and can hardly be
// below 0; what is owed, given back or corrected can.
func countable(c *column) bool {
	if hasWord(c.words, "balance", "saldo", "solde", "refund", "refunds", "adjustment", "correction", "delta", "change", "diff", "difference", "margin", "marge", "profit", "credit", "gutschrift", "discount", "offset", "gmtoff", "variation") {
		return false
	}
	return c.meaning == amount || c.tally() || hasWord(c.words, "price", "cost", "fee", "tax", "taxes", "vat", "shipping", "salary", "income", "revenue", "spent", "spend", "paid", "qty", "quantity", "points", "count", "num", "nights", "adults", "children", "guests", "items",
		"orders", "visits", "sessions", "duration", "seconds", "minutes", "weight", "height", "stock", "inventory", "employees", "value", "umsatz", "gehalt", "gewicht", "dauer", "bestand", "punkte", "menge", "anzahl", "prix", "cuota", "aantal", "punten", "fatturato", "mrr", "arr", "ltv", "rate", "copay", "nb", "enfants")
}

// bounds are the least and the greatest of the numbers looked at.
func (c *column) bounds() (low, high float64) {
	first := true
	for _, v := range c.kept {
		text := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '.' || r == ',' || r == '-' {
				return r
			}
			return -1
		}, v)
		if c.isComma() {
			text = strings.ReplaceAll(strings.ReplaceAll(text, ".", ""), ",", ".")
		}
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		if err != nil {
			continue
		}
		if first {
			low, high, first = f, f, false
		}
		low, high = min(low, f), max(high, f)
	}
	return low, high
}

// dated asks that nobody is born, and nothing happened, in the time to come.
func (s *stream) dated(c *column, name string, add func(name, settings, why string)) {
	switch {
	case c.meaning == birthDate && s.person() && (c.isDate() || c.isTime() || c.compactDate()):
		add("range", "min: 1900-01-01", "nobody living was born before")
		path := "attributes." + name
		add("condition", "condition: "+quoted("!has("+path+") || "+path+" == null || "+path+" <= received"), "nobody is born in the time to come")
	case c == s.occurred:
		add("condition", "condition: "+quoted("occurred <= received + duration('24h')"), "what happened lies behind, zones of time aside")
	}
}

func quoted(s string) string { return `"` + s + `"` }

// listed asks for the values seen where they are few and a kind of state or class.
func (s *stream) listed(c *column, add func(name, settings, why string)) {
	class := c.meaning == status || hasWord(c.words, "tier", "level", "stage", "priority", "type", "kind", "category", "class", "segment", "channel", "method", "plan", "typ", "kategorie", "stufe", "niveau", "categorie", "categoria", "tipo", "soort", "livello", "nivel")
	if !class || isID(c.words) || s.rows < manyRows || len(c.hashes) < 2 || len(c.hashes) > 12 || len(c.counts) != len(c.hashes) || c.average() > 30 || c.bare > 0 || c.isNumber() || c.isTime() || c.isDate() {
		return
	}
	values := make([]string, 0, len(c.counts))
	for v, n := range c.counts {
		if n < 2 && c.meaning != status {
			return // more are likely to come
		}
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(c.counts[b], c.counts[a]), strings.Compare(a, b)) })
	for i := range values {
		values[i] = quote(values[i])
	}
	add("in_set", "values: ["+strings.Join(values, ", ")+"]", "no other value was seen")
}
