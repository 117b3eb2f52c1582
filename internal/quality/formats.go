package quality

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/record"
)

func makeFormat(c *CheckConfig, ck *check, bad *faults) {
	formats := map[string]func(string) bool{
		"card": isCard, "country": isCountry, "currency": isCurrency, "email": isEmail, "hostname": isHostname, "iban": isIBAN, "phone": isPhone, "ssn": isSSN, "url": isURL, "uuid": isUUID,
		"ip":   func(s string) bool { _, ok := address(s); return ok },
		"ipv4": func(s string) bool { a, ok := address(s); return ok && a.Is4() },
		"ipv6": func(s string) bool { a, ok := address(s); return ok && a.Is6() },
	}
	is, known := formats[c.Format]
	if !known {
		bad.add("check_format", ".format", "there is no such format", "use card, country, currency, email, hostname, iban, ip, ipv4, ipv6, phone, ssn, url or uuid")
		return
	}
	ck.one = func(v record.Value) bool { return is(v.Text()) }
}

// isCountry takes the code of a country in two capitals (ISO 3166-1 alpha-2), of those that
// are in use.
func isCountry(s string) bool {
	if len(s) != 2 {
		return false
	}
	r, err := language.ParseRegion(s)
	return err == nil && r.IsCountry() && r.Canonicalize().String() == s
}

// lateCurrencies are codes that are younger than the list of the library.
const lateCurrencies = " MRU SLE STN UYW VED VES XCG ZWG "

// isCurrency takes the code of a currency in three capitals (ISO 4217), also of one that is
// no longer paid with; the codes for none and for tests are no currencies.
func isCurrency(s string) bool {
	if len(s) != 3 || s == "XXX" || s == "XTS" {
		return false
	}
	if strings.Contains(lateCurrencies, " "+s+" ") {
		return true
	}
	u, err := currency.ParseISO(s)
	return err == nil && u.String() == s
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func address(s string) (netip.Addr, bool) {
	if len(s) > 64 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == ""
}

// isCard takes 12 to 19 digits, blanks and dashes between them, whose check digit is
// right (Luhn, ISO/IEC 7812).
func isCard(s string) bool {
	n, sum := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		c := s[i]
		if c == ' ' || c == '-' {
			if i == 0 || i == len(s)-1 || !isDigit(s[i-1]) {
				return false
			}
			continue
		}
		if !isDigit(c) {
			return false
		}
		d := int(c - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n >= 12 && n <= 19 && sum%10 == 0
}

// isEmail takes an address without quotes whose domain has a dot.
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 || !isHostname(s[at+1:]) || strings.IndexByte(s[at+1:], '.') < 0 {
		return false
	}
	dot := true // a dot may neither begin nor follow another
	for i := range at {
		c := s[i]
		switch {
		case c == '.':
			if dot {
				return false
			}
			dot = true
			continue
		case isLetter(c), isDigit(c), c >= 0x80, strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0:
		default:
			return false
		}
		dot = false
	}
	return !dot
}

// isHostname takes labels of letters, digits and dashes, also of other scripts.
func isHostname(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isLetter(c) && !isDigit(c) && c != '-' && c < 0x80 {
				return false
			}
		}
	}
	return true
}

// isURL takes what has a scheme and a host.
func isURL(s string) bool {
	if !strings.Contains(s, "://") || strings.ContainsAny(s, " \t\r\n") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != ""
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// isPhone takes E.164: +, and from 7 to 15 digits.
func isPhone(s string) bool {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// isSSN takes AAA-GG-SSSS, with dashes or without, of the numbers that are given out.
func isSSN(s string) bool {
	if len(s) == 11 && s[3] == '-' && s[6] == '-' {
		return isSSNParts(s[:3], s[4:6], s[7:])
	}
	return len(s) == 9 && isSSNParts(s[:3], s[3:5], s[5:])
}

func isSSNParts(area, group, serial string) bool {
	for _, part := range [...]string{area, group, serial} {
		for i := range len(part) {
			if !isDigit(part[i]) {
				return false
			}
		}
	}
	return area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000"
}

// ibanLengths is how long the numbers of each country are, as the registry of ISO
// 13616 has them; of others the check digits alone are looked at.
const ibanLengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27TL23TN24TR26UA29VA22VG24XK20"

// isIBAN takes an account number in capitals, in groups or not, whose remainder by 97
// is 1.
func isIBAN(s string) bool {
	var compact [34]byte
	n := 0
	for i := range len(s) {
		c := s[i]
		if c == ' ' && i > 0 && i < len(s)-1 {
			continue
		}
		if n == len(compact) || !isDigit(c) && (c < 'A' || c > 'Z') {
			return false
		}
		compact[n] = c
		n++
	}
	if n < 15 || isDigit(compact[0]) || isDigit(compact[1]) || !isDigit(compact[2]) || !isDigit(compact[3]) {
		return false
	}
	for i := 0; i < len(ibanLengths); i += 4 {
		if ibanLengths[i] == compact[0] && ibanLengths[i+1] == compact[1] && int(ibanLengths[i+2]-'0')*10+int(ibanLengths[i+3]-'0') != n {
			return false
		}
	}
	rest := 0
	for i := range n {
		c := compact[(i+4)%n]
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}
