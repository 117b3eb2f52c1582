package contract

import (
	"net/netip"
	"strings"
)

// Formats is a set of forms that every text of a field has, as bits: joining two
// fields keeps those that both have.
type Formats uint8

// The formats that are inferred. Dates and timestamps are types.
const (
	formatEmail Formats = 1 << iota
	formatUUID
	formatURI
	formatIPv4
	formatIPv6
	formatPhone
	formatsEnd
)

// names in order of bits; the first of a field's is the one that is written.
var formatNames = [...]string{"email", "uuid", "uri", "ipv4", "ipv6", "phone"}

// String is the format's name in JSON Schema, "" for none.
func (f Formats) String() string {
	for i, name := range formatNames {
		if f&(1<<i) != 0 {
			return name
		}
	}
	return ""
}

const maxFormatted = 320 // bytes of the longest address

// formatsOf gives the formats that a text has.
func formatsOf(s string) Formats {
	if len(s) < 2 || len(s) > maxFormatted && !strings.Contains(s, "://") {
		return 0
	}
	var f Formats
	switch {
	case isEmail(s):
		f = formatEmail
	case isUUID(s):
		f = formatUUID
	case isURI(s):
		f = formatURI
	}
	if isPhone(s) {
		f |= formatPhone
	}
	if len(s) <= 45 && strings.ContainsAny(s, ".:") {
		if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
			if a.Is4() {
				f |= formatIPv4
			} else {
				f |= formatIPv6
			}
		}
	}
	return f
}

func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || !strings.Contains(domain, ".") {
		return false
	}
	for i := range len(local) {
		if c := local[i]; c <= ' ' || c == ',' || c == ';' || c == '<' || c == '>' || c == '"' || c == 0x7f {
			return false
		}
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || !every(label, func(c byte) bool { return isAlnum(c) || c == '-' || c >= 0x80 }) {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !isHex(c) {
			return false
		}
	}
	return true
}

func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	return ok && scheme != "" && rest != "" && isAlpha(scheme[0]) &&
		every(scheme, func(c byte) bool { return isAlnum(c) || c == '+' || c == '-' || c == '.' }) &&
		every(rest, func(c byte) bool { return c > ' ' && c != 0x7f && c != '"' && c != '<' && c != '>' })
}

// isPhone tells what may be a phone number: 7 to 15 digits, and what is put between.
func isPhone(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '+' && i == 0:
		case c == ' ' || c == '-' || c == '(' || c == ')' || c == '.' || c == '/':
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 15
}

func every(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isAlnum(c byte) bool { return isAlpha(c) || c >= '0' && c <= '9' }
func isHex(c byte) bool   { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }
