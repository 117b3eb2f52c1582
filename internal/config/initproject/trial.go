package initproject

import (
	"context"
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/record"
)

// enough is how much of a column a step must read before it is proposed: what it cannot
// read it would make null.
const enough = 0.95

// reads tells how large a part of a column's kept values a step can read.
func reads(c *column, step string, args map[string]string) float64 {
	if len(c.kept) == 0 {
		return 0
	}
	stage := cleanse.New()
	config := cleanse.StreamConfig{Stream: "s", Attributes: []cleanse.AttributeConfig{{Name: "a", From: "f", Steps: []cleanse.StepConfig{{Name: step, Args: args}}}}}
	if stage.Install(1, []cleanse.StreamConfig{config}) != nil {
		return 0 // not known of this country
	}
	b := &record.Batch{}
	marked := c.marked()
	for _, v := range c.kept {
		if marked {
			v = strings.TrimPrefix(v, "'")
		}
		b.Records = append(b.Records, record.Record{Stream: "s", Kind: record.Object, Op: record.Upsert, Pin: 1,
			Fields: []record.Attr{{Name: "f", Value: record.StringValue(v)}}})
	}
	if stage.Refine(context.Background(), b) != nil { // it fails only with its context
		return 0
	}
	read := 0
	for i := range b.Records {
		if !b.Records[i].Verdict.Partly && len(b.Records[i].Attrs) == 1 && !b.Records[i].Attrs[0].Value.IsNull() {
			read++
		}
	}
	return c.share(read)
}

// placed proposes the steps of what has a form of its own somewhere: countries, regions,
// postcodes, genders, forms of address, languages, addresses of the web; only where the values bear it out.
func (s *stream) placed(c *column, region string) (step, why string) {
	try := func(name string, args map[string]string, reason string) bool {
		share := reads(c, name, args)
		if share < enough {
			return false
		}
		step, why = name, reason
		if len(args) > 0 {
			step = name + ": {" + written(args) + "}"
		}
		if share < 1 {
			why = fmt.Sprintf("%.0f %% of the values looked at can be read, the others become null", 100*share)
		}
		return true
	}
	home := s.home(region)
	switch {
	case c.meaning == country:
		try("country", nil, "names and codes alike")
	case c.meaning == gender:
		try("gender", nil, "")
	case c.meaning == state && home != "":
		try("region", map[string]string{"country": home, "as": "code"}, "regions of "+home+": please check")
	case c.meaning == postcode && home != "":
		try("postcode", map[string]string{"country": home}, "postcodes of "+home+": please check")
	case c.meaning == unknown && hasWord(c.words, "title", "salutation", "honorific", "anrede", "titel", "civilite", "tratamiento", "trattamento", "aanhef"):
		try("honorific", nil, "forms of address; gender would read what they say of it")
	case hasWord(c.words, "language", "lang", "locale", "sprache", "langue", "idioma", "lingua", "taal") && !isID(c.words):
		try("language", nil, "")
	case hasWord(c.words, "ip", "ipaddress", "ipv4", "ipv6"):
		try("ip", nil, "")
	case hasWord(c.words, "url", "website", "webseite", "homepage", "link", "referrer", "referer"):
		try("url", nil, "")
	}
	return step, why
}

// home is the one country that a file's addresses are of; empty where they are of many.
func (s *stream) home(region string) string {
	countries := map[string]int{}
	for _, c := range s.with(country) {
		for v, n := range c.counts {
			countries[regionOf(v)] += n
		}
	}
	switch len(countries) {
	case 0:
		return region
	case 1:
		for r := range countries {
			return r
		}
	}
	return ""
}

// countries is the attribute that tells each row's country; empty where no column does, or
// all rows are of one.
func (s *stream) countries() string {
	c := s.fullest(country)
	if !s.person() || c == nil || c.nested || s.home("") != "" || reads(c, "country", nil) < enough {
		return ""
	}
	return attributeOf(country)
}

// written writes a step's settings, in the order in which people say them.
func written(args map[string]string) string {
	var all []string
	for _, name := range []string{"part", "format", "pivot", "decimal", "thousands", "country", "as"} {
		if v, ok := args[name]; ok {
			all = append(all, name+": "+quote(v))
		}
	}
	return strings.Join(all, ", ")
}

// spelled proposes how dates are read whose months have names, or whose years have two
// digits, and times that count from 1970.
func (s *stream) spelled(c *column) (step, why string) {
	switch {
	case c.isInt() && c.unixTime() && len(c.kept[0]) < 16 && (c.meaning == occurred || c.meaning == updated || c.meaning == created):
		if len(c.kept[0]) == 13 {
			return "date: {format: epoch_ms}", "milliseconds since 1970"
		}
		return "date: {format: epoch}", "seconds since 1970"
	case c.shortDates():
		args := map[string]string{"format": "dmy", "pivot": pivot}
		why = "day first"
		if c.forms.shortMonth > c.forms.shortDay || c.forms.shortMonth+c.forms.shortDay == 0 && s.american() {
			args["format"], why = "mdy", "month first"
		}
		if c.forms.shortMonth+c.forms.shortDay == 0 {
			why = "ambiguous, please check: " + why + " is a guess"
		}
		if c.meaning == birthDate {
			args["pivot"] = "10"
		}
		if reads(c, "date", args) < enough {
			return "", ""
		}
		s.note("%s has years of two digits: those up to %s are taken for this century, please check", c.name, args["pivot"])
		return "date: {" + written(args) + "}", why
	case c.meaning == unknown && !c.dated() || c.isInt() || c.isNumber():
		return "", ""
	}
	for _, format := range []string{"dmy", "mdy"} {
		if reads(c, "date", map[string]string{"format": format}) >= enough {
			return "date: {format: " + format + "}", "months by their names"
		}
	}
	return "", ""
}

// dated reports whether values hold letters and a year, as dates with a month's name do.
func (c *column) dated() bool {
	n := 0
	for _, v := range c.kept {
		if d := digits(v); d >= 5 && d <= 14 && len(v) <= 40 && strings.ContainsAny(strings.ToLower(v), "abcdefghijklmnopqrstuvwxyz") {
			n++
		}
	}
	return c.share(n) > 0.9
}

// american reports whether nothing but the United States speaks for a file.
func (s *stream) american() bool {
	hints, _ := s.regionHints()
	return s.language() == "" && len(hints) > 0 && hints[0] == "US"
}
