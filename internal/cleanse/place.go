package cleanse

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func placeSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "country", Args: "as: alpha2 (default) or alpha3",
			What:  "Writes a country as its ISO 3166 code, from a code of two or three letters, a number, or its name in seventeen languages.",
			Table: [][2]string{{"Germany", "DE"}, {"Deutschland", "DE"}, {"gbr", "GB"}, {"UK", "GB"}, {"U.S.A.", "US"}, {"250", "FR"}, {"Espagne", "ES"}, {"日本", "JP"}, {"Atlantis", ""}},
			More:  []Table{{Args: map[string]string{"as": "alpha3"}, Rows: [][2]string{{"Holland", "NLD"}}}}},
			args: []string{"as"}, dear: true, picky: true, make: makeCountry},
		{doc: StepDoc{Name: "postcode", Args: "country: two letters such as GB",
			What: "Checks the form of a postcode and writes it as its country does. A number that lost zeros in front gets them back.",
			More: []Table{{Args: map[string]string{"country": "GB"}, Rows: [][2]string{{"ls14ap", "LS1 4AP"}, {"SW1A 1AA", "SW1A 1AA"}, {"12345", ""}}},
				{Args: map[string]string{"country": "US"}, Rows: [][2]string{{"94103", "94103"}, {"941031234", "94103-1234"}, {"9410", ""}}},
				{Args: map[string]string{"country": "CA"}, Rows: [][2]string{{"k1a0b1", "K1A 0B1"}}},
				{Args: map[string]string{"country": "NL"}, Rows: [][2]string{{"1012ab", "1012 AB"}}},
				{Args: map[string]string{"country": "DE"}, Rows: [][2]string{{"D-10115", "10115"}, {"1011", ""}}}}},
			args: []string{"country"}, need: "country", told: []string{"country"}, dear: true, picky: true, make: makePostcode},
		{doc: StepDoc{Name: "region", Args: "country: AU, CA, DE, GB or US; as: iso (default), code or name",
			What: "Writes a state, province or Land by its ISO 3166-2 code, from its code or name.",
			More: []Table{{Args: map[string]string{"country": "US"}, Rows: [][2]string{{"california", "US-CA"}, {"ny", "US-NY"}, {"US-TX", "US-TX"}, {"Narnia", ""}}},
				{Args: map[string]string{"country": "DE"}, Rows: [][2]string{{"Baden-Wuerttemberg", "DE-BW"}, {"Bayern", "DE-BY"}}},
				{Args: map[string]string{"country": "CA", "as": "code"}, Rows: [][2]string{{"Québec", "QC"}}},
				{Args: map[string]string{"country": "AU", "as": "name"}, Rows: [][2]string{{"nsw", "New South Wales"}}}}},
			args: []string{"country", "as"}, need: "country", told: []string{"country"}, dear: true, picky: true, make: makeRegion},
	}
}

// countryAliases are names that people write and no list of names has, folded.
func countryAliases() string {
	return "uk GB,greatbritain GB,britain GB,england GB,scotland GB,wales GB,northernireland GB,usa US,us US,unitedstatesofamerica US,america US," +
		"holland NL,ivorycoast CI,southkorea KR,republicofkorea KR,northkorea KP,russia RU,russianfederation RU,czechrepublic CZ,czechia CZ,burma MM," +
		"macedonia MK,swaziland SZ,capeverde CV,easttimor TL,uae AE,emirates AE,brasil BR,eire IE,republicofireland IE,hellas GR,schweiz CH,suisse CH,svizzera CH," +
		"hongkong HK,macao MO,palestine PS,vatican VA,turkey TR,turkiye TR,bosnia BA,vietnam VN,laos LA,syria SY,iran IR,bolivia BO,venezuela VE,tanzania TZ,moldova MD"
}

// countryCode reads a country, by a code or a name, as its code of two letters.
func countryCode(text string) (string, bool) {
	r, ok := regionNamed(text)
	return r.String(), ok
}

func regionNamed(text string) (language.Region, bool) {
	if r, ok := countryNames()[fold(text)]; ok {
		return r, true
	}
	r, err := language.ParseRegion(text)
	if err != nil {
		return r, false
	}
	r = r.Canonicalize()
	return r, r.IsCountry() && len(r.String()) == 2 && r.ISO3() != "ZZZ"
}

// countryNames maps folded names and codes to codes of two letters. A name that means
// two countries in different languages is left out.
var countryNames = sync.OnceValue(func() map[string]language.Region {
	names := map[string]language.Region{}
	twice := map[string]bool{}
	add := func(name string, r language.Region) {
		name = fold(name)
		if old, there := names[name]; there && old != r || name == "" {
			twice[name] = true
			return
		}
		names[name] = r
	}
	var namers []display.Namer
	for _, tag := range []string{"en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "tr", "ru", "ja", "zh"} {
		namers = append(namers, display.Regions(language.Make(tag)))
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			r, err := language.ParseRegion(code)
			if err != nil || r.Canonicalize().String() != code || !r.IsCountry() || r.ISO3() == "ZZZ" {
				continue
			}
			for _, n := range namers {
				add(n.Name(r), r)
			}
		}
	}
	for name := range twice {
		delete(names, name)
	}
	for alias := range strings.SplitSeq(countryAliases(), ",") {
		name, code, _ := strings.Cut(alias, " ")
		names[name] = language.MustParseRegion(code)
	}
	return names
})

func makeCountry(s StepConfig) (stepFunc, *errs.Error) {
	as, fault := choose(s, "as", "alpha2", "alpha3")
	if fault != nil {
		return nil, fault
	}
	return read(100, func(text string) (string, bool) {
		r, ok := regionNamed(text)
		if ok && as == "alpha3" {
			return r.ISO3(), true
		}
		return r.String(), ok
	}), nil
}

// postcodes gives the forms of a country's postcodes: 9 is a digit, A a letter.
func postcodes(country string) []string {
	switch country {
	case "GB", "GG", "IM", "JE":
		return []string{"A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"}
	case "US", "PR":
		return []string{"99999", "99999-9999"}
	case "CA":
		return []string{"A9A 9A9"}
	case "NL":
		return []string{"9999 AA"}
	case "SE", "CZ", "SK", "GR":
		return []string{"999 99"}
	case "PL":
		return []string{"99-999"}
	case "PT":
		return []string{"9999-999"}
	case "BR":
		return []string{"99999-999"}
	case "JP":
		return []string{"999-9999"}
	case "IE":
		return []string{"A99 AAAA", "A99 AAA9", "A99 AA99", "A99 AA9A", "A99 A999", "A99 A9AA", "A99 A9A9", "A99 A99A", "A9A A9A9", "A99 9AAA", "A99 9A99", "A99 9AA9", "A99 99AA", "A99 9A9A", "A9A 9AAA"}
	case "DE", "FR", "ES", "IT", "FI", "MX", "TR", "UA", "EE", "HR", "KR", "MY", "TH":
		return []string{"99999"}
	case "AU", "AT", "CH", "BE", "DK", "NO", "NZ", "LU", "HU", "BG", "SI", "ZA", "LI":
		return []string{"9999"}
	case "IN", "CN", "RU", "RO", "SG":
		return []string{"999999"}
	}
	return nil
}

func makePostcode(s StepConfig) (stepFunc, *errs.Error) {
	country := strings.ToUpper(s.Args["country"])
	if country == "" { // told by another attribute, which says nothing or a country of which nothing is known
		return untold, nil
	}
	forms := postcodes(country)
	if forms == nil {
		return nil, errs.New("step_args", "the form of this country's postcodes is not known").At(".country").Fix("use two letters such as GB, or leave the step out")
	}
	fn := read(24, func(text string) (string, bool) {
		plain := make([]byte, 0, 24)
		for i := range len(text) {
			switch c := text[i]; {
			case c >= 'a' && c <= 'z':
				plain = append(plain, c-'a'+'A')
			case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z':
				plain = append(plain, c)
			case c == ' ' || c == '-':
			default:
				return "", false
			}
		}
		if forms[0][0] == '9' { // an old country letter in front: D-10115
			if head, _, ok := strings.Cut(text, "-"); ok && (strings.EqualFold(head, country) || len(head) == 1 && strings.EqualFold(head, country[:1])) {
				plain = plain[len(head):]
			}
		}
		for _, form := range forms {
			if out, ok := shaped(plain, form); ok {
				return out, true
			}
		}
		return "", false
	})
	if strings.Trim(forms[0], "9") != "" {
		return fn, nil
	}
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.Int && v.N >= 0 { // taken for a number, it lost its zeros
			if text := v.Text(); len(text) < len(forms[0]) {
				v = record.StringValue(strings.Repeat("0", len(forms[0])-len(text)) + text)
			}
		}
		return fn(v)
	}, nil
}

func shaped(plain []byte, form string) (string, bool) {
	out := make([]byte, 0, len(form))
	for i := range len(form) {
		if form[i] != '9' && form[i] != 'A' {
			out = append(out, form[i])
			continue
		}
		if len(plain) == 0 || (plain[0] <= '9') != (form[i] == '9') {
			return "", false
		}
		out = append(out, plain[0])
		plain = plain[1:]
	}
	return string(out), len(plain) == 0
}

// regions lists a country's regions as CODE=Name, other names after more signs.
func regions(country string) string {
	switch country {
	case "US":
		return "AL=Alabama,AK=Alaska,AZ=Arizona,AR=Arkansas,CA=California,CO=Colorado,CT=Connecticut,DE=Delaware,DC=District of Columbia=Washington DC,FL=Florida,GA=Georgia,HI=Hawaii,ID=Idaho,IL=Illinois,IN=Indiana,IA=Iowa,KS=Kansas,KY=Kentucky,LA=Louisiana,ME=Maine,MD=Maryland,MA=Massachusetts,MI=Michigan,MN=Minnesota,MS=Mississippi,MO=Missouri,MT=Montana,NE=Nebraska,NV=Nevada,NH=New Hampshire,NJ=New Jersey,NM=New Mexico,NY=New York,NC=North Carolina,ND=North Dakota,OH=Ohio,OK=Oklahoma,OR=Oregon,PA=Pennsylvania,RI=Rhode Island,SC=South Carolina,SD=South Dakota,TN=Tennessee,TX=Texas,UT=Utah,VT=Vermont,VA=Virginia,WA=Washington,WV=West Virginia,WI=Wisconsin,WY=Wyoming,PR=Puerto Rico,GU=Guam,VI=US Virgin Islands,AS=American Samoa,MP=Northern Mariana Islands"
	case "CA":
		return "AB=Alberta,BC=British Columbia=Colombie-Britannique,MB=Manitoba,NB=New Brunswick=Nouveau-Brunswick,NL=Newfoundland and Labrador=Newfoundland=Terre-Neuve-et-Labrador,NS=Nova Scotia=Nouvelle-Écosse,NT=Northwest Territories,NU=Nunavut,ON=Ontario,PE=Prince Edward Island=Île-du-Prince-Édouard=PEI,QC=Quebec=PQ,SK=Saskatchewan,YT=Yukon"
	case "AU":
		return "ACT=Australian Capital Territory,NSW=New South Wales,NT=Northern Territory,QLD=Queensland,SA=South Australia,TAS=Tasmania,VIC=Victoria,WA=Western Australia"
	case "GB":
		return "ENG=England,NIR=Northern Ireland,SCT=Scotland,WLS=Wales=Cymru"
	case "DE":
		return "BW=Baden-Württemberg=Baden-Wuerttemberg,BY=Bayern=Bavaria,BE=Berlin,BB=Brandenburg,HB=Bremen,HH=Hamburg,HE=Hessen=Hesse,MV=Mecklenburg-Vorpommern,NI=Niedersachsen=Lower Saxony,NW=Nordrhein-Westfalen=North Rhine-Westphalia=NRW,RP=Rheinland-Pfalz=Rhineland-Palatinate,SL=Saarland,SN=Sachsen=Saxony,ST=Sachsen-Anhalt=Saxony-Anhalt,SH=Schleswig-Holstein,TH=Thüringen=Thuringia=Thueringen"
	}
	return ""
}

func makeRegion(s StepConfig) (stepFunc, *errs.Error) {
	country := strings.ToUpper(s.Args["country"])
	if country == "" {
		return unread, nil
	}
	list := regions(country)
	if list == "" {
		return nil, errs.New("step_args", "the regions of this country are not known").At(".country").Fix("use AU, CA, DE, GB or US, or the step map")
	}
	as, fault := choose(s, "as", "iso", "code", "name")
	if fault != nil {
		return nil, fault
	}
	known := map[string]string{}
	for entry := range strings.SplitSeq(list, ",") {
		names := strings.Split(entry, "=")
		out := map[string]string{"iso": country + "-" + names[0], "code": names[0], "name": names[1]}[as]
		known[fold(country+names[0])] = out
		for _, n := range names {
			known[fold(n)] = out
		}
	}
	return read(100, func(text string) (string, bool) {
		out, ok := known[fold(text)]
		return out, ok
	}), nil
}
