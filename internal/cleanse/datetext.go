package cleanse

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// datePatterns are the shapes of dates and clocks that are written anew before they
// are read.
type datePatterns struct {
	east, halves, dots, tail, comma, clock *regexp.Regexp
}

var datePattern = sync.OnceValue(func() datePatterns {
	return datePatterns{
		east: regexp.MustCompile(`^(?:(\d{4})|(明治|大正|昭和|平成|令和)\s?(\d{1,2}|元))\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]\s?(?:\(.\)|.曜日|.요일|星期.|周.)?\s?` +
			`(?:(午前|午後|上午|下午|오전|오후)?\s?(\d{1,2})(?:[:：](\d{2})(?:[:：](\d{2}))?|[時时点點시]\s?(?:(\d{1,2})\s?[分분])?\s?(?:(\d{1,2})\s?[秒초])?))?$`),
		halves: regexp.MustCompile(`(?i)(:\d\d)\s?(?:(a\. ?m\.|π\.μ\.|ص)|(p\. ?m\.|μ\.μ\.|م))$`),
		dots:   regexp.MustCompile(`(\d)\. (\d)`),
		tail:   regexp.MustCompile(`(\d)\.(?:$| (\d{1,2}:))|(\d)\s?(?:г\.?|р\.?|r\.)$`),
		comma:  regexp.MustCompile(`(\d), (\d{1,2}:)`),
		clock:  regexp.MustCompile(`(?i)(\d{4}),? (?:(?:um|kl\.?|klo|à|at|alle|om|в|στις) )?(\d{1,2})(?: ?[h.時] ?|:)(\d{2})(?:(?:[:.]| ?m(?:in)? ?)(\d{2}))?(?: ?(?:uhr|h))?$`),
	}
})

// tidyDate writes signs and clocks that some languages have as others do: 1. 2. 2024,
// 10h30, 10.30 after a date, p. m.
func tidyDate(s string) string {
	p := datePattern()
	s = p.halves.ReplaceAllStringFunc(s, func(m string) string {
		g := p.halves.FindStringSubmatch(m)
		if g[2] != "" {
			return g[1] + " AM"
		}
		return g[1] + " PM"
	})
	s = p.tail.ReplaceAllString(s, "$1$3 $2")
	s = p.dots.ReplaceAllString(p.dots.ReplaceAllString(s, "$1.$2"), "$1.$2") // the runs share digits
	s = p.comma.ReplaceAllString(strings.TrimRight(s, " "), "$1 $2")
	s = p.clock.ReplaceAllStringFunc(s, func(m string) string {
		g := p.clock.FindStringSubmatch(m)
		out := g[1] + " " + g[2] + ":" + g[3]
		if g[4] != "" {
			out += ":" + g[4]
		}
		return out
	})
	return s
}

// eastAsian writes a Chinese, Japanese or Korean date as year, month and day, with the
// years of Japan's eras counted on from their first.
func eastAsian(s string) (string, bool) {
	g := datePattern().east.FindStringSubmatch(s)
	if g == nil {
		return "", false
	}
	year := g[1]
	if year == "" {
		n, err := strconv.Atoi(g[3])
		if g[3] == "元" {
			n, err = 1, nil
		}
		first := map[string]int{"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}[g[2]]
		if err != nil || n < 1 {
			return "", false
		}
		year = strconv.Itoa(first + n - 1)
	}
	out := year + "-" + g[4] + "-" + g[5]
	if g[7] == "" {
		return out, true
	}
	minute, second := g[8]+g[10], g[9]+g[11]
	clock := g[7] + ":" + twoDigits(minute)
	if second != "" {
		clock += ":" + twoDigits(second)
	}
	switch g[6] {
	case "午前", "上午", "오전":
		clock += " AM"
	case "午後", "下午", "오후":
		clock += " PM"
	}
	return out + " " + clock, true
}

func twoDigits(s string) string { return ("00" + s)[len(s):] }

// zoneAfter takes the name of a zone off the end of a text with a time of day: one of
// the IANA database, in brackets or not, or one of the few short names that mean one
// offset.
func zoneAfter(s string) (rest string, zone *time.Location) {
	i := strings.IndexByte(s, ':')
	if i < 0 {
		return s, nil
	}
	if at := strings.IndexByte(s, '('); at > i && strings.HasSuffix(s, ")") { // GMT+0100 (Central European Standard Time)
		s = strings.TrimRight(s[:at], " ")
	}
	if at := strings.LastIndex(s, "GMT"); at > i && at+3 < len(s) { // GMT+0100
		s = s[:at] + s[at+3:]
	}
	at := strings.LastIndexAny(s, " [")
	if at < i {
		return s, nil
	}
	name := strings.TrimSuffix(s[at+1:], "]")
	if strings.Contains(name, "/") {
		if zone, ok := zoneNamed(name); ok {
			rest = strings.TrimRight(s[:at], " ")
			if s[at] == '[' && zoned(rest) { // the offset is there already, and says which hour of two
				return rest, nil
			}
			return rest, zone
		}
		return s, nil
	}
	hours, known := map[string]int{"UT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
		"WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "JST": 9}[name]
	if !known {
		return s, nil
	}
	return strings.TrimRight(s[:at], " "), time.FixedZone(name, hours*3600)
}
