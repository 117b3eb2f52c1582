package cleanse

import (
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

func addressSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "address", Args: "country: AU, DE, FR, GB or US; part: line (default), street, number or unit; country_from: another attribute that tells the country, by code or name; the line of another country stays as it is",
			What: "Reads a line of street, house number and unit, and writes its abbreviations out, or takes a part. What stands in capitals or small letters alone gets both. Town and postcode do not belong in it.",
			More: []Table{{Args: map[string]string{"country": "GB"}, Rows: [][2]string{{"flat 2, 10 HIGH ST.", "Flat 2, 10 High Street"}, {"12a St Mary's Rd", "12a St Mary's Road"}, {"Rose Cottage", "Rose Cottage"}, {"P.O. BOX 12", "PO Box 12"}}},
				{Args: map[string]string{"country": "US"}, Rows: [][2]string{{"123 N Main St Apt 4b", "123 North Main Street, Apartment 4B"}, {"5 5th Ave", "5 5th Avenue"}, {"9 Elm Blvd #7", "9 Elm Boulevard, Unit 7"}}},
				{Args: map[string]string{"country": "AU"}, Rows: [][2]string{{"3/45 George St", "Unit 3, 45 George Street"}, {"Lvl 5, 100 Miller St", "Level 5, 100 Miller Street"}}},
				{Args: map[string]string{"country": "DE"}, Rows: [][2]string{{"Hauptstr. 12 a", "Hauptstraße 12a"}, {"Berliner Str. 5", "Berliner Straße 5"}}},
				{Args: map[string]string{"country": "FR"}, Rows: [][2]string{{"12 bis, bd Voltaire", "12 bis Boulevard Voltaire"}, {"3 AV. DE LA GARE", "3 Avenue de la Gare"}}},
				{Args: map[string]string{"country": "DE", "part": "number"}, Rows: [][2]string{{"Hauptstr. 12 a", "12a"}, {"Am Markt", ""}}},
				{Args: map[string]string{"country": "GB", "part": "street"}, Rows: [][2]string{{"Flat 2, 10 High St", "High Street"}}},
				{Args: map[string]string{"country": "US", "part": "unit"}, Rows: [][2]string{{"1 Oak Dr, Ste 200", "Suite 200"}, {"1 Oak Dr", ""}}}}},
			args: []string{"country", "part"}, need: "country", told: []string{"country"}, dear: true, picky: true, make: makeAddress},
	}
}

// unitWord knows what a flat or room is called.
func unitWord(w, country string) string {
	switch w {
	case "flat", "flt":
		return "Flat"
	case "apt", "apartment":
		return "Apartment"
	case "unit":
		return "Unit"
	case "suite", "ste":
		return "Suite"
	case "room", "rm":
		return "Room"
	case "u", "level", "lvl", "shop":
		if country == "AU" {
			return map[string]string{"u": "Unit", "level": "Level", "lvl": "Level", "shop": "Shop"}[w]
		}
	case "fl", "floor":
		if country == "US" {
			return "Floor"
		}
	case "bldg", "building":
		if country == "US" {
			return "Building"
		}
	case "appt", "appartement":
		if country == "FR" {
			return "Appartement"
		}
	case "whg", "wohnung":
		if country == "DE" {
			return "Wohnung"
		}
	}
	return ""
}

// streetWord writes the abbreviation of a kind of street out; none for other words.
func streetWord(w, country string) string {
	list := "st Street,rd Road,ave Avenue,av Avenue,dr Drive,ln Lane,ct Court,pl Place,sq Square,ter Terrace,terr Terrace,cres Crescent,cr Crescent,cl Close,gdns Gardens,gr Grove,pde Parade,hwy Highway,blvd Boulevard,bvd Boulevard,pkwy Parkway,cir Circle,trl Trail,expy Expressway,fwy Freeway,esp Esplanade"
	if country == "FR" {
		list = "r Rue,av Avenue,ave Avenue,bd Boulevard,bld Boulevard,blvd Boulevard,boul Boulevard,pl Place,all Allée,imp Impasse,ch Chemin,chem Chemin,rte Route,sq Square,fg Faubourg,fbg Faubourg,crs Cours"
	}
	for entry := range strings.SplitSeq(list, ",") {
		if short, whole, _ := strings.Cut(entry, " "); short == w {
			return whole
		}
	}
	return ""
}

func compass(w string) string {
	switch w {
	case "n":
		return "North"
	case "s":
		return "South"
	case "e":
		return "East"
	case "w":
		return "West"
	case "ne":
		return "Northeast"
	case "nw":
		return "Northwest"
	case "se":
		return "Southeast"
	case "sw":
		return "Southwest"
	}
	return ""
}

// houseNumber knows 12, 12a and 12-14b.
func houseNumber(w string) bool {
	digits, ends := 0, true
	for i := range len(w) {
		switch c := w[i] | 0x20; {
		case w[i] >= '0' && w[i] <= '9':
			if !ends && w[i-1]|0x20 >= 'a' {
				return false
			}
			digits++
			ends = false
		case c >= 'a' && c <= 'z' && digits > 0 && w[i-1] >= '0' && w[i-1] <= '9':
		case w[i] == '-' && digits > 0 && i < len(w)-1:
			ends = true
		default:
			return false
		}
	}
	return digits > 0 && digits <= 10
}

type addressParts struct{ street, number, unit string }

func bare(w string) string { return strings.ToLower(strings.Trim(w, ".")) }

func partsOfAddress(text, country string) (a addressParts) {
	words := strings.FieldsFunc(text, func(c rune) bool { return isSpace(c) || c == ',' })
	if box, ok := postBox(words); ok {
		a.street = box
		return a
	}
	for i := 0; i < len(words); i++ {
		var value string
		n := 1
		kind := unitWord(bare(words[i]), country)
		switch {
		case strings.HasPrefix(words[i], "#") && len(words[i]) > 1:
			kind, value = "Unit", words[i][1:]
		case kind != "" && i+1 < len(words) && (houseNumber(words[i+1]) || len(words[i+1]) == 1):
			value, n = words[i+1], 2
		case kind != "" && i+1 < len(words) && country == "AU" && strings.Contains(words[i+1], "/"): // U 3/45 George St
			var number string
			value, number, _ = strings.Cut(words[i+1], "/")
			if !houseNumber(value) || !houseNumber(number) {
				continue
			}
			words[i+1] = number
		default:
			continue
		}
		a.unit = kind + " " + strings.ToUpper(value)
		words = append(words[:i:i], words[i+n:]...)
		break
	}
	if len(words) == 0 {
		return a
	}
	if country == "DE" {
		last := len(words) - 1
		if last > 1 && len(words[last]) == 1 && words[last][0]|0x20 >= 'a' && words[last][0]|0x20 <= 'z' && houseNumber(words[last-1]) {
			words[last-1] += words[last]
			words, last = words[:last], last-1
		}
		if last > 0 && houseNumber(words[last]) {
			a.number, words = strings.ToLower(words[last]), words[:last]
		}
	} else if unit, number, both := strings.Cut(words[0], "/"); both && country == "AU" && houseNumber(unit) && houseNumber(number) && a.unit == "" && len(words) > 1 {
		a.unit, a.number, words = "Unit "+strings.ToUpper(unit), strings.ToLower(number), words[1:]
	} else if houseNumber(words[0]) && len(words) > 1 {
		a.number, words = strings.ToLower(words[0]), words[1:]
		if w := bare(words[0]); country == "FR" && len(words) > 1 && (w == "bis" || w == "ter" || w == "quater") {
			a.number, words = a.number+" "+w, words[1:]
		}
	}
	a.street = street(words, country)
	return a
}

// postBox knows a box at the post office, which has no street.
func postBox(words []string) (string, bool) {
	if len(words) < 2 {
		return "", false
	}
	last := words[len(words)-1]
	switch fold(strings.Join(words[:len(words)-1], "")) {
	case "pobox", "postofficebox", "postbox":
		return "PO Box " + strings.ToUpper(last), houseNumber(last)
	case "gpobox":
		return "GPO Box " + strings.ToUpper(last), houseNumber(last)
	case "postfach":
		return "Postfach " + strings.ToUpper(last), houseNumber(last)
	case "bp":
		return "BP " + strings.ToUpper(last), houseNumber(last)
	}
	return "", false
}

// street writes the words of a street's name out.
func street(words []string, country string) string {
	kind := len(words) - 1 // where the kind of street stands
	if country == "FR" {
		kind = 0
	}
	out := make([]string, len(words))
	if country == "US" && kind > 1 && compass(bare(words[kind])) != "" {
		kind--
	}
	for i, w := range words {
		whole := ""
		switch {
		case country == "DE":
			whole = germanStreet(w, i, len(words))
		case i == kind && len(words) > 1:
			whole = streetWord(bare(w), country)
		case country == "US" && (i == 0 || i > kind) && (len(words) > 2 || i == 0 && len(words) == 2 && streetWord(bare(words[1]), country) == ""): // E Broadway, but not E Street
			whole = compass(bare(w))
		}
		switch {
		case whole != "":
			out[i] = whole
		case mixedCase(w) || w != "" && w[0] >= '0' && w[0] <= '9':
			out[i] = w
		case i > 0 && (isParticle(w) || strings.EqualFold(w, "the") || strings.EqualFold(w, "and")):
			out[i] = strings.ToLower(w)
		case i > 0 && country == "FR" && len(w) > 2 && (w[1] == '\'' || strings.HasPrefix(w[1:], "’")): // de l'Etoile
			out[i] = strings.ToLower(w[:1]) + proper{}.word(w)[1:]
		default:
			out[i] = proper{}.word(w)
		}
	}
	return strings.Join(out, " ")
}

func germanStreet(w string, at, of int) string {
	lower := strings.ToLower(w)
	if at == 0 && of > 1 && (lower == "str." || lower == "str") {
		return "Straße"
	}
	if head, ok := strings.CutSuffix(lower, "pl."); ok && (head != "" || of > 1) {
		if head == "" || strings.HasSuffix(head, "-") {
			return proper{}.word(head) + "Platz"
		}
		return proper{}.word(head) + "platz"
	}
	for _, short := range []string{"str.", "str", "strasse", "straße"} {
		head, ok := strings.CutSuffix(lower, short)
		if !ok || head == "" && at == 0 {
			continue
		}
		if head == "" || strings.HasSuffix(head, "-") {
			return proper{}.word(head) + "Straße"
		}
		return proper{}.word(head) + "straße"
	}
	return ""
}

func addressPart(s StepConfig) (string, *errs.Error) {
	return choose(s, "part", "line", "street", "number", "unit")
}

func makeAddress(s StepConfig) (stepFunc, *errs.Error) {
	country := strings.ToUpper(s.Args["country"])
	if country == "" { // told by another attribute, which says nothing or a country of which nothing is known
		part, fault := addressPart(s)
		if part != "line" {
			return unread, fault
		}
		return untold, fault
	}
	switch country {
	case "AU", "DE", "FR", "GB", "US":
	default:
		return nil, errs.New("step_args", "how this country writes addresses is not known").At(".country").Fix("use AU, DE, FR, GB or US")
	}
	part, fault := addressPart(s)
	if fault != nil {
		return nil, fault
	}
	return read(200, func(text string) (string, bool) {
		a := partsOfAddress(text, country)
		switch part {
		case "street":
			return a.street, true
		case "number":
			return a.number, true
		case "unit":
			return a.unit, true
		}
		line := strings.TrimSpace(a.number + " " + a.street)
		if country == "DE" {
			line = strings.TrimSpace(a.street + " " + a.number)
		}
		switch {
		case a.unit == "":
		case line == "":
			line = a.unit
		case country == "GB" || country == "AU":
			line = a.unit + ", " + line
		default:
			line += ", " + a.unit
		}
		return line, true
	}), nil
}
