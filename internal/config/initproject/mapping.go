package initproject

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kithdata/kith/internal/record"
)

// mapped is one attribute of a stream as the file will say it.
type mapped struct {
	name  string
	col   *column
	steps string // the clean list's items, "" for none
	why   string
}

// attributes maps the columns of people; of things and events only those that want
// cleansing, since the others pass as they are.
func (s *stream) attributes() []mapped {
	var all []mapped
	taken := map[string]bool{}
	region, regionWhy := s.region()
	for _, c := range s.columns {
		if s.kind == record.Consent && !simple(c.meaning) {
			continue // its attributes are those of every consent
		}
		if s.person() && (c == s.seq || c == s.deleted || c == s.key && isID(c.words) && c.meaning == unknown) {
			continue
		}
		if c.secret() {
			if c.filled > 0 && s.person() {
				s.note("%s looks like a secret and is left out of profiles; best leave it out of the file", c.name)
			}
			continue
		}
		steps, why := s.cleansing(c, region, regionWhy)
		if !s.person() && steps == "" {
			continue
		}
		name := attributeOf(c.meaning)
		if name == "" || c.meaning == updated || c.meaning == created || c.meaning == occurred || c.meaning == amount || c.meaning == status || c.meaning == eventName || taken[name] || s.fullest(c.meaning) != c || !s.person() && !simple(c.meaning) {
			name = slug(c.name)
		}
		name = unused(name, taken)
		taken[name] = true
		all = append(all, mapped{name, c, steps, why})
	}
	return append(all, s.nameParts(taken)...)
}

// nameParts takes whole names apart where no file has the parts: what was guessed from a
// whole name must not survive what somebody wrote.
func (s *stream) nameParts(taken map[string]bool) (all []mapped) {
	whole := s.fullest(fullName)
	if !s.person() || whole == nil || s.parted {
		return nil
	}
	several := 0
	for _, v := range whole.kept {
		if strings.ContainsAny(v, " ,") {
			several++
		}
	}
	if whole.share(several) < 0.8 {
		return nil
	}
	order, why := "", ""
	if whole.familyFirst() {
		order, why = ", order: family_first", ", which begins with the family's as its script or language has it"
	}
	for _, part := range [][2]string{{"first_name", "given"}, {"last_name", "family"}} {
		if !taken[part[0]] {
			all = append(all, mapped{part[0], whole, "name, name_part: {part: " + part[1] + order + "}", "taken from the whole name" + why})
		}
	}
	return all
}

// familyFirst reports whether whole names begin with the family's: names in Chinese,
// Japanese and Korean script, and those under a Hungarian header.
func (c *column) familyFirst() bool {
	n := 0
	for _, v := range c.kept {
		if strings.ContainsFunc(v, func(r rune) bool {
			return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
		}) {
			n++
		}
	}
	return c.share(n) > 0.5 || hasWord(c.words, "nev", "nevek")
}

// fullest is the column of a meaning that most rows fill, which bears its name.
func (s *stream) fullest(m meaning) (best *column) {
	for _, c := range s.columns {
		if c.meaning == m && (best == nil || c.filled > best.filled) {
			best = c
		}
	}
	return best
}

func simple(m meaning) bool { return m == email || m == phone }

// person reports whether the stream is about people.
func (s *stream) person() bool { return s.kind.String() == "customer" }

// cleansing proposes a column's steps.
func (s *stream) cleansing(c *column, region, regionWhy string) (steps, why string) {
	var all []string
	var reasons []string
	say := func(step, reason string) {
		all = append(all, step)
		if reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if len(c.nulls) > 0 {
		var tokens, shown []string
		for t := range c.nulls {
			tokens = append(tokens, quote(strings.ToLower(t)))
		}
		slices.Sort(tokens)
		tokens = slices.Compact(tokens)
		for _, t := range tokens {
			shown = append(shown, strings.Trim(t, `"`))
		}
		say("null_tokens: ["+strings.Join(tokens, ", ")+"]", list(shown)+" stands for nothing")
	}
	if c.nested || c.bare > 0 && c.bare == c.filled {
		if len(all) == 0 {
			return "", ""
		}
		return strings.Join(all, ", "), list(reasons)
	}
	if c.marked() {
		say(`replace: {pattern: "^'"}`, "an apostrophe in front is how spreadsheets mark text")
	}
	if step, reason := s.placed(c, region); step != "" {
		say(step, reason)
		return strings.Join(all, ", "), list(reasons)
	}
	switch {
	case c.isEmail(), c.meaning == email:
		say("email", "")
	case c.meaning == phone:
		by := s.countries()
		switch {
		case region == "" && by == "":
			say("phone", "")
		case region == "":
			say("phone: {region_from: "+by+"}", "each number as its row's country dials it")
		case by != "":
			say("phone: {region: "+region+", region_from: "+by+"}", "each number as its row's country dials it; "+region+" where it names none: "+regionWhy)
		default:
			say("phone: {region: "+region+"}", "region "+region+": "+regionWhy)
		}
	case c.meaning == firstName || c.meaning == lastName || c.meaning == fullName:
		say("trim", "")
		say("name", "")
	case c.isTime():
		if s.person() || c.forms.padded > 0 {
			say("date", "")
		}
	case c.compactDate():
		say("date: {format: ymd}", "eight digits: year, month, day")
	case c.isDate():
		format, reason := s.order(c)
		say("date: {format: "+format+"}", reason)
	case s.identifies(c) || isID(c.words) && c.meaning == unknown: // digits that nobody adds up
		if s.person() || c.forms.padded > 0 {
			say("trim", "")
		}
	case c.isComma():
		say(`number: {decimal: ","`+spaced(c)+"}", "written with a decimal comma")
	case c.forms.dot > 0 && c.isNumber():
		say("number", "")
	case c.share(c.forms.money) >= 0.9 && !c.isNumber() && c.meaning != phone && s.priced(c) != "":
		say(s.priced(c), "amounts with a currency; a second attribute with part: currency would keep it")
	case c.isInt() || c.meaning == postcode:
		if step, reason := s.spelled(c); step != "" {
			say(step, reason)
			break
		}
		if c.forms.padded > 0 {
			say("trim", "")
		}
	case (c.meaning == unknown || c.meaning == deleted) && c.share(c.forms.boolean) == 1 && len(c.hashes) <= 4 && len(c.kept) >= 2:
		say("boolean", "")
	case c.written():
		if step, reason := s.spelled(c); step != "" {
			say(step, reason)
		} else if s.person() || c.forms.padded > 0 {
			say("trim", "")
		}
	case s.person() || c.forms.padded > 0:
		say("trim", "")
	}
	if !s.person() && len(all) == 1 && (all[0] == "trim" && c.forms.padded == 0) {
		return "", ""
	}
	return strings.Join(all, ", "), list(reasons)
}

// written reports whether values may be dates with a month's name or a short year.
func (c *column) written() bool { return c.shortDates() || c.dated() }

// priced is the step that reads a column's amounts, or none.
func (s *stream) priced(c *column) string {
	for _, args := range []map[string]string{nil, {"decimal": ","}, {"decimal": ",", "thousands": "space"}} {
		if reads(c, "money", args) >= enough {
			if args == nil {
				return "money"
			}
			return "money: {" + written(args) + "}"
		}
	}
	return ""
}

func spaced(c *column) string {
	for _, v := range c.kept {
		if strings.Contains(v, " ") {
			return ", thousands: space"
		}
	}
	return ""
}

// order tells day-first dates from month-first ones.
func (s *stream) order(c *column) (format, why string) {
	f := c.forms
	switch {
	case f.yearFirst > f.dayFirst+f.monthFirst+f.either:
		return "ymd", ""
	case f.dayFirst > 0 && f.monthFirst > 0:
		format = "dmy"
		if f.monthFirst > f.dayFirst {
			format = "mdy"
		}
		s.note("%s mixes day-first dates (%d) with month-first ones (%d): those that are neither cannot be told apart", c.name, f.dayFirst, f.monthFirst)
		return format, "mixed, please check: both orders are there"
	case f.dayFirst > 0:
		return "dmy", fmt.Sprintf("day first: %d of %d values can be nothing else", f.dayFirst, f.date)
	case f.monthFirst > 0:
		return "mdy", fmt.Sprintf("month first: %d of %d values can be nothing else", f.monthFirst, f.date)
	}
	format = "dmy"
	if hints, _ := s.regionHints(); s.language() == "" && slices.Contains(hints, "US") {
		format = "mdy"
	}
	s.note("%s could be day first or month first: no value settles it, %s is a guess", c.name, format)
	return format, "ambiguous, please check: every value could be day first or month first"
}

// slug makes an attribute's name of a header: plain letters, digits and underscores.
func slug(header string) string {
	var b strings.Builder
	for _, w := range wordsOf(header) {
		part := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, w)
		if part != "" && b.Len() > 0 {
			b.WriteByte('_')
		}
		b.WriteString(part)
	}
	s := b.String()
	if len(s) > 60 {
		s = strings.TrimRight(s[:60], "_")
	}
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		s = strings.TrimRight("field_"+s, "_")
	}
	return s
}

func unused(name string, taken map[string]bool) string {
	for n, base := 2, name; taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}
