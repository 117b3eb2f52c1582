package initproject_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/config/initproject"
	"github.com/kithdata/kith/internal/kit/errs"
)

func nothing(string) (string, bool) { return "", false }

// make writes files and the project proposed from them, and loads it.
func propose(t testing.TB, files map[string]string) (*initproject.Result, string, *config.Tree) {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "in")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(data, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	result, err := initproject.Write(context.Background(), initproject.Request{Dir: filepath.Join(dir, "project"), From: []string{data}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(result.Path)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := config.Load(result.Path, nothing)
	if err != nil {
		t.Fatalf("does not load:\n%v\n%s", err, text)
	}
	return result, string(text), tree
}

func TestExampleLoads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "shop")
	result, err := initproject.Write(context.Background(), initproject.Request{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := config.Load(result.Path, nothing)
	if err != nil || tree.Name != "shop" {
		t.Fatalf("%v", err)
	}
	if _, err := initproject.Write(context.Background(), initproject.Request{Dir: dir}); !errs.Is(err, initproject.CodeExists) {
		t.Errorf("a second time: %v", err)
	}
}

func TestPeopleOrdersAndEventsAreToldApart(t *testing.T) {
	result, text, tree := propose(t, map[string]string{
		"contacts.csv": "contact_id,First Name,Last Name,E-Mail,Mobile,Updated At\n" +
			"c1,ANNA,SMITH,anna@example.com,+44 7700 900001,2024-01-02T10:00:00Z\n" +
			"c2,BEN,JONES,ben@example.com,07700 900002,2024-01-03T10:00:00Z\n" +
			"c3,CAT,BROWN,cat@example.com,n/a,2024-01-04T10:00:00Z\n",
		"orders.ndjson": `{"order_id":"o1","customer_id":"c1","total":12.5,"status":"paid","created_at":"2024-02-01T00:00:00Z"}` + "\n" +
			`{"order_id":"o2","customer_id":"c2","total":8,"status":"open","created_at":"2024-02-02T00:00:00Z"}` + "\n" +
			`{"order_id":"o3","customer_id":"c1","total":9,"status":"paid","created_at":"2024-02-03T00:00:00Z"}` + "\n",
		"clicks.csv": "timestamp;event;user_id;url\n2024-03-01T10:00:00Z;view;u1;/a\n2024-03-01T10:00:01Z;view;u1;/b\n2024-03-01T10:00:00Z;click;u2;/a\n",
	})
	kinds := map[string]string{}
	keys := map[string]string{}
	ids := map[string]map[string]string{}
	for _, s := range result.Streams {
		kinds[s.Name], keys[s.Name], ids[s.Name] = s.Kind, s.Key, s.Identifiers
	}
	if kinds["contacts.rows"] != "customer" || kinds["orders.rows"] != "object" || kinds["clicks.rows"] != "event" {
		t.Errorf("kinds %v\n%s", kinds, text)
	}
	if keys["contacts.rows"] != "contact_id" || keys["orders.rows"] != "order_id" || keys["clicks.rows"] != "" {
		t.Errorf("keys %v", keys)
	}
	if ids["contacts.rows"]["email"] != "E-Mail" || ids["contacts.rows"]["phone"] != "Mobile" || ids["clicks.rows"]["user_id"] != "user_id" {
		t.Errorf("identifiers %v", ids)
	}
	if ids["orders.rows"]["contacts_id"] != "customer_id" || ids["contacts.rows"]["contacts_id"] != "contact_id" {
		t.Errorf("orders do not name people by the contacts' key: %v\n%s", ids, text)
	}
	for _, want := range []string{"region: GB", "null_tokens: [n/a]", `delimiter: ";"`, "seq: Updated At", "first_name: {from: First Name, clean: [trim, name]}"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing from\n%s", want, text)
		}
	}
	if len(tree.Files) != 3 || len(tree.Rules.Streams) != 3 {
		t.Errorf("%d files, %d streams", len(tree.Files), len(tree.Rules.Streams))
	}
}

func TestOtherLanguagesAndHabits(t *testing.T) {
	cases := []struct {
		name, file, content string
		want                []string
	}{
		{"german", "kunden.csv", "Kundennummer;Vorname;Nachname;E-Mail-Adresse;Geburtsdatum;Umsatz;PLZ;Telefon\n" +
			"1001;Jörg;Müller;joerg@example.com;24.12.1980;1.234,50;01067;0351 4567890\n" +
			"1002;Änne;Groß;aenne@example.com;02.03.1991;12,00;80331;089 1234567\n",
			[]string{"kind: customer", "key: Kundennummer", "format: dmy", `decimal: ","`, "first_name: {from: Vorname", "postcode: {from: PLZ", "region: DE", "birth_date"}},
		{"french", "clients.csv", "identifiant,prénom,nom,courriel,date de naissance,téléphone\n" +
			"a,Zoé,Petit,zoe@example.com,31/01/1990,01 23 45 67 89\nb,Luc,Roy,luc@example.com,12/11/1970,06 12 34 56 78\n",
			[]string{"kind: customer", "first_name: {from: \"prénom\"", "last_name: {from: nom", "email: {from: courriel", "format: dmy", "region: FR"}},
		{"month first", "people.csv", "id,name,dob\n1,Jo Doe,12/25/1980\n2,Al Roe,01/02/1990\n", []string{"format: mdy", "kind: customer", "full_name: {from: name"}},
		{"ambiguous", "people.csv", "id,name,dob\n1,Jo Doe,02/05/1980\n2,Al Roe,01/02/1990\n", []string{"ambiguous", "NOTE: dob could be day first or month first"}},
		{"no key", "people.csv", "first_name,last_name,city\nJo,Doe,Leeds\nJo,Doe,Leeds\n", []string{"kind: customer", "key: _row", "rows that equal an earlier one: 1"}},
		{"email is the key", "list.csv", "email,first,last changed\njo@example.com,Jo,2024-01-01\nal@example.com,Al,2024-01-01\njo@example.com,Joe,2024-01-02\n", []string{"kind: customer", "key: email", "repeats", "seq: last changed"}},
		{"couples share an address", "list.csv", "email,first\njo@example.com,Jo\nal@example.com,Al\njo@example.com,Joe\n", []string{"kind: customer", "key: _row"}},
		{"odd headers", "odd.csv", "id,,name,name,\"a \"\"b\"\"\",${HOME},名前,*,true\n1,x,y,z,1,2,3,4,5\n2,x,y,z,1,2,3,4,5\n", []string{"column_2", "name_2", `"$${HOME}"`, "key: id"}},
		{"no header", "raw.csv", "jo@example.com,Jo\nal@example.com,Al\n", []string{"the first row looks like data", `delimiter: ",", header: false`, "email: column_1"}},
		{"a title", "report.csv", "Customers 2024,,\nid,name,email\n1,Jo Doe,jo@example.com\n", []string{"skip_lines: 1}", "key: id", "full_name: {from: name", "# 1 row of 3 fields"}},
		{"utf-16", "wide.csv", utf16("id,email\n1,jo@example.com\n"), []string{"email: email"}},
		{"latin-1", "old.csv", "id,Pr\xe9nom,email\n1,Zo\xe9,zoe@example.com\n", []string{`first_name: {from: "Prénom"`}},
		{"tabs", "t.tsv", "id\temail\n1\tjo@example.com\n", []string{`delimiter: "\t"`, "kind: customer"}},
		{"a code beats a telephone number as the key", "loyalty.csv", "member,phone,tier\nL1,+44 7700 900101,gold\nL2,07700 900104,silver\nL3,07700 900107,gold\n", []string{"key: member", "region: GB", "kind: customer"}},
		{"a foreigner among locals", "crm.csv", "id,telefon\n1,0351 4567890\n2,089 1234567\n3,030 7654321\n4,0221 987654\n5,0711 123456\n6,040 345678\n7,0341 223344\n8,0421 556677\n9,0211 889900\n10,0511 112233\n11,+1 202 555 0101\n", []string{"region: DE"}},
		{"one date that is none", "crm.csv", "id,email,updated at\n1,jo@example.com,2026-01-05 09:12:00\n2,al@example.com,2026-02-30 10:00:00\n3,bo@example.com,2026-01-06 10:00:00\n4,cy@example.com,2026-01-07 10:00:00\n5,di@example.com,2026-01-08 10:00:00\n6,ed@example.com,2026-01-09 10:00:00\n", []string{"some values of updated at are no dates"}},
		{"nested", "n.ndjson", `{"id":1,"profile":{"email":"jo@example.com","name":{"first":"Jo"}},"tags":["a"]}` + "\n", []string{"email: profile.email", "kind: customer"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, text, _ := propose(t, map[string]string{c.file: c.content})
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing from\n%s", want, text)
				}
			}
		})
	}
}

func utf16(s string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return string(b)
}

func TestARegionIsLentToOtherFiles(t *testing.T) {
	phones := "id,phone\n1,0612345671\n2,0612345672\n3,0612345673\n"
	_, alone, _ := propose(t, map[string]string{"calls.csv": phones})
	_, text, _ := propose(t, map[string]string{"calls.csv": phones, "clients.csv": "klantnummer,voornaam,telefoonnummer\n1,Sanne,06 12345671\n2,Daan,06 12345672\n"})
	if strings.Contains(alone, "as in the other files") || strings.Count(text, "region: NL}") != 2 || !strings.Contains(text, "as in the other files") {
		t.Errorf("the region of clients is not that of calls:\n%s", text)
	}
}

func TestFilesAlikeAreOneSource(t *testing.T) {
	row := "id,email\n1,jo@example.com\n"
	result, text, _ := propose(t, map[string]string{"crm-2024-01.csv": row, "crm-2024-02.csv": row, "other.csv": "id,total\n1,2\n"})
	if len(result.Streams) != 2 || result.Streams[0].Files != 2 || !strings.Contains(text, "crm-*.csv") {
		t.Errorf("%+v\n%s", result.Streams, text)
	}
}

func TestFilesThatAreNoneAreTold(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.csv")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{filepath.Join(dir, "absent.csv"), empty, t.TempDir(), "/dev/null"} {
		if _, err := initproject.Write(context.Background(), initproject.Request{Dir: filepath.Join(dir, "p"), From: []string{from}}); !errs.Is(err, initproject.CodeFile) {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func TestOddFilesAlwaysLoad(t *testing.T) {
	value := rapid.OneOf(
		rapid.StringMatching(`[a-z]{1,6}@example\.com`), rapid.StringMatching(`\+?[0-9 ()-]{5,14}`), rapid.StringMatching(`[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}`),
		rapid.StringMatching(`[0-9]{1,4},[0-9]{2}`), rapid.SampledFrom([]string{"", "n/a", "NULL", "-", `\N`, "true", "no", "${X}", "*", "'", "# x", ": ", "日本", "\u2028", "2024-01-02", "2024-01-02T03:04:05Z", "1e9", "0x1f"}), rapid.String())
	header := rapid.OneOf(value, rapid.SampledFrom([]string{"id", "email", "Name", "status", "order_id", "total", "date", "updated_at", "event", "phone", "telefon", "is_deleted", "", "user_id", "birth date", "price"}))
	rapid.Check(t, func(rt *rapid.T) {
		delimiter := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(rt, "delimiter")
		width := rapid.IntRange(1, 7).Draw(rt, "width")
		field := func(s string) string {
			if strings.ContainsAny(s, "\",;\t|\n\r") {
				return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
			}
			return s
		}
		row := func(g *rapid.Generator[string]) string {
			var cells []string
			for range width {
				cells = append(cells, field(g.Draw(rt, "cell")))
			}
			return strings.Join(cells, delimiter) + "\n"
		}
		content := row(header)
		for range rapid.IntRange(1, 8).Draw(rt, "rows") {
			content += row(value)
		}
		dir, err := os.MkdirTemp("", "init")
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, rapid.SampledFrom([]string{"a.csv", "orders 2024.csv", "[x].csv", "Kunden (neu).csv", "1.csv", "clicks.csv"}).Draw(rt, "file"))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			rt.Fatal(err)
		}
		result, err := initproject.Write(context.Background(), initproject.Request{Dir: filepath.Join(dir, "p"), From: []string{path}})
		if errs.Is(err, initproject.CodeFile) {
			return // nothing in it could be read
		}
		if err != nil {
			rt.Fatal(err)
		}
		text, _ := os.ReadFile(result.Path)
		tree, err := config.Load(result.Path, nothing)
		if err != nil {
			rt.Fatalf("does not load: %v\n%s\nfrom %q", err, text, content)
		}
		for _, r := range run(t, tree, path, nil) {
			if !r.Verdict.Keep() {
				rt.Fatalf("%s is set aside: %+v\n%s\nfrom %q", r.Props, r.Verdict, text, content)
			}
		}
	})
}
