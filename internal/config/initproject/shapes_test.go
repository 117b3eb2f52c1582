package initproject_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// table makes a CSV of 60 rows from columns written "name=what", what being: seq (a
// number that counts up), num:N (N different numbers), code, id:N (N different codes),
// mail or mail:N, name, word:N, day (ISO), eu, us, us12, money, phone, ssn, none.
func table(columns ...string) string {
	var b strings.Builder
	var what []string
	for i, c := range columns {
		name, kind, _ := strings.Cut(c, "=")
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `"`)
		what = append(what, kind)
	}
	first := []string{"Anna", "Bob", "Cat", "Dan", "Eve", "Fay", "Gus"}
	for i := range 60 {
		b.WriteByte('\n')
		for j, w := range what {
			if j > 0 {
				b.WriteByte(',')
			}
			n := i
			kind, of, limited := strings.Cut(w, ":")
			if limited {
				m := 0
				_, _ = fmt.Sscan(of, &m)
				n = i % m
			}
			switch kind {
			case "seq":
				fmt.Fprintf(&b, "%d", 1000+n)
			case "num":
				fmt.Fprintf(&b, "%d", 17+n*n)
			case "code":
				fmt.Fprintf(&b, "cus_%09d", n*104729)
			case "id":
				fmt.Fprintf(&b, "A-%05d", n*37)
			case "mail":
				fmt.Fprintf(&b, "p%d@example.com", n)
			case "name":
				fmt.Fprintf(&b, "%s %s", first[n%7], first[n/7%7]+"son")
			case "one":
				b.WriteString(first[n%7])
			case "word":
				fmt.Fprintf(&b, "%s", []string{"open", "closed", "new", "done"}[n%4])
			case "day":
				fmt.Fprintf(&b, "2024-%02d-%02dT10:00:00Z", 1+n%12, 1+n%28)
			case "eu":
				fmt.Fprintf(&b, "%02d.%02d.1980", 1+n%28, 1+n%12)
			case "us12":
				fmt.Fprintf(&b, "%d/%d/2024 %d:05 PM", 1+n%12, 1+n%12, 1+n%12)
			case "ymd":
				fmt.Fprintf(&b, "19%02d%02d%02d", 40+n%50, 1+n%12, 1+n%28)
			case "eu2":
				fmt.Fprintf(&b, "%02d.%02d.%02d", 1+n%28, 1+n%12, 40+n)
			case "money":
				fmt.Fprintf(&b, "£%d.50", n)
			case "price":
				fmt.Fprintf(&b, "%d.50", n)
			case "phone":
				fmt.Fprintf(&b, "(212) 555-%04d", 100+n)
			case "pseudo":
				fmt.Fprintf(&b, "%d.%d", 1000+n, 1714521600+n*97)
			case "named":
				fmt.Fprintf(&b, "%d %s 2021", 1+n%28, []string{"Jan", "Februar", "March"}[n%3])
			case "pounds":
				fmt.Fprintf(&b, "\"£1,%03d.50\"", n)
			case "land":
				b.WriteString([]string{"Deutschland", "Germany", "DE"}[n%3])
			case "sex":
				b.WriteString([]string{"m", "weiblich", "F"}[n%3])
			case "lands":
				b.WriteString([]string{"USA", "United States", "Canada", "Mexico"}[n%4])
			case "form":
				b.WriteString([]string{"Herr", "Mrs.", "Prof. Dr."}[n%3])
			case "zip5":
				fmt.Fprintf(&b, "%d", 10067+n*150)
			case "lang":
				b.WriteString([]string{"de_DE", "en"}[n%2])
			case "ip":
				fmt.Fprintf(&b, "203.0.113.%d", n)
			case "millis":
				fmt.Fprintf(&b, "%d", 1700000000000+n*86400000)
			case "allowed":
				b.WriteString([]string{"granted", "denied"}[n%2])
			case "optin":
				b.WriteString([]string{"subscribed", "unsubscribed"}[n%2])
			case "order":
				fmt.Fprintf(&b, "#%d", 1000+n/2)
			case "none":
			case "ssn":
				fmt.Fprintf(&b, "%03d-45-%04d", 100+n, 1000+n)
			}
		}
	}
	return b.String() + "\n"
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		file, content, kind, key, ids string
		want                          []string
	}{
		{"orders.csv", table("order=seq", "mail=mail", "amount=price", "when=day"), "object", "order", "email=mail", nil},
		{"orders.csv", table("mail=mail", "amount=price", "order=seq"), "object", "order", "email=mail", nil},
		{"orders.csv", table("customer_email=mail:20", "amount=price", "created_at=day"), "event", "", "email=customer_email", nil},
		{"sales.csv", table("InvoiceNo=num:20", "StockCode=id:9", "Quantity=num:5", "InvoiceDate=us12", "CustomerID=num:30"), "event", "", "customer_id=CustomerID", nil},
		{"tickets.csv", table("ticket_no=num", "subject=word:4", "requester_email=mail:30", "agent_email=mail:3", "status=word:2", "opened=day"), "object", "ticket_no", "email=requester_email", nil},
		{"subscriptions.csv", table("id=code", "Customer ID=code:40", "Customer Email=mail:40", "Amount=price", "Status=word:2"), "object", "id", "customer_id=Customer ID email=Customer Email", nil},
		{"donations.csv", table("date=day", "donor name=name", "donor email=mail:30", "amount=money"), "event", "", "email=donor email", nil},
		{"organizations-100.csv", table("Index=seq", "Organization Id=code", "Name=name", "Email=mail", "Country=word:1"), "object", "Organization Id", "", nil},
		{"clicks.csv", table("ts=day", "visitor_id=id:9", "user_email=mail:9", "event=word:2"), "event", "", "anonymous_id=visitor_id email=user_email", nil},
		{"Kunden.csv", table("Vorname=one", "Straße=word:3", "Hausnr.=seq", "PLZ=num", "E-Mail=mail", "Kunden-Nr.=id"), "customer", "Kunden-Nr.", "email=E-Mail", nil},
		{"export.csv", table("Customer #=seq", "Customer Name=name", "Contact E-mail=mail", "Phone #=phone", "Last Purchase=us12", "Balance=price"), "customer", "Customer #", "email=Contact E-mail phone=Phone #",
			[]string{"full_name: {from: Customer Name", "last_purchase: {from: Last Purchase, clean: [{date: {format: mdy}}]}", "region: US"}},
		{"liste.csv", table("Nr=seq", "Name=name", "geb.=eu2", "Tel=phone"), "customer", "Nr", "phone=Tel", []string{`birth_date: {from: geb., clean: [{date: {format: dmy, pivot: "10"}}]}`, "geb. has years of two digits", "full_name: {from: Name, clean: [trim, name]}", "last_name: {from: Name, clean: [name, {name_part: {part: family}}]}"}},
		{"people.csv", table("person_id=id", "full name=name", "birth=num"), "customer", "person_id", "", []string{"birth: {from: birth}"}},
		{"people.csv", table("name=name", "city=word:4"), "customer", "_row", "", nil},
		{"people.csv", table("name=name", "email=mail:30"), "customer", "_row", "email=email", nil},
		{"addresses.csv", table("customer_id=id:20", "name=name", "street=word:4", "city=word:3"), "customer", "_row", "customer_id=customer_id", nil},
		{"contacts.csv", table("Record ID=id:57", "name=name", "email=mail:50"), "customer", "Record ID", "email=email", []string{"Record ID repeats"}},
		{"members.csv", table("Full Name=name", "SSN=ssn", "e-mail=mail"), "customer", "SSN", "email=e-mail national_id=SSN", nil},
		{"members.csv", table("member_id=num:40", "email=mail:40", "updated_at=day"), "customer", "member_id", "email=email", []string{"seq: updated_at", "member_id repeats"}},
		{"users.tsv.csv", table("uid=id", "username=code", "e-mail address=mail"), "customer", "uid", "email=e-mail address user_id=uid", nil},
		{"febrl.csv", table("rec_id=id", "given_name=one", "surname=one", "street_number=num", "address_1=word:4", "suburb=word:3", "postcode=num:30", "state=word:4", "date_of_birth=ymd", "soc_sec_id=num"), "customer", "rec_id", "national_id=soc_sec_id",
			[]string{"birth_date: {from: date_of_birth, clean: [{date: {format: ymd}}]}", "street_number:", "first_name: {from: given_name"}},
		{"fake.csv", table("unique_id=seq", "first_name=one", "surname=one", "dob=day", "city=word:3", "email=mail:50", "cluster=num:25"), "customer", "unique_id", "email=email", nil},
		{"bank.csv", table("RowNumber=seq", "CustomerId=num", "Surname=one", "Gender=word:2"), "customer", "CustomerId", "", nil},
		{"newsletter.csv", table("email=mail", "purpose=word:1", "channel=word:1", "status=allowed", "timestamp=day", "source=word:2"), "consent", "", "email=email",
			[]string{"purpose: purpose", "channel: channel", "status: status", "proof: source", "occurred: timestamp"}},
		{"einwilligungen.csv", table("E-Mail=mail", "Telefon=phone", "Status=optin"), "consent", "", "email=E-Mail phone=Telefon", []string{`purpose: "'marketing'"`, "region: US"}},
		{"newsletter.csv", table("email=mail", "status=word:4", "purpose=word:2"), "customer", "email", "email=email", nil},
		{"ga_events.csv", table("event_timestamp=day", "event_name=word:2", "user_pseudo_id=pseudo:9"), "event", "", "anonymous_id=user_pseudo_id", nil},
		{"orders_export.csv", table("Name=order", "Email=mail:20", "Total=price", "Created at=day", "Lineitem name=name", "Billing Name=name", "Billing Phone=phone"), "event", "", "email=Email phone=Billing Phone",
			[]string{"billing_name: {from: Billing Name, clean: [trim, name]}"}},
		{"club.csv", table("member no=code", "name=name", "joined=named", "balance=pounds", "country=land", "sex=sex", "Anrede=form", "zip=zip5", "lang=lang", "signup ip=ip", "createdate=millis"), "customer", "member no", "",
			[]string{"joined: {from: joined, clean: [{date: {format: dmy}}]}", "balance: {from: balance, clean: [money]}", "country: {from: country, clean: [country]}", "gender: {from: sex, clean: [gender]}", "anrede: {from: Anrede, clean: [honorific]}",
				"postcode: {from: zip, clean: [{postcode: {country: DE}}]}", "lang: {from: lang, clean: [language]}", "signup_ip: {from: signup ip, clean: [ip]}", "createdate: {from: createdate, clean: [{date: {format: epoch_ms}}]}",
				"first_name: {from: name, clean: [name, {name_part: {part: given}}]}"}},
		{"kna1.csv", table("KUNNR=seq", "NAME1=name", "STRAS=word:3", "PSTLZ=num", "ORT01=word:2", "TELF1=phone", "SMTP_ADDR=mail"), "customer", "KUNNR", "email=SMTP_ADDR phone=TELF1", []string{"street: {from: STRAS", "city: {from: ORT01"}},
		{"crm.csv", table("id=id", "email=mail", "mobile phone=none", "phone=phone"), "customer", "id", "email=email phone=phone", []string{"mobile_phone: {from: mobile phone, clean: [{phone: {region: US}}]}"}},
		{"worldwide.csv", table("id=id", "email=mail", "phone=phone", "country=lands"), "customer", "id", "email=email phone=phone", []string{"phone: {from: phone, clean: [{phone: {region: US, region_from: country}}]}", "country: {from: country, clean: [country]}"}},
		{"things.csv", table("code=id", "label=word:3"), "object", "code", "", nil},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			result, text, _ := propose(t, map[string]string{c.file: c.content})
			s := result.Streams[0]
			var ids []string
			for _, typ := range slices.Sorted(maps.Keys(s.Identifiers)) {
				ids = append(ids, typ+"="+s.Identifiers[typ])
			}
			if s.Kind != c.kind || s.Key != c.key || strings.Join(ids, " ") != c.ids {
				t.Errorf("kind %s, key %q, identifiers %v; want %s, %q, %s\n%s", s.Kind, s.Key, ids, c.kind, c.key, c.ids, text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing from\n%s", want, text)
				}
			}
		})
	}
}

func TestFilesThatNameEachOther(t *testing.T) {
	ids := func(files map[string]string) map[string]map[string]string {
		result, _, _ := propose(t, files)
		all := map[string]map[string]string{}
		for _, s := range result.Streams {
			all[s.Name] = s.Identifiers
		}
		return all
	}
	// An id called a user's in one file is the other's key under another name.
	got := ids(map[string]string{"users.csv": table("id=num", "email=mail"), "orders.csv": table("order_id=seq", "user_id=num:40", "amount=price")})
	if got["users.rows"]["users_id"] != "id" || got["orders.rows"]["users_id"] != "user_id" || got["orders.rows"]["user_id"] != "" {
		t.Errorf("users and orders: %v", got)
	}
	got = ids(map[string]string{"users.csv": table("user_id=num", "email=mail"), "orders.csv": table("order_id=seq", "customer=num:40", "amount=price")})
	if got["users.rows"]["user_id"] != "user_id" || got["orders.rows"]["user_id"] != "customer" {
		t.Errorf("users with a user id and orders: %v", got)
	}
	// Ids that no file of people has as keys still tell which records are one person's.
	got = ids(map[string]string{"orders.csv": table("order_id=seq", "customer_id=id:20", "amount=price"), "tickets.csv": table("ticket_id=seq", "customer_id=id:20", "status=word:3")})
	if got["orders.rows"]["customer_id"] != "customer_id" || got["tickets.rows"]["customer_id"] != "customer_id" {
		t.Errorf("orders and tickets: %v", got)
	}
	got = ids(map[string]string{"orders.csv": table("order_id=seq", "customer_id=id:20", "amount=price"), "tickets.csv": table("ticket_id=seq", "customer_id=code:20", "status=word:3")})
	if got["orders.rows"]["customer_id"] != "customer_id" || got["tickets.rows"]["tickets_customer_id"] != "customer_id" {
		t.Errorf("orders and tickets of two systems: %v", got)
	}
	// Staff are nobody's identifiers.
	got = ids(map[string]string{"contacts.csv": table("id=num", "email=mail", "owner_id=num:9", "owner_email=mail:2"), "cases.csv": table("case_id=seq", "contact_id=num:30", "agent_id=num:9", "status=word:2")})
	if got["contacts.rows"]["email"] != "email" || len(got["contacts.rows"]) != 2 || len(got["cases.rows"]) != 1 || got["cases.rows"]["contacts_id"] != "contact_id" {
		t.Errorf("contacts and cases: %v", got)
	}
}

// What was guessed from a whole name must not survive what another file says.
func TestNamesAreTakenApartWhereNoFileHasTheParts(t *testing.T) {
	_, text, _ := propose(t, map[string]string{"members.csv": table("member_id=code", "name=name", "email=mail")})
	if !strings.Contains(text, "name_part") {
		t.Errorf("a whole name stays whole\n%s", text)
	}
	_, text, _ = propose(t, map[string]string{"members.csv": table("member_id=code", "name=name", "email=mail"), "crm.csv": table("id=id", "first name=one", "email=mail")})
	if strings.Contains(text, "name_part") {
		t.Errorf("a whole name is taken apart beside first names\n%s", text)
	}
}
