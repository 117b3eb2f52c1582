// Package law holds the laws of the code that are tests: who may import whom, what may
// be linked, and what has no place at package level. docs/design.md says why.
//
// It reads the source of the module and what the go command tells of it; nothing
// imports it.
package law

import (
	"slices"
	"strings"
)

// Module is the path that all of ours begins with.
const Module = "github.com/kithdata/kith"

// Package is what the laws need to know of one package.
type Package struct {
	Path    string   // below the module, such as internal/record
	Imports []string // as written, tests left out
}

// rule is what the packages of some rooms may import of ours.
type rule struct {
	rooms []string // paths; /... for all below as well
	may   []string
}

// rules is the law of docs/design.md, the first rule that fits a package counts.
func rules() []rule {
	stage := []string{"internal/record", "internal/expr", "internal/engine", "internal/kit/..."}
	edge := []string{"internal/record", "internal/expr", "internal/kit/..."}
	return []rule{
		{[]string{"cmd/..."}, []string{"internal/app", "internal/cli", "internal/demo"}},
		{[]string{"internal/kit/..."}, nil},
		{[]string{"internal/record"}, []string{"internal/kit/..."}},
		{[]string{"internal/expr"}, []string{"internal/record", "internal/kit/..."}},
		{[]string{"internal/engine"}, []string{"internal/record", "internal/kit/..."}},
		{[]string{"internal/engine/rows"}, nil},
		{[]string{"internal/engine/..."}, []string{"internal/engine", "internal/engine/rows", "internal/record", "internal/kit/..."}},
		{[]string{"internal/contract", "internal/quality", "internal/cleanse", "internal/identity", "internal/golden"}, stage},
		{[]string{"internal/identity/match"}, []string{"internal/kit/..."}},
		{[]string{"internal/resolve"}, []string{"internal/identity/match", "internal/source/file", "internal/golden", "internal/record", "internal/kit/..."}},
		{[]string{"internal/warehouse"}, []string{"internal/record", "internal/kit/..."}},
		{[]string{"internal/warehouse/..."}, []string{"internal/warehouse", "internal/record", "internal/kit/..."}},
		{[]string{"internal/source/...", "internal/destination/..."}, edge},
		{[]string{"internal/govern/..."}, []string{"internal/record", "internal/engine", "internal/kit/..."}},
		{[]string{"internal/pipeline"}, []string{"internal/record", "internal/engine", "internal/kit/..."}},
		{[]string{"internal/api"}, []string{"internal/record", "internal/kit/...", "internal/api/..."}},
		{[]string{"internal/api/..."}, []string{"internal/kit/..."}},
		{[]string{"internal/config"}, append(configs(), "internal/record", "internal/expr", "internal/kit/...")},
		{[]string{"internal/config/..."}, append(configs(), "internal/config", "internal/record", "internal/expr", "internal/kit/...")},
		{[]string{"internal/servers", "internal/servers/..."}, []string{"internal/servers", "internal/kit/..."}},
		{[]string{"internal/law", "internal/survive"}, nil}, // tests alone: these are not looked at
		{[]string{"internal/servers"}, []string{"internal/kit/..."}},
		{[]string{"internal/cli", "internal/cli/...", "internal/demo", "internal/demo/..."}, []string{
			"internal/app", "internal/api", "internal/api/...", "internal/bench", "internal/config", "internal/config/...", "internal/demo", "internal/demo/...", "internal/people", "internal/resolve", "internal/record", "internal/kit/..."}},
		{[]string{"internal/bench/scale"}, []string{"internal/servers", "internal/demo", "internal/bench/conflict", "internal/kit/..."}},
		{[]string{"internal/bench/conflict"}, nil},
		{[]string{"internal/people"}, []string{"internal/kit/..."}},
		{[]string{"internal/bench"}, []string{"internal/app", "internal/demo", "internal/people", "internal/resolve", "internal/config", "internal/record", "internal/source/file", "internal/contract", "internal/cleanse", "internal/servers", "internal/kit/..."}},
		{[]string{"internal/app", "internal/app/..."}, []string{"internal/..."}},
	}
}

// configs are the rooms whose Config types make up the configuration.
func configs() []string {
	return []string{
		"internal/api", "internal/cleanse", "internal/contract", "internal/destination/webhook", "internal/engine",
		"internal/golden", "internal/identity", "internal/pipeline", "internal/quality", "internal/source/file",
		"internal/source/tracking", "internal/source/webhook", "internal/warehouse",
	}
}

// driver is a library that only some packages may import.
type driver struct {
	prefix string
	homes  []string
}

func drivers() []driver {
	return []driver{
		{"github.com/duckdb/", []string{"internal/warehouse/duckdb", "internal/bench"}}, // the bench measures them bare
		{"github.com/cockroachdb/pebble", []string{"internal/engine/embedded", "internal/bench"}},
		{"github.com/twmb/franz-go", clusters()},
		{"github.com/jackc/pgx", clusters()},
		{"github.com/pressly/goose", []string{"internal/engine/cluster"}},
		{"cel.dev/", []string{"internal/expr"}},
		{"github.com/hamba/avro", []string{"internal/contract"}},
		{"github.com/bufbuild/protocompile", []string{"internal/contract"}},
		{"github.com/alecthomas/kong", []string{"internal/cli", "cmd/..."}},
		{"go.yaml.in/", []string{"internal/config", "internal/api", "internal/resolve"}},
		{"github.com/itchyny/timefmt-go", []string{"internal/quality"}},
		{"github.com/apache/arrow-go", []string{"internal/source/file", "internal/resolve"}},
		{"github.com/fsnotify/", []string{"internal/source/file"}},
		{"github.com/xuri/", nil}, // its tests alone write workbooks
		{"github.com/minio/", []string{"internal/source/file"}},
		{"github.com/pkg/sftp", []string{"internal/source/file"}},
		{"golang.org/x/crypto/ssh", []string{"internal/source/file"}},
		{"golang.org/x/crypto/chacha20poly1305", []string{"internal/source/tracking"}},
		{"github.com/prometheus/", []string{"internal/api", "internal/app"}},
	}
}

// clusters are who speaks to Kafka and PostgreSQL: the backend, the tests' own servers,
// and the bench, which measures them bare.
func clusters() []string {
	return []string{"internal/engine/cluster", "internal/servers", "internal/bench/scale"}
}

// Imports gives every breach of the import law as a sentence.
func Imports(packages []Package) []string {
	var breaches []string
	for _, p := range packages {
		may, known := allowed(p.Path)
		if !known {
			breaches = append(breaches, p.Path+" is a room that the law does not know: give it a rule in internal/law")
			continue
		}
		if strings.Count(p.Path, "/") > 2 && strings.HasPrefix(p.Path, "internal/") {
			breaches = append(breaches, p.Path+" lies deeper than two levels under internal")
		}
		for _, imported := range p.Imports {
			own, ours := strings.CutPrefix(imported, Module+"/")
			if ours && own != p.Path && !matches(may, own) {
				breaches = append(breaches, p.Path+" may not import "+own)
			}
			for _, d := range drivers() {
				if strings.HasPrefix(imported, d.prefix) && !matches(d.homes, p.Path) {
					breaches = append(breaches, p.Path+" may not import "+imported+", which belongs to "+strings.Join(d.homes, " and "))
				}
			}
		}
	}
	return breaches
}

func allowed(path string) (may []string, known bool) {
	for _, r := range rules() {
		if matches(r.rooms, path) {
			return r.may, true
		}
	}
	return nil, false
}

// matches reports whether path is one of patterns, or lies below one ending in /...
func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		below, all := strings.CutSuffix(p, "/...")
		return p == path || all && strings.HasPrefix(path, below+"/")
	})
}

// LinksNoDriver reports whether a package must link no database, broker or other driver,
// not even through others: the ports, and what reads the configuration.
func LinksNoDriver(path string) bool {
	return matches([]string{"internal/kit/...", "internal/record", "internal/engine", "internal/engine/rows", "internal/warehouse", "internal/config", "internal/config/...", "internal/pipeline"}, path)
}

// Heavy reports whether a package of others is a driver of a database or broker.
func Heavy(dep string) bool {
	for _, prefix := range []string{"github.com/duckdb/", "github.com/cockroachdb/pebble", "github.com/twmb/franz-go", "github.com/jackc/pgx", "github.com/pressly/goose"} {
		if strings.HasPrefix(dep, prefix) {
			return true
		}
	}
	return false
}

// MayLink reports whether a package may link DuckDB, and with it C.
func MayLink(path string) bool {
	return matches([]string{"internal/warehouse/duckdb", "internal/app", "internal/app/...", "internal/bench", "internal/bench/scale", "internal/cli", "internal/cli/...", "internal/demo", "internal/demo/...", "cmd/..."}, path)
}
