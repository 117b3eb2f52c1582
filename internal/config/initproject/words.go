package initproject

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// meaning is what a field seems to hold.
type meaning uint8

const (
	unknown meaning = iota
	email
	phone
	firstName
	lastName
	fullName
	birthDate
	gender
	street
	city
	postcode
	state
	country
	company
	userID
	anonymousID
	updated
	created
	occurred
	deleted
	status
	amount
	eventName
	nationalID
	loyaltyID
	purpose
	channel
)

// entry is one meaning, the attribute it becomes and the words that tell of it, in
// plain lower letters: a phrase of several words asks for all of them.
type entry struct {
	meaning   meaning
	attribute string
	phrases   []string
}

// lexicon knows the usual headers of a dozen languages; earlier entries win.
func lexicon() []entry {
	return []entry{
		{deleted, "deleted", []string{"deleted", "is deleted", "geloscht", "supprime", "borrado", "eliminado", "eliminato", "verwijderd", "slettet", "raderad", "excluido"}},
		{email, "email", []string{"email", "smtp addr", "e mail", "mail", "emailadresse", "emailaddress", "mailadresse", "correo", "courriel", "epost", "e post", "epostadress", "eposta", "e posta", "sahkoposti", "メール", "メールアドレス", "邮箱", "电子邮件", "電子郵件", "почта", "имейл", "이메일", "אימייל"}},
		{phone, "phone", []string{"phone", "telf1", "telf2", "telephone", "tel", "mobile", "mobil", "cell", "cellphone", "cellular", "handy", "phonenumber", "mobilephone", "telefon", "telefono", "telefone", "telephone number", "telefoon", "telefoonnummer", "telefonnummer", "telefonnr", "mobilnummer", "mobiltelefon", "handynummer", "rufnummer", "gsm", "portable", "movil", "celular", "cellulare", "puhelin", "puhelinnumero", "msisdn", "telemovel", "tfno", "telefonu", "cep telefonu", "tlf", "tlfno", "telefonszam", "whatsapp", "landline", "電話", "電話番号", "电话", "手机", "телефон", "전화", "전화번호", "טלפון"}},
		{firstName, "first_name", []string{"first name", "firstname", "given name", "givenname", "forename", "fname", "first", "given", "vorname", "prenom", "nombre", "voornaam", "fornavn", "fornamn", "imie", "jmeno", "etunimi", "keresztnev", "primeiro nome", "имя", "名"}},
		{lastName, "last_name", []string{"last name", "lastname", "surname", "family name", "familyname", "lname", "last", "nachname", "familienname", "zuname", "nom de famille", "apellido", "apellidos", "cognome", "sobrenome", "apelido", "achternaam", "etternavn", "efternavn", "efternamn", "nazwisko", "prijmeni", "sukunimi", "vezeteknev", "soyad", "soyadi", "фамилия", "姓", "성"}},
		{fullName, "full_name", []string{"full name", "fullname", "card holder", "cardholder", "account holder", "holder", "inhaber", "titulaire", "titular", "intestatario", "nome e cognome", "nombre y apellidos", "nom et prenom", "customer name", "client name", "contact name", "person name", "display name", "nombre completo", "nom complet", "nome completo", "volledige naam", "kundenname", "氏名", "姓名", "名前", "이름", "фио"}},
		{birthDate, "birth_date", []string{"birth date", "birthdate", "date of birth", "dob", "birthday", "born", "birth", "geburtsdatum", "geburtstag", "geboren", "naissance", "nacimiento", "nascita", "nascimento", "geboortedatum", "geb", "geb datum", "nasc", "fec nac", "fecha nac", "fodselsdato", "fodelsedatum", "urodzenia", "narozeni", "syntymaaika", "dogum", "生年月日", "出生日期", "рождения", "생년월일"}},
		{gender, "gender", []string{"gender", "sex", "geschlecht", "sexe", "sexo", "sesso", "geslacht", "kjonn", "kon", "plec", "性别", "性別", "пол"}},
		{postcode, "postcode", []string{"postcode", "pstlz", "post code", "postal code", "postalcode", "zip", "zipcode", "zip code", "plz", "postleitzahl", "cp", "c p", "cap", "code postal", "codigo postal", "cep", "postnummer", "postnr", "kod pocztowy", "psc", "邮编", "郵便番号", "индекс"}},
		{city, "city", []string{"city", "ort01", "town", "suburb", "ort", "stadt", "wohnort", "ville", "ciudad", "citta", "cidade", "stad", "woonplaats", "plaats", "localita", "localidade", "localidad", "poblacion", "municipio", "comune", "gemeinde", "locality", "municipality", "miasto", "mesto", "kaupunki", "varos", "sehir", "城市", "市", "город", "도시"}},
		{country, "country", []string{"country", "land1", "country code", "land", "pays", "pais", "paese", "nazione", "kraj", "zeme", "maa", "orszag", "ulke", "国", "国家", "страна", "국가"}},
		{state, "state", []string{"province", "bundesland", "provincia", "prov", "st", "county", "region", "departement"}},
		{street, "street", []string{"address", "stras", "street", "adresse", "strasse", "anschrift", "rue", "direccion", "calle", "indirizzo", "endereco", "rua", "morada", "straat", "straatnaam", "domicilio", "adres", "adress", "gata", "gatuadress", "ulica", "osoite", "地址", "住所", "адрес", "주소"}},
		{company, "company", []string{"company", "company name", "organisation", "organization", "firma", "unternehmen", "entreprise", "societe", "empresa", "azienda", "bedrijf", "employer", "公司", "会社", "компания"}},
		{anonymousID, "anonymous_id", []string{"anonymous id", "anonymousid", "user pseudo id", "device id", "deviceid", "visitor id", "visitorid", "visitor", "full visitor id", "fullvisitorid", "idfa", "gaid", "advertising id", "fingerprint", "cookie id", "cookieid"}},
		{nationalID, "national_id", []string{"ssn", "social security", "soc sec", "social security number", "national id", "national insurance", "ni number", "nhs number", "numero de securite sociale", "nino", "tax id", "taxid", "tax number", "passport", "passport number", "personnummer", "cpr", "cpf", "dni", "nif", "nie", "curp", "bsn", "codice fiscale", "insee", "pesel", "steuer id", "steuernummer", "sozialversicherungsnummer", "身份证", "снилс"}},
		{loyaltyID, "loyalty_id", []string{"loyalty", "loyalty id", "loyalty number", "loyalty card", "membership number", "member number", "mitgliedsnummer", "kundenkarte", "bonuskarte", "klantenkaart", "clubcard", "carte fidelite", "carte de fidelite", "tarjeta fidelidad", "tessera fedelta"}},
		{userID, "user_id", []string{"user id", "userid", "uid", "username", "user name", "login", "benutzername", "benutzer id", "utilisateur id", "usuario id", "gebruiker id"}},
		{updated, "updated_at", []string{"updated", "aedat", "updated at", "last updated", "last upd", "lastupd", "upd", "update time", "updatedat", "modified", "last modified", "lastmodified", "lastmodifieddate", "modifieddate", "modified at", "changed", "changed at", "last change", "systemmodstamp", "geandert", "geaendert", "anderung", "aenderung", "aktualisiert", "aktualisierung", "anderungsdatum", "modifie", "modification", "mise a jour", "actualizado", "actualizacion", "modificado", "aggiornato", "modificato", "atualizado", "gewijzigd", "bijgewerkt", "opdateret", "oppdatert", "uppdaterad", "andrad", "zmieniono", "version", "revision", "row version"}},
		{created, "created_at", []string{"created", "erdat", "created at", "createdat", "create date", "createdate", "createddate", "creation date", "registered", "registration date", "signup", "signup date", "sign up", "joined", "opened", "added", "started", "date added", "enrolled", "member since", "inserimento", "inscrito", "registo", "cadastro", "inschrijfdatum", "inschrijving", "eintrittsdatum", "erstellt", "angelegt", "registriert", "cree", "creation", "inscription", "creado", "alta", "creato", "criado", "aangemaakt", "oprettet", "opprettet", "skapad", "utworzono"}},
		{eventName, "event", []string{"event", "event name", "event type", "eventname", "eventtype", "action", "activity", "ereignis", "evenement", "evento", "gebeurtenis", "handelse", "событие"}},
		{occurred, "occurred_at", []string{"timestamp", "time", "datetime", "date time", "occurred", "occurred at", "booked", "booked at", "booking date", "ordered", "ordered at", "order date", "placed at", "captured at", "sent at", "purchased at", "purchase date", "submitted at", "transaction date", "txn date", "invoice date", "bestelldatum", "rechnungsdatum", "buchungsdatum", "besteldatum", "factuurdatum", "event time", "ts", "date", "datum", "fecha", "zeitpunkt", "zeit", "uhrzeit", "heure", "hora", "ora", "tijd", "tijdstip", "dato", "tid", "日期", "時間", "时间", "дата"}},
		{amount, "amount", []string{"amount", "total", "price", "sum", "revenue", "subtotal", "cost", "betrag", "preis", "gesamt", "summe", "umsatz", "montant", "prix", "importe", "precio", "importo", "prezzo", "totale", "valor", "preco", "bedrag", "prijs", "totaal", "belop", "belopp", "pris", "kwota", "cena", "金额", "金額", "сумма", "цена", "금액", "quantity", "qty", "menge", "anzahl"}},
		{status, "status", []string{"status", "zustand", "statut", "estado", "stato", "stage"}},
		{state, "state", []string{"state"}},
		{purpose, "purpose", []string{"purpose", "topic", "zweck", "finalite", "finalidad", "finalita", "doel"}},
		{channel, "channel", []string{"channel", "medium", "kanal", "canal", "canale", "kanaal"}},
		{firstName, "first_name", []string{"ad", "nome", "given names"}},
		{fullName, "full_name", []string{"name", "naam", "navn", "namn", "nimi", "nev", "nom", "isim", "nombre"}},
	}
}

// attributeOf is the attribute that a meaning becomes.
func attributeOf(m meaning) string {
	for _, e := range lexicon() {
		if e.meaning == m {
			return e.attribute
		}
	}
	return ""
}

// meaningOf judges by the values first, then by the words of the name.
func meaningOf(c *column) meaning {
	if c.filled > 0 && c.isEmail() {
		return email
	}
	named := named(c.words)
	switch named {
	case email:
		if c.filled > 0 && !c.isEmail() {
			return unknown // hashes, flags such as "mail opt-in"
		}
	case phone:
		if c.filled > 0 && c.share(c.forms.phone) < 0.5 || hasWord(c.words, "model", "type", "os", "fax", "brand", "verified", "typ", "optin") {
			return unknown
		}
	case firstName, lastName, fullName:
		if c.isTime() || c.isDate() || c.isInt() || c.isNumber() || c.numbered() || hasWord(c.words, "product", "item", "lineitem", "line", "file", "event", "page", "campaign", "plan", "company", "seen", "login", "visit", "order", "purchase", "class", "produkt", "product", "artikel", "time", "date", "contact", "category", "middle", "nick", "nickname", "maiden", "shop", "store", "team", "project", "host", "domain", "article", "list", "day") && !hasWord(c.words, "first", "last", "full", "vorname", "nachname", "prenom") {
			return unknown
		}
		if c.isTime() {
			return occurred
		}
	case occurred, updated, created, birthDate:
		if c.filled > 0 && !c.isTime() && !c.isDate() && !c.isInt() && c.share(c.forms.compact) < 0.8 && !c.written() {
			return unknown
		}
		if isID(c.words) && !c.isTime() && !c.isDate() && !c.isInt() {
			return unknown // who did it
		}
		if named == birthDate && c.isInt() && c.share(c.forms.compact) < 0.8 {
			return unknown // years
		}
	case street:
		if hasWord(c.words, "number", "nr", "no", "num", "numero", "2", "3", "address2", "address3", "adresse2", "street2", "strasse2", "ip", "mac") {
			return unknown
		}
	case nationalID, loyaltyID:
		if c.filled > 0 && c.distinctShare() < 0.2 || c.nested || c.share(c.forms.boolean) > 0.9 {
			return unknown // a flag or a level
		}
	case amount:
		if c.filled > 0 && !c.isNumber() && !c.isComma() && c.share(c.forms.money) < 0.9 {
			return unknown
		}
	case deleted:
		if c.share(c.forms.boolean) < 0.95 || c.filled == 0 {
			return unknown
		}
	case unknown:
		if c.filled > 0 && c.share(c.forms.phone) >= 0.8 && c.looksDialled() {
			return phone
		}
	}
	return named
}

// numbered reports whether most values hold digits, as people's names do not.
func (c *column) numbered() bool {
	n := 0
	for _, v := range c.kept {
		if digits(v) > 0 {
			n++
		}
	}
	return c.share(n) > 0.5
}

// looksDialled reports whether values are written as only telephone numbers are.
func (c *column) looksDialled() bool {
	n := 0
	for _, s := range c.kept {
		if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00") || strings.HasPrefix(s, "(") {
			n++
		}
	}
	return c.share(n) >= 0.8 && !c.isNumber()
}

// named finds the first entry of which some phrase lies wholly within the words.
func named(words []string) meaning {
	if m := namedAs(words); m != unknown {
		return m
	}
	bare := make([]string, 0, len(words)) // "telefon1" is a telephone too
	for _, w := range words {
		if w = strings.TrimRight(w, "0123456789"); w != "" {
			bare = append(bare, w)
		}
	}
	if len(bare) == 0 || slices.Equal(bare, words) {
		return unknown
	}
	return namedAs(bare)
}

func namedAs(words []string) meaning {
	joined := strings.Join(words, "")
	best, length := unknown, 0
	for _, e := range lexicon() {
		for _, phrase := range e.phrases {
			parts := strings.Fields(phrase)
			hit := strings.Join(parts, "") == joined
			if !hit {
				hit = len(words) > 0
				for _, p := range parts {
					hit = hit && slices.Contains(words, p)
				}
			}
			if hit && len(parts) == 1 && len(words) > 1 && bare(phrase) {
				hit = false // "last purchase" is no last name
			}
			if hit && len(parts) > length {
				best, length = e.meaning, len(parts)
			}
		}
	}
	return best
}

// bare reports whether a word tells its meaning only where it stands alone.
func bare(word string) bool {
	switch word {
	case "first", "last", "given", "ad", "time", "date", "born", "cell", "handy", "land", "ort", "sum", "cost", "alta", "kon", "cap", "st", "prov", "added", "opened", "started", "holder", "titular", "visitor", "cep", "cp", "psc", "ordered", "booked", "via", "名", "姓", "市", "国":
		return true
	}
	return false
}

// wordsOf cuts a name into plain, lower words: at anything that is no letter or
// digit, and where small letters turn to capitals.
func wordsOf(name string) []string {
	var b strings.Builder
	var before rune
	name = strings.NewReplacer("#", " number ", "№", " number ", "N°", " no ", "n°", " no ", "Nº", " no ", "nº", " no ").Replace(name)
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø' || r == 'Ø':
			b.WriteByte('o')
		case r == 'ł' || r == 'Ł':
			b.WriteByte('l')
		case r == 'æ' || r == 'Æ':
			b.WriteString("ae")
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
		before = r
	}
	// Hangul and kana come apart under NFKD; the lexicon is written composed.
	return strings.Fields(norm.NFC.String(b.String()))
}

func hasWord(words []string, any ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
}

// isID reports whether a name is that of an id or number.
func isID(words []string) bool {
	if len(words) == 0 {
		return false
	}
	if hasWord(words, "id", "ids", "vid", "uuid", "guid", "key", "nr", "no", "number", "nummer", "numero", "num", "code", "cod", "ref", "reference", "identifier", "kennung", "identifiant", "matricule", "identificador", "identificativo", "codice", "codigo", "identyfikator", "cislo", "pk", "sku", "番号", "编号", "номер") {
		return true
	}
	last := words[len(words)-1]
	for _, end := range []string{"id", "nummer", "nr", "uuid", "guid", "code"} {
		if strings.HasSuffix(last, end) && len(last) > len(end)+1 {
			return last != "paid" && last != "valid" && last != "void"
		}
	}
	return false
}

// isPerson, isThing and isEvent tell what a word is about.
func isPerson(words []string) bool {
	return about(words, "customer", "client", "contact", "user", "member", "person", "people", "patient", "lead", "subscriber", "guest", "account", "employee", "visitor", "donor", "student", "passenger", "applicant", "buyer", "shopper", "crm", "profile", "voter", "requester", "respondent", "owner", "tenant", "resident", "citizen", "attendee", "participant", "registrant", "recipient", "cust", "payer", "sender",
		"kunde", "kontakt", "mitglied", "benutzer", "nutzer", "teilnehmer", "cliente", "contacto", "usuario", "socio", "utente", "contatto", "contato", "client", "utilisateur", "membre", "adherent", "klant", "gebruiker", "lid", "klient", "kund", "medlem", "asiakas", "zakaznik", "客户", "顧客", "клиент")
}

func isThing(words []string) bool {
	return about(words, "order", "invoice", "ticket", "subscription", "transaction", "booking", "donation", "gift", "spende", "claim", "loan", "visit", "appointment", "charge", "receipt", "shipment", "delivery", "license", "permit", "complaint", "incident", "crime", "reservation", "case", "purchase", "payment", "product", "sale", "contract", "return", "refund", "quote", "policy", "polizza", "versicherung", "lease", "parcel", "deal", "opportunity",
		"bestellung", "bestell", "auftrag", "auftrags", "rechnungs", "rechnung", "buchung", "vertrag", "commande", "facture", "reservation", "pedido", "factura", "venta", "ordine", "fattura", "vendita", "encomenda", "fatura", "venda", "zamowienie", "bestelling", "factuur", "ordre", "faktura", "tilaus", "订单", "注文", "заказ")
}

func isEvent(words []string) bool {
	return about(words, "event", "click", "clickstream", "pageview", "view", "visit", "session", "log", "hit", "track", "tracking", "activity", "web", "ereignis", "evenement", "evento")
}

// isCompany tells names of what is no person though it has a name and an address.
func isCompany(words []string) bool {
	return about(words, "company", "organization", "organisation", "vendor", "supplier", "business", "school", "hospital", "firma", "unternehmen", "firmen", "empresa", "entreprise", "azienda", "bedrijf", "store", "branch", "institution", "charity", "fournisseur", "proveedor", "lieferant") &&
		!isPerson(words)
}

// isClient tells the words for those whom a company serves.
func isClient(words []string) bool {
	return about(words, "customer", "client", "member", "patient", "subscriber", "buyer", "donor", "guest", "passenger", "student", "contact", "person", "cust", "requester", "respondent", "kunde", "kunden", "kd", "kontakt", "mitglied", "cliente", "socio", "contatto", "klant", "klient", "kund", "medlem", "asiakas", "zakaznik", "客户", "顧客", "клиент")
}

// isStaff tells columns of those who serve.
func isStaff(words []string) bool {
	return hasWord(words, "agent", "assigned", "assignee", "owner", "rep", "representative", "salesperson", "seller", "staff", "manager", "operator", "advisor", "created", "modified", "updated", "changed", "bearbeiter", "mitarbeiter", "betreuer", "vendedor", "vendeur", "support", "handler", "officer", "supervisor", "provider", "physician", "doctor", "recruiter", "arzt", "berater", "sachbearbeiter", "vertriebler", "commercial", "conseiller", "gestor", "asesor", "comercial", "consulente", "adviseur", "verkoper")
}

// about matches words in their singular and usual plurals.
func about(words []string, any ...string) bool {
	for _, w := range words {
		for _, a := range any {
			if w == a || w == a+"s" || w == a+"es" || w == a+"n" || w == a+"en" || w == a+"e" || w == a+"er" || strings.TrimSuffix(a, "y")+"ies" == w {
				return true
			}
		}
	}
	return false
}
