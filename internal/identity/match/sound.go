package match

import "strings"

// digraphs are letters that are written together for one sound, in the spellings of
// several European languages.
var digraphs = strings.NewReplacer(
	"tsch", "S", "tch", "S", "sch", "S", "sh", "S", "ch", "S", "cz", "S", "sz", "S", "tz", "S", "ts", "S",
	"ph", "F", "pf", "F", "gh", "", "ck", "K", "qu", "K", "kn", "N", "gn", "N", "wr", "R", "wh", "V", "th", "T", "dt", "T",
	"mac", "MK", "mc", "MK", "x", "KS",
)

// sounds gives the class of a consonant; vowels, h, w and y have none.
var sounds = [256]byte{
	'b': 'P', 'p': 'P', 'f': 'F', 'v': 'F', 'c': 'K', 'k': 'K', 'g': 'K', 'q': 'K', 'j': 'J',
	's': 'S', 'z': 'S', 'd': 'T', 't': 'T', 'l': 'L', 'm': 'N', 'n': 'N', 'r': 'R',
	'S': 'S', 'F': 'F', 'K': 'K', 'N': 'N', 'R': 'R', 'V': 'F', 'T': 'T', 'M': 'N',
}

// sound is a phonetic key of a normalised name: the classes of its consonants, with
// "A" in front where it begins with a vowel. Names that sound alike in the
// languages of Europe share it; "" where there is no letter.
func sound(s string) string {
	var key [8]byte
	n := 0
	var before byte
	spelt := digraphs.Replace(s)
	for i := range len(spelt) {
		c := spelt[i]
		class := sounds[c]
		switch {
		case class == 0:
			if n == 0 && (c >= 'a' && c <= 'z') {
				key[n] = 'A'
				n++
			}
			if c != 'h' && c != 'w' {
				before = 0
			}
			continue
		case class == before:
			continue
		}
		before = class
		key[n] = class
		if n++; n == len(key) {
			break
		}
	}
	return string(key[:n])
}
