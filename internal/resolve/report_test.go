package resolve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kithdata/kith/internal/people"
	"github.com/kithdata/kith/internal/resolve"
)

// made writes records of made-up people under the column names given, ids being made by
// name, and gives the file.
func made(t testing.TB, name string, records int, columns []string, id func(i int) string) string {
	t.Helper()
	rates, err := people.RatesOf("medium", nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := people.New(people.Settings{Records: records, Seed: 3, Rates: rates, Countries: []string{"GB"}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	lines := [][]string{append([]string{"id", "truth"}, columns...)}
	var row people.Row
	for i := range records {
		g.Row(i, &row)
		lines = append(lines, append([]string{id(i), fmt.Sprint(row.Person)}, row.Values[:len(columns)]...))
	}
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// written is the page of a report, taken apart.
func written(t testing.TB, r *resolve.Report) (string, *html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), root
}

// harmless tells what is wrong with a page that must load nothing, run nothing and be
// read by everybody.
func harmless(root *html.Node) (faults []string) {
	policy, style := "", ""
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "img", "link", "iframe", "object", "embed", "base", "form", "image", "use", "foreignobject", "a":
			if n.Data != "a" || !strings.HasPrefix(attribute(n, "href"), "#") {
				faults = append(faults, "it has a "+n.Data)
			}
		case "meta":
			if attribute(n, "http-equiv") == "Content-Security-Policy" {
				policy = attribute(n, "content")
			}
		case "style":
			style += n.FirstChild.Data
		case "svg":
			if attribute(n, "aria-hidden") == "" && (attribute(n, "role") != "img" || attribute(n, "aria-labelledby") == "") {
				faults = append(faults, "a picture has no words for those who do not see it")
			}
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style" || strings.HasSuffix(a.Key, "href") && n.Data != "a" {
				faults = append(faults, n.Data+" has "+a.Key)
			}
		}
	}
	sum := sha256.Sum256([]byte(style))
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, want) {
		faults = append(faults, "its policy is "+policy)
	}
	return faults
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// words is all text of a page.
func words(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data + "\n")
		}
	}
	return b.String()
}

var columns = []string{"given", "family", "born", "sex", "street", "number", "postcode", "town"}

func TestReportIsOnePageThatTellsAll(t *testing.T) {
	path := made(t, "people.csv", 600, columns, func(i int) string { return fmt.Sprintf("r%d", i) })
	r, err := resolve.Examine(context.Background(), resolve.Config{Files: []string{path}, ID: "id", Label: "truth"}, false)
	if err != nil {
		t.Fatal(err)
	}
	raw, root := written(t, r)
	for _, f := range harmless(root) {
		t.Error(f)
	}
	for _, link := range []string{"http://", "https://", "url(", "@import"} {
		if strings.Contains(raw, link) {
			t.Errorf("it has %s", link)
		}
	}
	text := words(root)
	for _, c := range columns {
		if !strings.Contains(text, c) {
			t.Errorf("%s is not told of", c)
		}
	}
	for _, said := range []string{"600", "precision, estimated", "estimated; measured", "m is how often", "The least certain", "two at random"} {
		if !strings.Contains(text, said) {
			t.Errorf("%q is not said", said)
		}
	}
	if r.Quality == nil || len(r.Curve) < 10 || r.Curve[0].True == nil || len(r.Border) == 0 || len(r.Biggest) == 0 {
		t.Errorf("%d points, %d pairs, %d people", len(r.Curve), len(r.Border), len(r.Biggest))
	}
	for _, at := range r.Curve {
		if at.Accept == r.Accept && (at.Precision != r.Precision || at.Recall != r.Recall) {
			t.Errorf("%v at the threshold, %v in the whole", at.Estimate, r.Estimate)
		}
	}
	again, _ := written(t, r)
	if again != raw {
		t.Error("the same report is another page")
	}
}

// What stands in records is shown where it is asked for, and nowhere else.
func TestReportShowsValuesOnlyWhenAsked(t *testing.T) {
	path := made(t, "people.csv", 300, []string{"given", "family"}, func(i int) string { return fmt.Sprintf("r%d", i) })
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range []bool{false, true} {
		r, err := resolve.Examine(context.Background(), resolve.Config{Files: []string{path}, ID: "id", Label: "truth"}, values)
		if err != nil {
			t.Fatal(err)
		}
		_, root := written(t, r)
		text, shown := words(root), 0
		for _, row := range rows[1:] {
			for _, v := range row[2:] {
				if len(v) >= 5 && strings.Contains(text, v) {
					shown++
				}
			}
		}
		if (shown > 0) != values {
			t.Errorf("values asked for: %v; %d are shown", values, shown)
		}
	}
}

// hostile are names that would be more than text in a careless page.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><script>1</script>`, `' onmouseover='x`, `{{.}}`,
	`javascript:alert(1)`, `<svg onload=x>`, `]]><!--`, `</title><base href=//example.com>`,
}

func TestHostileNamesAreText(t *testing.T) {
	path := made(t, `<b>.csv`, 400, hostile[:8], func(i int) string { return hostile[i%len(hostile)] + fmt.Sprint(i) })
	r, err := resolve.Examine(context.Background(), resolve.Config{Files: []string{path}, ID: "id", Label: "truth"}, true)
	if err != nil {
		t.Fatal(err)
	}
	_, root := written(t, r)
	for _, f := range harmless(root) {
		t.Error(f)
	}
	if text := words(root); !strings.Contains(text, hostile[0]) || !strings.Contains(text, `<b>.csv`) {
		t.Error("the names are not told as they are")
	}
}

// Nothing at all, and nothing to compare, have a page as well.
func TestReportOfLittle(t *testing.T) {
	for name, content := range map[string]string{"one.csv": "id,a\n1,x\n", "equal.csv": "id,a\n1,x\n2,x\n3,x\n", "apart.csv": "id,a,b\n1,qwertz,1\n2,asdfgh,22\n3,yxcvbn,333\n"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := resolve.Examine(context.Background(), resolve.Config{Files: []string{path}, ID: "id"}, false)
		if err != nil {
			t.Fatal(err)
		}
		_, root := written(t, r)
		for _, f := range harmless(root) {
			t.Errorf("%s: %s", name, f)
		}
	}
}

func FuzzReportEscapes(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "field", "value")
		f.Add("id", s, s)
	}
	f.Add("\x00\xff", "\u202e", "\ufeff")
	f.Fuzz(func(t *testing.T, id, field, value string) {
		said := resolve.Said{Field: field, Kind: "name", Level: "same", Bits: 1, Follows: field, A: value, B: value}
		pair := &resolve.Explanation{A: id, B: id, Verdict: "one", Fields: []resolve.Said{said}, Rules: []string{field, value}}
		r := &resolve.Report{Files: []string{id, value}, Records: 2, People: 1, Estimate: &resolve.Estimate{Accept: 0.5}, Values: true,
			Border: []*resolve.Explanation{pair}, Biggest: []resolve.PersonReport{{Name: id, Weakest: resolve.Step{A: id, B: value}}}}
		_, root := written(t, r)
		for _, fault := range harmless(root) {
			t.Errorf("%q, %q, %q: %s", id, field, value, fault)
		}
	})
}
