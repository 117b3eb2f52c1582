package duckdb

import (
	"regexp"
	"strings"
)

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

var (
	quotedText = regexp.MustCompile(`'.*'`) // greedy: a value may hold quotes
	openText   = regexp.MustCompile(`'.*$`)
	numberText = regexp.MustCompile(`-?\b\d[\d.eE+-]*\b`)
	mailText   = regexp.MustCompile(`\S+@\S+`)
)

// mask makes a message of DuckDB fit to be seen: its first line, without the
// values that it may quote from the data (I6). Names in double quotes stay, except
// in faults of values, where what stands there is a value too.
func mask(message string) string {
	s := firstLine(message)
	s = quotedText.ReplaceAllString(s, "'…'")
	if strings.Count(s, "'") == 1 {
		s = openText.ReplaceAllString(s, "'…'")
	}
	for _, kind := range []string{"Conversion Error", "Out of Range Error", "Invalid Input Error", "Constraint Error"} {
		if rest, ok := strings.CutPrefix(s, kind); ok {
			rest = regexp.MustCompile(`".*"`).ReplaceAllString(rest, `"…"`)
			// A type such as INT64 has its digits inside a word and stays.
			return kind + mailText.ReplaceAllString(numberText.ReplaceAllString(rest, "…"), "…")
		}
	}
	return mailText.ReplaceAllString(s, "…")
}
