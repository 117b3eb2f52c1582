package cleanse

import (
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func contactSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "disposable", What: "Says whether an e-mail address, or a domain, is of a known service of throw-away addresses.",
			Table: [][2]string{{"jo@mailinator.com", "true"}, {"jo@example.com", "false"}, {"nonsense", ""}}},
			dear: true, picky: true, make: makeDisposable},
		{doc: StepDoc{Name: "email_part", Args: "part: domain (default), local or tag (what follows a plus sign)",
			What:  "Takes a part of an e-mail address.",
			Table: [][2]string{{"Jo+news@Example.com", "example.com"}, {"jo", ""}},
			More:  []Table{{Args: map[string]string{"part": "tag"}, Rows: [][2]string{{"jo+news@example.com", "news"}, {"jo@example.com", ""}}}}},
			args: []string{"part"}, dear: true, picky: true, make: makeEmailPart},
		{doc: StepDoc{Name: "gender", What: "Writes a gender as female, male or nonbinary, from words and letters in several languages, and from a form of address where that says one (Frau Dr., not Dr. or Mx). What says that nothing is known is null.",
			Table: [][2]string{{"F", "female"}, {"Mr.", "male"}, {"Frau Prof. Dr.", "female"}, {"Dott.ssa", "female"}, {"Dr.", ""}, {"non-binary", "nonbinary"}, {"unknown", ""}, {"7", ""}}},
			dear: true, picky: true, make: makeGender},
	}
}

// disposableDomains are services of throw-away addresses that many sign-ups name.
func disposableDomains() string {
	return "0-mail.com 10minutemail.com 20minutemail.com 33mail.com anonbox.net burnermail.io discard.email discardmail.com dispostable.com emailondeck.com fakeinbox.com fakemail.net " +
		"getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com " +
		"incognitomail.org jetable.org mailcatch.com maildrop.cc maileater.com mailexpire.com mailinator.com mailinator.net mailinator2.com mailnesia.com mailnull.com mailsac.com " +
		"meltmail.com minutemail.com mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email notmailinator.com pokemail.net sharklasers.com sneakemail.com " +
		"spam4.me spambog.com spambox.us spamex.com spamgourmet.com spamherelots.com temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.dev tempmail.net " +
		"tempmailaddress.com tempr.email throwaway.email throwawaymail.com trash-mail.com trashmail.com trashmail.de trashmail.net trbvm.com wegwerfmail.de wegwerfmail.net " +
		"yopmail.com yopmail.fr yopmail.net"
}

func makeDisposable(StepConfig) (stepFunc, *errs.Error) {
	known := map[string]bool{}
	for d := range strings.FieldsSeq(disposableDomains()) {
		known[d] = true
	}
	return flag(func(text string) (bool, bool) {
		domain := strings.ToLower(text)
		if strings.Contains(text, "@") {
			v, ok := email(record.StringValue(text))
			if !ok {
				return false, false
			}
			_, domain, _ = strings.Cut(v.S, "@")
		}
		if len(domain) > 253 || !validDomain(domain) {
			return false, false
		}
		for d := domain; d != ""; _, d, _ = strings.Cut(d, ".") { // names below count as well
			if known[d] {
				return true, true
			}
		}
		return false, true
	}), nil
}

func makeEmailPart(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "domain", "local", "tag")
	if fault != nil {
		return nil, fault
	}
	return func(v record.Value) (record.Value, bool) {
		v, ok := email(v)
		if !ok || v.IsNull() {
			return v, ok
		}
		local, domain, _ := strings.Cut(v.S, "@")
		switch part {
		case "domain":
			return record.StringValue(domain), true
		case "tag":
			_, local, _ = strings.Cut(local, "+")
		}
		return record.StringValue(local), true
	}, nil
}

func makeGender(StepConfig) (stepFunc, *errs.Error) {
	words := map[string]string{}
	for meaning, list := range map[string]string{
		"female":    "f female w woman weiblich frau girl femme féminin donna femmina feminino mujer femenino femenina mulher vrouw vrouwelijk kvinna kvinde kvinne kobieta kobiety žena nő nainen kadın γυναίκα θήλυ ж женский женщина 女 女性 여성 여 أنثى",
		"male":      "m male man männlich boy homme masculin uomo maschio hombre masculino homem mannelijk mand mann mężczyzna muž férfi mies erkek άνδρας άρρεν м мужской мужчина 男 男性 남성 남 ذكر",
		"nonbinary": "nonbinary nb x d divers diverse other genderqueer enby nichtbinär nonbinaire nobinario",
		"":          "unknown u unbekannt inconnu undisclosed notspecified prefernottosay notknown keineangabe",
	} {
		for w := range strings.FieldsSeq(list) {
			words[fold(w)] = meaning
		}
	}
	return read(80, func(text string) (string, bool) {
		if meaning, ok := words[fold(text)]; ok {
			return meaning, true
		}
		h, ok := honorificsOf(text)
		return h.gender, ok && !h.mixed
	}), nil
}
