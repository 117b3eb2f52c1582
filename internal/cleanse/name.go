package cleanse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// properName writes a person's name as people do. Only words that are all capitals
// or all small letters are changed: who typed McDonald or DeShawn meant it.
func properName(s string) string {
	s = trim(s)
	words := strings.Split(s, " ")
	for i, w := range words {
		switch {
		case mixedCase(w):
		case isParticle(w) && i < len(words)-1:
			words[i] = strings.ToLower(w)
		case i > 0 && i == len(words)-1 && isOrdinal(w):
			words[i] = strings.ToUpper(w)
		default:
			words[i] = properWord(w)
		}
	}
	return strings.Join(words, " ")
}

// mixedCase reports whether w has both capitals and small letters. One capital
// letter alone, an initial, has no case to mend.
func mixedCase(w string) bool {
	var upper, lower bool
	for _, c := range w {
		upper = upper || unicode.IsUpper(c) || unicode.IsTitle(c)
		lower = lower || unicode.IsLower(c)
	}
	return upper && lower
}

// isParticle knows the small words of Dutch, German, French, Spanish, Portuguese,
// Italian and Scandinavian surnames. Words that are as often a given name (Al, Ben,
// El, Mac) are left out.
func isParticle(w string) bool {
	switch strings.ToLower(w) {
	case "af", "av", "da", "das", "de", "degli", "del", "della", "den", "der", "des", "di", "do", "dos", "du",
		"la", "las", "le", "los", "of", "ten", "ter", "tot", "van", "vom", "von", "y", "zu", "zum", "zur", "'t":
		return true
	}
	return false
}

func isOrdinal(w string) bool {
	switch strings.ToLower(w) {
	case "ii", "iii", "iv":
		return true
	}
	return false
}

// properWord capitalises a word's parts between hyphens, and after O', D' and Mc.
func properWord(w string) string {
	var b strings.Builder
	b.Grow(len(w))
	start, letters := true, 0 // letters since the part's start
	rest := strings.ToLower(w)
	for rest != "" {
		c, size := utf8.DecodeRuneInString(rest)
		if start && strings.HasPrefix(rest, "mc") && len(rest) > 3 {
			b.WriteString("Mc")
			rest, letters = rest[2:], 2
			continue
		}
		switch {
		case c == '-' || c == '.' || c == '(' || c == '/':
			start, letters = true, 0
		case c == '\'' || c == '’':
			start = letters == 1 // O'Brien, but not Anna's
		case start:
			c = unicode.ToTitle(c)
			start = false
			letters++
		default:
			letters++
		}
		b.WriteRune(c)
		rest = rest[size:]
	}
	return b.String()
}
