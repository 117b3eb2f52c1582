package initproject_test

import (
	"fmt"
	"strings"
	"testing"
)

// rowsOf makes a CSV file of n rows, each as fn has it.
func rowsOf(header string, n int, fn func(i int) string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		b.WriteString(fn(i) + "\n")
	}
	return b.String()
}

// Each check that is proposed has its reason and only warns; what the rows do not bear
// out is not proposed.
func TestChecksProposed(t *testing.T) {
	orders := func(i int) string {
		net, tax := float64(10+i), float64(i%7)
		return fmt.Sprintf("ORD-%05d,2024-%02d-01T10:00:00Z,2024-%02d-02T10:00:00Z,%.2f,%.2f,%.2f,%s,%d,%d", i, 1+i%9, 1+i%9+i%3, net, tax, net+tax, []string{"EUR", "GBP"}[i%2], i%11, -i)
	}
	people := func(i int) string {
		email := fmt.Sprintf("p%d@example.com", i)
		if i%25 == 0 {
			email = ""
		}
		born := fmt.Sprintf("1980-02-0%d", 1+i%9)
		if i%3 == 0 {
			born = ""
		}
		return fmt.Sprintf("%d,%s,Jo,%s,%d,%d,%s,%s", 7*i+3, email, born, 18+i%60, i%101, []string{"gold", "silver", "bronze"}[i%3], []string{"open", "closed"}[i%2])
	}
	for _, c := range []struct {
		file, content string
		want, never   []string
	}{
		{"orders.csv", rowsOf("order_id,created_at,updated_at,subtotal,tax,total,currency,score,correction", 120, orders), []string{
			`{check: regex, column: order_id, pattern: "^ORD-[0-9]{5}$", severity: warn}  # every value looked at has this form`,
			`{check: compare, columns: [created_at, updated_at], operator: "<=", severity: warn}  # nothing changes before it is made`,
			`{check: compare, columns: [subtotal, total], operator: "<=", severity: warn}  # the first was never more than the second`,
			`{check: sum, columns: [subtotal, tax], total: total, severity: warn}  # they add up`,
			`{check: format, column: currency, format: currency, severity: warn}  # called a currency: its codes are those of ISO 4217`,
			`{check: not_negative, column: total, severity: warn}  # none seen is below 0`,
			`{check: range, column: score, min: 0, max: 10, severity: warn}  # a scale; all seen lie within`,
			`{check: condition, column: updated_at, condition: "occurred <= received + duration('24h')", severity: warn}  # what happened lies behind`,
		}, []string{"not_negative, column: correction", "columns: [updated_at, created_at]"}},
		{"members.csv", rowsOf("member_id,email,first_name,birth_date,age,discount_pct,tier,status", 200, people), []string{
			`{check: not_null, column: email, mostly: 0.96, severity: warn}  # so in 192 of 200 rows tried`,
			`{check: range, column: birth_date, min: 1900-01-01, severity: warn}`,
			`{check: condition, column: birth_date, condition: "!has(attributes.birth_date) || attributes.birth_date == null || attributes.birth_date <= received", severity: warn}  # nobody is born in the time to come`,
			`{check: range, column: age, min: 0, max: 120, severity: warn}  # ages of people`,
			`{check: range, column: discount_pct, min: 0, max: 100, severity: warn}  # a percentage`,
			`{check: in_set, column: tier, values: [gold, silver, bronze], severity: warn}  # no other value was seen`,
		}, []string{"in_set, column: first_name"}},
		{"stays.csv", rowsOf("booking_ref,guest_email,check_in,check_out,nights,iban", 120, func(i int) string {
			out := "2024-05-09"
			if i%60 == 7 {
				out = "2024-05-01"
			}
			return fmt.Sprintf("B%04d,g%d@example.com,2024-05-0%d,%s,%d,GB82WEST12345698765432", i, i, 2+i%5, out, 1+i%7)
		}), []string{
			`{check: compare, columns: [check_in, check_out], operator: "<=", mostly: 0.98, severity: warn}  # in comes before out; so in 118 of 120 rows tried`,
			`{check: format, column: iban, format: iban, severity: warn}`,
		}, nil},
		{"visits.csv", rowsOf("visit_id,start_time,end_time", 60, func(i int) string {
			return fmt.Sprintf("123e4567-e89b-12d3-a456-42661417%04d,2024-05-0%dT10:00:00Z,2024-05-0%dT10:00:00Z", i, 1+i%9, 1+i%4)
		}), []string{`{check: format, column: visit_id, format: uuid, severity: warn}  # every value seen is a UUID`}, []string{"compare"}},
		{"few.csv", "id,email,age\n1,jo@example.com,30\n2,al@example.com,31\n", nil, []string{"expect:"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			_, text, tree := propose(t, map[string]string{c.file: c.content})
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s is missing from\n%s", want, text)
				}
			}
			for _, never := range c.never {
				if strings.Contains(text, never) {
					t.Errorf("%s is in\n%s", never, text)
				}
			}
			for _, line := range strings.Split(text, "\n") {
				if strings.Contains(line, "{check: ") && (!strings.Contains(line, "severity: warn}  # ") || strings.HasSuffix(line, "# ")) {
					t.Errorf("a check without reason, or that sets rows aside: %s", line)
				}
			}
			for _, s := range tree.Rules.Quality {
				if len(s.Checks) == 0 {
					t.Errorf("%s has no checks", s.Stream)
				}
			}
		})
	}
}

// What holds no person must not name one, and what opens doors is no key.
func TestWhatNamesNobody(t *testing.T) {
	for _, c := range []struct {
		name, file, content, kind, key string
		ids                            map[string]string
		want, never                    []string
	}{
		{"a physician of many patients", "patients.csv", rowsOf("MRN,Email,Provider Email,Family Doctor Phone", 60, func(i int) string {
			return fmt.Sprintf("%d,p%d@example.com,dr%d@example.org,+44 7400 00000%d", 400100+3*i, i, i%2, i%2)
		}), "customer", "MRN", map[string]string{"email": "Email"}, nil, nil},
		{"a mailbox that takes tickets", "tickets.csv", rowsOf("ticket_id,recipient,requester_email,requester_id,created_at", 60, func(i int) string {
			return fmt.Sprintf("%d,help@example.com,p%d@example.com,%d,2024-01-02T10:00:00Z", i, i, 36000+i)
		}), "object", "ticket_id", map[string]string{"email": "requester_email", "requester_id": "requester_id"}, nil, nil},
		{"a token", "customer.csv", rowsOf("email,firstname,rp_token,password_hash", 40, func(i int) string {
			return fmt.Sprintf("p%d@example.com,Jo,%032x,%032x", i, 7919*i+11, 104729*i+5)
		}), "customer", "email", map[string]string{"email": "email"}, []string{"rp_token looks like a secret"}, []string{"{from: rp_token", "{from: password_hash"}},
		{"a count of members", "households.csv", rowsOf("household_id,num_members,city", 60, func(i int) string { return fmt.Sprintf("HH%04d,%d,Leeds", i, 1+i%6) }), "object", "household_id", nil, nil, nil},
		{"companies called accounts", "accounts.csv", rowsOf("Account ID,Account Name,Industry,Employees,Phone", 60, func(i int) string {
			return fmt.Sprintf("001x%04d,Firm %d Ltd,Retail,%d,(212) 555-%04d", i, i, 5+i, 100+i)
		}), "object", "Account ID", nil, []string{"industry"}, nil},
		{"cards of members", "loyalty.csv", rowsOf("card_no,holder,e_mail,points", 60, func(i int) string { return fmt.Sprintf("63%08d,Anna Smith,p%d@example.com,%d", i, i, i*7%50) }), "customer", "card_no",
			map[string]string{"email": "e_mail", "loyalty_id": "card_no"}, []string{"full_name: {from: holder"}, nil},
		{"cards that pay", "payments.csv", rowsOf("payment_id,card_number,customer_email,amount", 60, func(i int) string {
			return fmt.Sprintf("pay_%06d,4111111111111111,p%d@example.com,%d.50", i, i, i+1)
		}), "object", "payment_id", map[string]string{"email": "customer_email"}, nil, []string{"loyalty_id"}},
		{"columns without names", "export.csv", rowsOf("A,B,C,D,E,F", 60, func(i int) string {
			return fmt.Sprintf("%d,%s,%s,p%d@example.com,%02d.%02d.%d,%s", 17*i+5, []string{"Anna", "Bob", "Carla", "Peter", "Maria"}[i%5], []string{"Smith", "Meyer", "Rossi", "Dubois"}[i%4], i, 1+i%28, 1+i%12, 1950+i, []string{"GB", "DE", "FR", "IT"}[i%4])
		}), "customer", "A", map[string]string{"email": "D"}, []string{"first_name: {from: B", "last_name: {from: C", "birth_date: {from: E, clean: [{date: {format: dmy}}]}", "country: {from: F, clean: [country]}"}, nil},
		{"whole names of Japan", "会員.csv", rowsOf("会員番号,氏名,メールアドレス", 20, func(i int) string {
			return fmt.Sprintf("M%03d,%s 太郎,p%d@example.jp", i, []string{"佐藤", "鈴木"}[i%2], i)
		}), "customer", "会員番号", map[string]string{"email": "メールアドレス"}, []string{"part: given, order: family_first"}, nil},
		{"a change feed", "customers_cdc.ndjson", rowsOf("", 60, func(i int) string {
			return fmt.Sprintf(`{"op":"u","after":{"id":%d,"email":"c%d@example.com","updated_at":%d}}`, i%30, i%30, 1756700000000000+i)
		})[1:], "customer", "after.id", map[string]string{"email": "after.email"}, []string{"seq: after.updated_at", "contract: contracts/customers_cdc.json  # written beside this file"}, nil},
		{"policies", "policies.csv", rowsOf("PolicyNo,HolderName,HolderDOB,HolderEmail,PolicyStatus,LastUpd", 60, func(i int) string {
			return fmt.Sprintf("POL%06d,Anna Smith,0%d-May-1980,p%d@example.com,Active,2024-01-01T10:00:00", 100+i, 1+i%9, i)
		}), "object", "PolicyNo", map[string]string{"email": "HolderEmail"}, []string{"seq: LastUpd", "holder_dob: {from: HolderDOB, clean: [{date: {format: dmy}}]}"}, nil},
		{"answers to a form", "responses.csv", rowsOf("#,What is your first name?,What is your email?,Network ID", 60, func(i int) string {
			return fmt.Sprintf("%032x,Jo,p%d@example.com,%010x", 7919*i+1, i, 104729*i+1)
		}), "customer", "#", map[string]string{"email": "What is your email?"}, nil, nil},
		{"visitors", "pageviews.csv", rowsOf("visit_time,visitor,page", 60, func(i int) string {
			return fmt.Sprintf("2024-01-02 10:00:%02d,%032x,/p", i, 7919*(i%20)+1)
		}), "event", "", map[string]string{"anonymous_id": "visitor"}, []string{"occurred: visit_time"}, nil},
		{"times from 1970", "sent.ndjson", rowsOf("", 60, func(i int) string {
			return fmt.Sprintf(`{"email":"p%d@example.com","event":"open","timestamp":%d}`, i%20, 1756700000+i)
		})[1:], "event", "", map[string]string{"email": "email"}, []string{"occurred: timestamp  # when it happened, counted from 1970"}, nil},
		{"apostrophes and consents", "customers.csv", rowsOf("Customer ID,Email,Zip,Country,Accepts Email Marketing", 60, func(i int) string {
			return fmt.Sprintf("C%04d,p%d@example.com,'LS1 %dAP,GB,%s", i, i, i%10, []string{"yes", "no"}[i%2])
		}), "customer", "Customer ID", map[string]string{"email": "Email"}, []string{`postcode: {from: Zip, clean: [{replace: {pattern: "^'"}}, {postcode: {country: GB}}]}`, "Accepts Email Marketing looks like a consent"}, nil},
		{"a list of what is allowed", "optins.csv", rowsOf("subscriber_email,list,optin,captured_at", 60, func(i int) string {
			return fmt.Sprintf("p%d@example.com,%s,%v,2024-01-02T10:00:00Z", i, []string{"news", "offers"}[i%2], i%3 > 0)
		}), "consent", "", map[string]string{"email": "subscriber_email"}, []string{"purpose: list", "occurred: captured_at"}, nil},
		{"steps that read too little", "people.csv", rowsOf("id,email,phone", 60, func(i int) string {
			return fmt.Sprintf("%d,p%d@example.com,%s", 3*i+1, i, []string{"07400 123456", "call 5pm"}[i%4/2])
		}), "customer", "id", map[string]string{"email": "email", "phone": "phone"}, []string{"phone: 30 of the 60 values tried cannot be read by its steps"}, nil},
		{"staff", "staff.csv", rowsOf("emp_no,forename,work_email,salary,line_manager_email", 30, func(i int) string {
			return fmt.Sprintf("E%03d,Jo,s%d@example.com,%d,m%d@example.com", i, i, 20000+i, i%3)
		}), "customer", "emp_no", map[string]string{"email": "work_email"}, []string{"looks like a list of staff"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result, text, _ := propose(t, map[string]string{c.file: c.content})
			s := result.Streams[0]
			if s.Kind != c.kind || s.Key != c.key || fmt.Sprint(s.Identifiers) != fmt.Sprint(c.ids) && len(s.Identifiers)+len(c.ids) > 0 {
				t.Errorf("kind %s, key %q, identifiers %v; want %s, %q, %v\n%s", s.Kind, s.Key, s.Identifiers, c.kind, c.key, c.ids, text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing from\n%s", want, text)
				}
			}
			for _, never := range c.never {
				if strings.Contains(text, never) {
					t.Errorf("%q is in\n%s", never, text)
				}
			}
		})
	}
}

// Files of one CRM in the languages of those who use it.
func TestHeadersOfOtherLanguages(t *testing.T) {
	for _, c := range []struct {
		header, phone, region string
		want                  []string
	}{
		{"KdNr;Anrede;Name1;Name2;Geb.Dat;Strasse;PLZ;Ort;Telefon1;E-Mail;Letzte Aenderung", "0351/456789%d", "DE", []string{"last_name: {from: Name1", "first_name: {from: Name2", "birth_date: {from: Geb.Dat", "postcode: {from: PLZ", "phone: {from: Telefon1"}},
		{"N° client;Civilité;Nom;Prénom;Date naissance;Adresse;Code Postal;Ville;Tél. portable;Adresse mail;Modifié le", "06 12 34 56 7%d", "FR", []string{"last_name: {from: Nom,", `first_name: {from: "Prénom"`, "birth_date: {from: Date naissance", "city: {from: Ville"}},
		{"Nº socio;Trato;Primer apellido;Nombre;Fecha nac.;Domicilio;C.P.;Población;Tfno. móvil;Correo-e;Modificado", "61234567%d", "ES", []string{"last_name: {from: Primer apellido", "first_name: {from: Nombre", "street: {from: Domicilio", "postcode: {from: C.P.", `city: {from: "Población"`}},
		{"Relatiecode;Aanhef;Achternaam;Voornaam;Geb.datum;Straatnaam;Postcode;Plaats;Tel. mobiel;E-mailadres;Gewijzigd", "06-1234567%d", "NL", []string{"last_name: {from: Achternaam", "first_name: {from: Voornaam", "street: {from: Straatnaam", "city: {from: Plaats"}},
		{"Cod. Cliente;Titolo;Cognome;Nome;Data di nascita;Indirizzo;CAP;Località;Cell.;Posta elettronica;Modificato", "333123456%d", "IT", []string{"last_name: {from: Cognome", "first_name: {from: Nome,", "postcode: {from: CAP", `city: {from: "Località"`, "street: {from: Indirizzo"}},
		{"Nº Utente;Título;Apelido;Nome;Data de Nascimento;Morada;Código Postal;Localidade;Telemóvel;Endereço de e-mail;Atualizado", "91234567%d", "PT", []string{"last_name: {from: Apelido", "first_name: {from: Nome,", `postcode: {from: "Código Postal"`, "city: {from: Localidade", "street: {from: Morada"}},
	} {
		t.Run(c.region, func(t *testing.T) {
			t.Parallel()
			content := rowsOf(c.header, 30, func(i int) string {
				return fmt.Sprintf("%d;M.;%s;%s;%02d.%02d.%d;Via 1;%s;Somewhere;%s;p%d@example.com;2024-01-%02d", 1001+3*i, []string{"Meyer", "Rossi", "Dubois"}[i%3], []string{"Anna", "Peter", "Maria"}[i%3], 1+i%28, 1+i%12, 1950+i, "10115", fmt.Sprintf(c.phone, i%10), i, 1+i%28)
			})
			result, text, _ := propose(t, map[string]string{"export.csv": content})
			s := result.Streams[0]
			first := strings.Split(c.header, ";")[0]
			if s.Kind != "customer" || s.Key != first || s.Identifiers["email"] == "" || s.Identifiers["phone"] == "" {
				t.Errorf("kind %s, key %q, identifiers %v\n%s", s.Kind, s.Key, s.Identifiers, text)
			}
			for _, want := range append(c.want, "region: "+c.region+"}", "format: dmy", "seq: ") {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing from\n%s", want, text)
				}
			}
		})
	}
}
