package law_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/law"
)

const root = "../.."

// sources parses every file of the module that is no test, with its package's path.
func sources(t *testing.T, use func(path, name string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	found := 0
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || d.IsDir() {
				if d != nil && d.Name() == "testdata" {
					return filepath.SkipDir
				}
				return err
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			found++
			use(filepath.ToSlash(filepath.Dir(rel)), filepath.ToSlash(rel), fset, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 20 {
		t.Fatalf("only %d files were found: the law looks at the wrong place", found)
	}
}

func TestImportLaw(t *testing.T) {
	byPath := map[string]*law.Package{}
	var packages []law.Package
	sources(t, func(path, _ string, _ *token.FileSet, file *ast.File) {
		p := byPath[path]
		if p == nil {
			p = &law.Package{Path: path}
			byPath[path] = p
		}
		for _, i := range file.Imports {
			p.Imports = append(p.Imports, strings.Trim(i.Path.Value, `"`))
		}
	})
	for _, p := range byPath {
		packages = append(packages, *p)
	}
	for _, breach := range law.Imports(packages) {
		t.Error(breach)
	}
}

func TestImportLawSeesBreaches(t *testing.T) {
	of := func(path string, imports ...string) []law.Package {
		return []law.Package{{Path: path, Imports: imports}}
	}
	our := law.Module + "/internal/"
	for _, bad := range [][]law.Package{
		of("internal/identity", our+"golden"),
		of("internal/identity", our+"engine/embedded"),
		of("internal/kit/errs", our+"record"),
		of("internal/record", our+"expr"),
		of("internal/source/file", our+"engine"),
		of("internal/source/file", our+"source/tracking"),
		of("internal/api", our+"engine/embedded"),
		of("internal/pipeline", our+"identity"),
		of("internal/golden", our+"config"),
		of("internal/cli", our+"engine/embedded"),
		of("internal/app/deep/er", our+"record"),
		of("internal/brandnew", our+"record"),
		of("internal/app", "github.com/duckdb/duckdb-go/v2"),
		of("internal/golden", "github.com/cockroachdb/pebble/v2"),
		of("internal/engine/embedded", "github.com/jackc/pgx/v5"),
		of("internal/engine/embedded", our+"engine/cluster"),
		of("internal/engine/cluster", our+"engine/embedded"),
		of("internal/app", "github.com/twmb/franz-go/pkg/kgo"),
		of("internal/config", our+"engine/cluster"),
		of("internal/config", "github.com/jackc/pgx/v5/pgconn"),
		of("internal/bench", "github.com/pressly/goose/v3"),
	} {
		if len(law.Imports(bad)) == 0 {
			t.Errorf("%s may import %s", bad[0].Path, bad[0].Imports)
		}
	}
	for _, good := range [][]law.Package{
		of("internal/identity", our+"record", our+"engine", our+"kit/errs", "strings"),
		of("internal/warehouse/duckdb", our+"warehouse", "github.com/duckdb/duckdb-go/v2"),
		of("internal/app", our+"engine/embedded", our+"engine/cluster", our+"golden"),
		of("internal/engine/cluster", our+"engine", our+"engine/rows", "github.com/twmb/franz-go/pkg/kgo", "github.com/jackc/pgx/v5/pgxpool", "github.com/pressly/goose/v3"),
		of("cmd/kith", our+"cli"),
	} {
		if breaches := law.Imports(good); len(breaches) > 0 {
			t.Error(breaches)
		}
	}
}

// TestWhoLinksWhat asks the go command for all that each package links: only the
// warehouse and what is above it link DuckDB, and the ports and the configuration link
// no driver at all.
func TestWhoLinksWhat(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-json=ImportPath,Deps", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	seen, linked, free := 0, 0, 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		path, ours := strings.CutPrefix(p.ImportPath, law.Module+"/")
		if !ours {
			continue
		}
		seen++
		if law.LinksNoDriver(path) {
			free++
			for _, dep := range p.Deps {
				if law.Heavy(dep) {
					t.Errorf("%s links %s", path, dep)
				}
			}
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "github.com/duckdb/") {
				linked++
				if !law.MayLink(path) {
					t.Errorf("%s links DuckDB", path)
				}
				break
			}
		}
	}
	if seen < 10 || linked == 0 || free < 5 {
		t.Errorf("%d packages seen, %d of them link DuckDB and %d must link no driver: the law looks at the wrong place", seen, linked, free)
	}
}

func TestNothingAtPackageLevelChanges(t *testing.T) {
	sources(t, func(_, name string, fset *token.FileSet, file *ast.File) {
		if ast.IsGenerated(file) || name == "cmd/kith/main.go" { // the linker sets the version there
			return
		}
		for _, breach := range law.Globals(fset, file) {
			t.Error(breach)
		}
	})
}

func TestPackageLevelLawSeesBreaches(t *testing.T) {
	cases := map[string]bool{
		"func init() {}":                                    true,
		"var n int":                                         true,
		"var m = make(map[string]int)":                      true,
		"import \"sync\"\nvar mu = sync.Mutex{}":            true,
		"var n = 1\nfunc f() { n = 2 }":                     true,
		"var n = 1\nfunc f() { n++ }":                       true,
		"var t = []int{1}\nfunc f() { t[0] = 2 }":           true,
		"var n = 1\nfunc f() { n := 2; n = 3; _ = n }":      false,
		"import \"errors\"\nvar errGone = errors.New(\"\")": false,
		"var table = [...]string{\"a\"}":                    false,
		"var _ = 1":                                         false,
		"type t struct{}\nfunc (t) init() {}":               false,
	}
	for text, want := range cases {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "x.go", "package x\n"+text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(law.Globals(fset, file)) > 0; got != want {
			t.Errorf("%q: breach %v, want %v", text, got, want)
		}
	}
}
