package initproject_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
)

func encoded(t *testing.T, name, text string) string {
	t.Helper()
	e, err := htmlindex.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A file in an encoding that is not seen by itself is read in the one in which its
// letters are usual ones; what is proposed says so.
func TestEncodings(t *testing.T) {
	const (
		japanese = "会員番号,氏名,生年月日,電話番号,メールアドレス\nM001,佐藤 太郎,1980/01/02,090-1234-5678,sato@example.jp\nM002,鈴木 花子,1975/03/04,090-2345-6789,suzuki@example.jp\n"
		russian  = "ид;имя;фамилия;почта;город\n1;Иван;Петров;ivan@example.com;Москва\n2;Анна;Смирнова;anna@example.com;Казань\n"
		polish   = "nr;imię;nazwisko;e-mail;miasto\n1;Łukasz;Wiśniewski;luk@example.com;Łódź\n2;Małgorzata;Dąbrowska;mal@example.com;Poznań\n"
		french   = "id;prénom;nom;courriel;ville\n1;Zoé;Lefèvre;zoe@example.com;Orléans\n2;Léa;Château;lea@example.com;Béziers\n"
		german   = "Nr;Vorname;Nachname;E-Mail;Straße\n1;Jörg;Müller;j@example.com;Süßweg\n2;Änne;Groß;a@example.com;Am Öhr\n"
		chinese  = "编号,姓名,手机,邮箱,城市\n1,王小明,13800000001,wang@example.com,上海市\n2,李大国,13800000002,li@example.com,北京市\n"
		korean   = "번호,이름,전화번호,이메일\n1,김민수,010-1234-5678,kim@example.com\n2,이영희,010-2345-6789,lee@example.com\n"
		greek    = "id;όνομα;πόλη;email\n1;Γιώργος Παππάς;Αθήνα;g@example.com\n2;Ελένη Νικολάου;Θεσσαλονίκη;e@example.com\n"
	)
	for _, c := range []struct{ encoding, text, said, want string }{
		{"shift_jis", japanese, "shift_jis", "birth_date: {from: 生年月日"}, {"euc-jp", japanese, "euc-jp", "full_name: {from: 氏名"},
		{"windows-1251", russian, "windows-1251", "last_name: {from: фамилия"}, {"koi8-r", russian, "koi8-r", "first_name: {from: имя"},
		{"windows-1250", polish, "windows-1250", "first_name: {from: imię"}, {"iso-8859-2", polish, "iso-8859-2", "first_name: {from: imię"},
		{"windows-1252", french, "", "first_name: {from: prénom"}, {"macintosh", french, "macintosh", "first_name: {from: prénom"},
		{"windows-1252", german, "", "last_name: {from: Nachname"}, {"macintosh", german, "macintosh", "street: {from: Straße"},
		{"gb18030", chinese, "gb18030", "phone: {from: 手机"}, {"euc-kr", korean, "euc-kr", "phone: {from: 전화번호"}, {"windows-1253", greek, "windows-1253", "key: id"},
	} {
		t.Run(c.encoding+"/"+c.said, func(t *testing.T) {
			_, text, tree := propose(t, map[string]string{"people.csv": encoded(t, c.encoding, c.text)})
			if got := tree.Files[0].Encoding; got != c.said || !strings.Contains(strings.ReplaceAll(text, `"`, ""), c.want) {
				t.Errorf("encoding %q, want %q, and %q in\n%s", got, c.said, c.want, text)
			}
		})
	}
}

// What stands around the rows is told apart from them.
func TestLayouts(t *testing.T) {
	const row = "1,jo@example.com,Jo Doe\n2,al@example.com,Al Roe\n"
	for _, c := range []struct {
		name, file, content string
		want                []string
	}{
		{"titles", "report.csv", "Customers of spring,,\nExported 2025-09-01,,\nid,email,name\n" + row, []string{"skip_lines: 2}", "key: id"}},
		{"a title without separators", "report.csv", "Customers of spring\n\nid,email,name\n" + row, []string{"key: id", "skip_lines: "}},
		{"no header", "report.csv", row, []string{"header: false", "email: column_2"}},
		{"array within", "dump.json", `{"meta": {"pages": [1, 2]}, "result": {"users": [{"id": 1, "email": "jo@example.com"}, {"id": 2, "email": "al@example.com"}]}}`, []string{"format: json, records: result.users", "key: id", "email: email"}},
		{"array within, many lines", "dump.json", "{\n  \"users\": [\n    {\"id\": 1, \"email\": \"jo@example.com\"},\n    {\"id\": 2, \"email\": \"al@example.com\"}\n  ]\n}\n", []string{"format: json, records: users", "key: id"}},
		{"array", "dump.json", `[{"id": 1, "contact": {"email": "jo@example.com"}}, {"id": 2, "contact": {"email": "al@example.com"}}]`, []string{"format: json}", "email: contact.email"}},
		{"lines", "dump.json", "{\"id\": 1, \"email\": \"jo@example.com\", \"items\": [{}, {}]}\n{\"id\": 2, \"email\": \"al@example.com\"}\n", []string{"format: ndjson}", "key: id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, text, tree := propose(t, map[string]string{c.file: c.content})
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing from\n%s", want, text)
				}
			}
			if result.Streams[0].Rows != 2 || len(tree.Files) != 1 {
				t.Errorf("%d rows\n%s", result.Streams[0].Rows, text)
			}
		})
	}
}
