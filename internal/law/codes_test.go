package law_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/law"
)

var update = flag.Bool("update", false, "rewrite the pages that are made from the code")

func TestEveryCodeIsOnTheErrorPage(t *testing.T) {
	scan := law.NewScan()
	sources(t, func(path, name string, _ *token.FileSet, file *ast.File) {
		if !strings.HasSuffix(path, "test") { // suites of tests make codes up
			scan.Add(path, name, file)
		}
	})
	used := scan.Codes()
	if len(used) < 50 {
		t.Fatalf("only %d codes were found: the scan looks at the wrong place", len(used))
	}
	catalogue := law.Catalogue()
	listed := map[string]bool{}
	for i, c := range catalogue {
		if c.Meaning == "" || c.Mend == "" {
			t.Errorf("%s has no meaning or no mend", c.Code)
		}
		if i > 0 && catalogue[i-1].Code >= c.Code {
			t.Errorf("%s is out of order, or there twice", c.Code)
		}
		listed[c.Code] = true
		if used[c.Code] == nil && !strings.HasPrefix(c.Code, "quality_") { // those are made of the checks' names
			t.Errorf("%s is in internal/law/codes.go, and nothing gives it any more", c.Code)
		}
	}
	var missing []string
	for code, files := range used {
		if !listed[code] {
			missing = append(missing, code+" ("+strings.Join(files, ", ")+")")
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("%d codes are not in internal/law/codes.go: say there what each means and how to mend it, then make generate:\n%s",
			len(missing), strings.Join(missing, "\n"))
	}
	path := filepath.Join(root, "docs", "errors.md")
	if *update {
		if err := os.WriteFile(path, law.ErrorsMarkdown(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != string(law.ErrorsMarkdown()) {
		t.Errorf("docs/errors.md is not what the code makes (%v): run make generate", err)
	}
}

func TestScanSeesCodes(t *testing.T) {
	text := `package x
const typed errs.Code = "typed_const"
const plain = "plain_const"
const other = "no_code"
func helper(what string, code errs.Code) {}
func f(r *record.Record) {
	_ = errs.New("by_new", "x")
	_ = errs.Wrap("by_wrap", "x", nil)
	helper("not_this", "by_helper")
	bad := func(code errs.Code) {}
	bad("by_closure")
	r.Quarantine(plain, "", "")
	r.Discard("by_discard", "")
	r.Settle(1, "by_settle", "", "")
	_ = fmt.Sprint("not_that")
}`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	scan := law.NewScan()
	scan.Add("internal/x", "x.go", file)
	var got []string
	for code := range scan.Codes() {
		got = append(got, code)
	}
	slices.Sort(got)
	want := "by_closure by_discard by_helper by_new by_settle by_wrap plain_const typed_const"
	if strings.Join(got, " ") != want {
		t.Errorf("have %s\nwant %s", strings.Join(got, " "), want)
	}
}
