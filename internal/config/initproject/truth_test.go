package initproject_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// locale is how one country writes.
type locale struct {
	region, code  string                       // of telephone numbers
	number        func(r *rand.Rand) string    // the national number, valid there
	local         func(national string) string // as people write it at home
	date          string                       // dmy, mdy or iso
	separator     string                       // of dates
	delimiter     rune
	decimal       string
	header        map[string][]string // by attribute, what files call it
	yes, no, null string
	names         []string
}

func digitsOf(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('2' + r.IntN(8))
	}
	return string(b)
}

// group cuts a number into groups.
func group(s, sep string, sizes ...int) string {
	var parts []string
	for _, n := range sizes {
		parts, s = append(parts, s[:n]), s[n:]
	}
	return strings.Join(parts, sep)
}

func locales() map[string]locale {
	return map[string]locale{
		"us": {region: "US", code: "1", date: "mdy", separator: "/", delimiter: ',', decimal: ".", yes: "Yes", no: "No", null: "N/A",
			number: func(r *rand.Rand) string {
				return []string{"212", "415", "312", "206"}[r.IntN(4)] + "5" + digitsOf(r, 2) + digitsOf(r, 4)
			},
			local: func(n string) string { return "(" + n[:3] + ") " + n[3:6] + "-" + n[6:] },
			header: map[string][]string{"key": {"Customer ID", "customer_id", "CustomerNumber", "Cust No", "Record ID", "Account #"}, "first_name": {"First Name", "first_name", "FNAME", "GivenName"},
				"last_name": {"Last Name", "last_name", "LNAME", "Surname"}, "email": {"Email", "E-mail Address", "email_address", "Primary Email"}, "phone": {"Phone", "Mobile", "Phone Number", "Cell Phone"},
				"birth_date": {"DOB", "Date of Birth", "birth_date"}, "city": {"City"}, "postcode": {"Zip", "Zip Code", "PostalCode"}, "amount": {"Total", "Order Total"}, "flag": {"Opted In?"}},
			names: []string{"Anna", "Bob", "O'Brien", "McDonald", "Smith", "Mary-Anne"}},
		"gb": {region: "GB", code: "44", date: "dmy", separator: "/", delimiter: ',', decimal: ".", yes: "yes", no: "no", null: "-",
			number: func(r *rand.Rand) string { return "7400" + digitsOf(r, 6) },
			local:  func(n string) string { return "0" + group(n, " ", 4, 6) },
			header: map[string][]string{"key": {"id", "client_ref", "Contact Reference", "membership no"}, "first_name": {"Forename", "first name"}, "last_name": {"surname", "Family Name"},
				"email": {"email", "Email 1"}, "phone": {"mobile", "Mobile Tel", "telephone"}, "birth_date": {"date of birth", "dob"}, "city": {"Town"}, "postcode": {"Postcode"}, "amount": {"amount"}, "flag": {"subscribed"}},
			names: []string{"Anna", "Bob", "Taylor", "Brown", "Evans"}},
		"de": {region: "DE", code: "49", date: "dmy", separator: ".", delimiter: ';', decimal: ",", yes: "ja", no: "nein", null: "k.A.",
			number: func(r *rand.Rand) string { return []string{"151", "160", "171"}[r.IntN(3)] + digitsOf(r, 8) },
			local:  func(n string) string { return "0" + n[:3] + " " + n[3:] },
			header: map[string][]string{"key": {"Kundennummer", "Kunden-Nr.", "KdNr", "ID"}, "first_name": {"Vorname"}, "last_name": {"Nachname", "Familienname", "Name"}, "email": {"E-Mail", "E-Mail-Adresse", "Mailadresse"},
				"phone": {"Telefon", "Handynummer", "Mobil"}, "birth_date": {"Geburtsdatum", "geb. am", "Geburtstag"}, "city": {"Ort", "Wohnort"}, "postcode": {"PLZ"}, "amount": {"Betrag", "Umsatz (€)"}, "flag": {"Newsletter"}},
			names: []string{"Jörg", "Änne", "Müller", "Weiß", "Schröder"}},
		"fr": {region: "FR", code: "33", date: "dmy", separator: "/", delimiter: ';', decimal: ",", yes: "oui", no: "non", null: "NULL",
			number: func(r *rand.Rand) string { return "6" + digitsOf(r, 8) },
			local:  func(n string) string { return "0" + group(n, " ", 1, 2, 2, 2, 2) },
			header: map[string][]string{"key": {"identifiant", "Numéro client", "id_client"}, "first_name": {"Prénom", "prenom"}, "last_name": {"Nom", "nom de famille"}, "email": {"Courriel", "Adresse e-mail", "mail"},
				"phone": {"Téléphone", "Portable", "tel"}, "birth_date": {"Date de naissance"}, "city": {"Ville"}, "postcode": {"Code postal"}, "amount": {"Montant"}, "flag": {"Abonné"}},
			names: []string{"Zoé", "Luc", "Lefèvre", "Dubois"}},
		"es": {region: "ES", code: "34", date: "dmy", separator: "/", delimiter: ';', decimal: ",", yes: "sí", no: "no", null: "s/d",
			number: func(r *rand.Rand) string { return "6" + digitsOf(r, 8) },
			local:  func(n string) string { return group(n, " ", 3, 2, 2, 2) },
			header: map[string][]string{"key": {"id cliente", "Código de cliente"}, "first_name": {"Nombre"}, "last_name": {"Apellidos", "apellido"}, "email": {"Correo electrónico", "correo"},
				"phone": {"Teléfono", "Móvil"}, "birth_date": {"Fecha de nacimiento", "F. nacimiento"}, "city": {"Ciudad"}, "postcode": {"Código postal", "CP"}, "amount": {"Importe"}, "flag": {"Activo"}},
			names: []string{"José", "Íñigo", "García", "Peña"}},
		"br": {region: "BR", code: "55", date: "dmy", separator: "/", delimiter: ';', decimal: ",", yes: "sim", no: "não", null: "n/d",
			number: func(r *rand.Rand) string { return "119" + digitsOf(r, 8) },
			local:  func(n string) string { return "(" + n[:2] + ") " + n[2:7] + "-" + n[7:] },
			header: map[string][]string{"key": {"Código do cliente", "id_cliente"}, "first_name": {"Primeiro nome", "Nome"}, "last_name": {"Sobrenome"}, "email": {"E-mail"}, "phone": {"Celular", "Telefone"},
				"birth_date": {"Data de nascimento", "Data Nasc."}, "city": {"Cidade"}, "postcode": {"CEP"}, "amount": {"Valor"}, "flag": {"Ativo"}},
			names: []string{"João", "Ana", "Conceição", "Silva"}},
		"nl": {region: "NL", code: "31", date: "dmy", separator: "-", delimiter: ';', decimal: ",", yes: "ja", no: "nee", null: "?",
			number: func(r *rand.Rand) string { return "6" + digitsOf(r, 8) },
			local:  func(n string) string { return "06 " + n[1:] },
			header: map[string][]string{"key": {"Klantnummer", "klant_id"}, "first_name": {"Voornaam"}, "last_name": {"Achternaam"}, "email": {"E-mailadres", "email"}, "phone": {"Telefoonnummer", "GSM"},
				"birth_date": {"Geboortedatum"}, "city": {"Woonplaats"}, "postcode": {"Postcode"}, "amount": {"Bedrag"}, "flag": {"Actief"}},
			names: []string{"Sanne", "Daan", "Jansen", "Bakker"}},
		"machine": {region: "", code: "44", date: "iso", delimiter: '\t', decimal: ".", yes: "true", no: "false", null: "null",
			number: func(r *rand.Rand) string { return "7400" + digitsOf(r, 6) },
			local:  func(n string) string { return "+44" + n },
			header: map[string][]string{"key": {"uuid", "contactId", "_id", "user.id"}, "first_name": {"firstName", "profile.first_name"}, "last_name": {"lastName"}, "email": {"email", "contact.email"}, "phone": {"phoneNumber", "msisdn"},
				"birth_date": {"birthdate", "dateOfBirth"}, "city": {"city"}, "postcode": {"postal_code"}, "amount": {"total_price"}, "flag": {"isActive"}},
			names: []string{"Ana", "Bo", "Lee", "Kim"}},
	}
}

// truth is a made-up file of which everything is known.
type truth struct {
	name, content   string
	header          map[string]string // attribute to column
	key, kind       string
	region          string
	delimiter       rune
	people          []map[string]string // what a clean record says, by attribute
	identifiers     []string            // types
	hasNull, sparse bool
}

// fake makes a file of people as seed says.
func fake(l locale, seed uint64) *truth {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	t := &truth{header: map[string]string{}, kind: "customer", region: l.region, delimiter: l.delimiter, sparse: r.IntN(3) == 0, hasNull: r.IntN(3) == 0}
	columns := []string{"first_name", "last_name", "email", "phone", "birth_date", "city", "postcode", "flag", "note", "empty"}
	keyed := r.IntN(4) > 0
	if keyed {
		columns = append(columns, "key")
	}
	if r.IntN(2) == 0 {
		r.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	}
	used := map[string]bool{}
	var head []string
	for _, c := range columns {
		name := map[string]string{"note": "remarks", "empty": "reserved 1"}[c]
		if list := l.header[c]; list != nil {
			name = pick(list)
		}
		for used[name] {
			name += "x"
		}
		used[name] = true
		t.header[c], head = name, append(head, name)
	}
	prefix := pick([]string{"C", "", "K-", "003"})
	rows := [][]string{head}
	for i := range 30 + r.IntN(20) {
		day, month, year := 1+r.IntN(28), 1+r.IntN(12), 1940+r.IntN(60)
		national := l.number(r)
		p := map[string]string{
			"key": fmt.Sprintf("%s%05d", prefix, 1000+i*7), "first_name": pick(l.names), "last_name": pick(l.names), "email": fmt.Sprintf("p%d.%d@example.com", i, r.IntN(1000)),
			"phone": "+" + l.code + national, "birth_date": fmt.Sprintf("%04d-%02d-%02d", year, month, day), "city": pick([]string{"Leeds", "Köln", "São Paulo"}), "postcode": fmt.Sprintf("%05d", 1000+i), "note": pick([]string{"", "call, after \"six\"", "line one\nline two"}),
		}
		written := map[string]string{"flag": l.no}
		p["flag"] = "false"
		if r.IntN(2) == 0 {
			written["flag"], p["flag"] = l.yes, "true"
		}
		for k, v := range p {
			if k != "flag" {
				written[k] = v
			}
		}
		written["phone"] = l.local(national)
		switch l.date {
		case "dmy":
			written["birth_date"] = fmt.Sprintf("%02d%s%02d%s%04d", day, l.separator, month, l.separator, year)
		case "mdy":
			written["birth_date"] = fmt.Sprintf("%d%s%d%s%04d", month, l.separator, day, l.separator, year)
		}
		for _, c := range []string{"email", "phone", "birth_date", "city"} {
			switch {
			case t.sparse && r.IntN(5) == 0:
				p[c], written[c] = "", ""
			case t.hasNull && r.IntN(5) == 0:
				p[c], written[c] = "", l.null
			}
		}
		var row []string
		for _, c := range columns {
			row = append(row, written[c])
		}
		rows, t.people = append(rows, row), append(t.people, p)
	}
	t.identifiers = []string{"email", "phone"}
	t.key = "_row"
	switch {
	case keyed:
		t.key = t.header["key"]
	case !t.sparse && !t.hasNull:
		t.key = t.header["email"]
	}
	t.name = pick([]string{"export.csv", "customers.csv", "Kunden 2024.csv", "crm-contacts.txt", "list (1).csv"})
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = t.delimiter, r.IntN(2) == 0
	if err := w.WriteAll(rows); err != nil {
		panic(err)
	}
	t.content = b.String()
	switch r.IntN(3) {
	case 0:
		t.content = "\ufeff" + t.content
	case 1:
		if latin, err := charmap.Windows1252.NewEncoder().String(t.content); err == nil {
			t.content = latin
		}
	}
	return t
}

// run passes a file's rows through the door's mapping and the refining stages, as the
// road does, and gives the records.
func run(t testing.TB, tree *config.Tree, path string, schema *contract.Schema) []record.Record {
	t.Helper()
	c, k := contract.New(contract.Deps{}), cleanse.New()
	streams := slices.Clone(tree.Rules.Streams)
	streams[0].Schema = schema
	if err := c.Install(1, streams); err != nil {
		t.Fatal(err)
	}
	if err := k.Install(1, tree.Rules.Cleanse); err != nil {
		t.Fatal(err)
	}
	b := &record.Batch{}
	f := tree.Files[0]
	_, err := file.Sample(t.Context(), f, path, 1<<20, func(props []byte) bool {
		r := record.Record{Source: f.Name, Stream: streams[0].Stream, Pin: 1, Op: record.Upsert, Received: 1, Props: bytes.Clone(props)}
		if err := c.Map(1, &r); err != nil {
			t.Fatal(err)
		}
		b.Records = append(b.Records, r)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Refine(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := k.Refine(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return b.Records
}

func attribute(r *record.Record, name string) string {
	for _, a := range r.Attrs {
		if a.Name == name {
			return a.Value.Text()
		}
	}
	return ""
}

// What is proposed of a file of people must run: nothing set aside, nothing lost, and
// every record says what is true.
func TestFilesOfKnownPeople(t *testing.T) {
	for name, l := range locales() {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				t.Parallel()
				f := fake(l, seed)
				result, text, tree := propose(t, map[string]string{f.name: f.content})
				s := result.Streams[0]
				if s.Kind != f.kind || s.Key != f.key {
					t.Fatalf("kind %s, key %q; want %s, %q\n%s", s.Kind, s.Key, f.kind, f.key, text)
				}
				if s.Identifiers["email"] != f.header["email"] || s.Identifiers["phone"] != f.header["phone"] {
					t.Fatalf("identifiers %v\n%s", s.Identifiers, text)
				}
				if f.region != "" && !strings.Contains(text, "region: "+f.region+"}") {
					t.Errorf("the region is not %s\n%s", f.region, text)
				}
				path := filepath.Join(filepath.Dir(filepath.Dir(result.Path)), "in", f.name)
				var learnt *contract.Schema
				for range 2 { // again under the contract that the first run proposes
					records := run(t, tree, path, learnt)
					f.check(t, records, text)
					n := contract.NewInference()
					for i := range records {
						if err := n.Add(records[i].Props); err != nil {
							t.Fatal(err)
						}
					}
					schema := n.Schema()
					learnt = &schema
				}
			})
		}
	}
}

func (f *truth) check(t *testing.T, records []record.Record, text string) {
	t.Helper()
	if len(records) != len(f.people) {
		t.Fatalf("%d records of %d people", len(records), len(f.people))
	}
	keys := map[string]bool{}
	flag := ""
	if i := strings.Index(text, ": {from: "+f.header["flag"]+","); i >= 0 {
		flag = strings.TrimSpace(text[strings.LastIndexByte(text[:i], '\n')+1 : i])
	} else if i := strings.Index(text, ": {from: \""+f.header["flag"]+"\""); i >= 0 {
		flag = strings.TrimSpace(text[strings.LastIndexByte(text[:i], '\n')+1 : i])
	}
	for i := range records {
		r, p := &records[i], f.people[i]
		if !r.Verdict.Keep() || r.Verdict.Partly {
			t.Fatalf("row %d: verdict %+v of %s\n%s", i+1, r.Verdict, r.Props, text)
		}
		keys[r.Key] = true
		for name, want := range p {
			attr := name
			switch name {
			case "key", "note":
				continue
			case "flag": // called as the file calls it
				attr = flag
			}
			if got := attribute(r, attr); got != want {
				t.Fatalf("row %d: %s is %q, want %q, of %s\n%s", i+1, attr, got, want, r.Props, text)
			}
		}
		ids := map[string]string{}
		for _, id := range r.Identifiers {
			ids[id.Type] += id.Value
		}
		for _, typ := range f.identifiers {
			if ids[typ] != p[typ] {
				t.Fatalf("row %d: identifier %s is %q, want %q\n%s", i+1, typ, ids[typ], p[typ], text)
			}
		}
	}
	if len(keys) != len(f.people) {
		t.Errorf("%d keys of %d people\n%s", len(keys), len(f.people), text)
	}
}
