package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/resolve"
	"github.com/kithdata/kith/internal/source/file"
)

// town writes a CSV file of made-up people with two records each.
func town(t *testing.T, people int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	given := strings.Fields("robert william anna maria peter susan thomas elizabeth james mary")
	family := strings.Fields("smith jones taylor brown wilson evans walker wright hall green")
	var b strings.Builder
	b.WriteString("id,given,family,born,phone\n")
	for p := range people {
		g, f, born := given[r.IntN(10)], family[r.IntN(10)], fmt.Sprintf("19%02d-%02d-%02d", r.IntN(90), 1+r.IntN(12), 1+r.IntN(28))
		phone := fmt.Sprint(1_000_000_000 + r.IntN(900_000_000))
		fmt.Fprintf(&b, "%da,%s,%s,%s,%s\n%db,%s,%s,%s,\n", p, g, f, born, phone, p, g[:3], f, born)
	}
	return write(t, "people.csv", b.String())
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// Whatever phase a resolution is in when it is ended, it gives up, and leaves neither a
// result nor a part of one.
func TestItEndsInEveryPhase(t *testing.T) {
	path := town(t, 3_000)
	for _, phase := range []string{"read", "prepare", "learn", "compare", "cluster", "write"} {
		t.Run(phase, func(t *testing.T) {
			dir := t.TempDir()
			ctx, end := context.WithCancel(t.Context())
			defer end()
			reached := false
			_, err := resolve.Run(ctx, resolve.Config{Files: []string{path}, ID: "id", Out: filepath.Join(dir, "out.csv"),
				Pairs: filepath.Join(dir, "pairs.parquet"), Golden: filepath.Join(dir, "golden.ndjson"),
				Progress: func(name string, _, _ int) {
					if name == phase {
						reached = true
						end()
					}
				}})
			if !reached || !errors.Is(err, context.Canceled) {
				t.Errorf("reached: %v; it ended with %v", reached, err)
			}
			if left := names(t, dir); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

// While it works, nothing but a hidden file lies where the result will be; then all are
// there at once, and an earlier one is replaced with the same rights.
func TestResultsArePutInPlaceTogether(t *testing.T) {
	path, dir := town(t, 200), t.TempDir()
	out, golden := filepath.Join(dir, "out.csv"), filepath.Join(dir, "golden.csv")
	if err := os.WriteFile(out, []byte("before"), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := resolve.Run(t.Context(), resolve.Config{Files: []string{path}, ID: "id", Out: out, Golden: golden, Progress: func(string, int, int) {
		if text, err := os.ReadFile(out); err != nil || string(text) != "before" {
			t.Errorf("the earlier result is already %q, %v", text, err)
		}
		if _, err := os.Stat(golden); err == nil {
			t.Error("golden records lie there before all is done")
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 2 {
		t.Errorf("the folder holds %v", got)
	}
	for path, mode := range map[string]os.FileMode{out: 0o640, golden: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", filepath.Base(path), info.Mode(), err)
		}
	}
}

// A result as Parquet, read again, has the rows and the values of the one as CSV.
func TestParquetSaysTheSame(t *testing.T) {
	path, dir := town(t, 500), t.TempDir()
	read := func(name string) []string {
		var rows []string
		if _, err := file.Each(t.Context(), file.Config{}, filepath.Join(dir, name), func(r file.Row) bool {
			rows = append(rows, string(r.Props))
			return true
		}); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	for _, ending := range []string{"ndjson", "parquet"} {
		_, err := resolve.Run(t.Context(), resolve.Config{Files: []string{path}, ID: "id", Out: filepath.Join(dir, "out."+ending), Golden: filepath.Join(dir, "golden."+ending)})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"out.", "golden."} {
		lines, table := read(name+"ndjson"), read(name+"parquet")
		if len(lines) == 0 || len(lines) != len(table) {
			t.Fatalf("%s: %d rows and %d", name, len(lines), len(table))
		}
		for i := range lines {
			var line, row map[string]any
			if err := errors.Join(json.Unmarshal([]byte(lines[i]), &line), json.Unmarshal([]byte(table[i]), &row)); err != nil {
				t.Fatal(err)
			}
			for k, v := range row {
				n, isNumber := v.(float64)
				m, _ := line[k].(float64)
				if isNumber && math.Abs(n-m) > 1e-4 || !isNumber && v != line[k] { // a line has four decimals, and leaves out what says nothing
					t.Fatalf("%s as a line is %s, in the table %s", name, lines[i], table[i])
				}
			}
		}
	}
}

// Cells of 10 MB cost memory of their size, and no time beyond reading them.
func TestHugeCells(t *testing.T) {
	word := strings.Repeat("long text ", 1<<20)
	path := write(t, "huge.csv", "id,a,b\n1,"+word+",x\n2,\""+word+"\n\",y\n3,"+strings.Repeat("é", 5<<20)+",z\n4,short,z\n")
	done, err := resolve.Run(t.Context(), resolve.Config{Files: []string{path}, ID: "id"})
	if err != nil {
		t.Fatal(err)
	}
	if done.Records != 4 || done.Long != 3 || done.Skipped != 0 {
		t.Errorf("%+v", done)
	}
}

// A value that every record has brings nobody together, and costs no pairs.
func TestOneValueInVeryManyRecords(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,name,town,n\n")
	r := rand.New(rand.NewPCG(3, 3))
	const rows = 500_000
	for i := range rows {
		fmt.Fprintf(&b, "%d,John Smith,Springfield,%d\n", i, r.IntN(1_000_000_000_000))
	}
	done, err := resolve.Run(t.Context(), resolve.Config{Files: []string{write(t, "one.csv", b.String())}, ID: "id"})
	if err != nil {
		t.Fatal(err)
	}
	if done.PairsCompared > 50*rows || done.People < rows*9/10 {
		t.Errorf("%d people, %d pairs", done.People, done.PairsCompared)
	}
}

func TestFiveHundredColumns(t *testing.T) {
	var b strings.Builder
	b.WriteString("id")
	for c := range 500 {
		fmt.Fprintf(&b, ",c%d", c)
	}
	r := rand.New(rand.NewPCG(4, 4))
	for row := range 1_000 {
		fmt.Fprintf(&b, "\n%d", row)
		for c := range 500 {
			fmt.Fprintf(&b, ",v%d", r.IntN(10+c))
		}
	}
	done, err := resolve.Run(t.Context(), resolve.Config{Files: []string{write(t, "wide.csv", b.String())}, ID: "id"})
	if err != nil || done.Records != 1_000 || done.People < 990 {
		t.Errorf("%+v, %v", done, err)
	}
}

// Objects whose names are values would have a column for each.
func TestNamesThatAreValues(t *testing.T) {
	var b strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&b, "{\"id\":%d,\"bought\":{\"p%d\":1}}\n", i, i)
	}
	_, err := resolve.Run(t.Context(), resolve.Config{Files: []string{write(t, "shop.ndjson", b.String())}, ID: "id"})
	if !errs.Is(err, "resolve_columns") {
		t.Errorf("%v", err)
	}
}

func TestASecondResultThatFailsLeavesNone(t *testing.T) {
	path, dir := town(t, 50), t.TempDir()
	out := filepath.Join(dir, "out.csv")
	_, err := resolve.Run(t.Context(), resolve.Config{Files: []string{path}, ID: "id", Out: out, Golden: filepath.Join(dir, "nowhere", "golden.csv")})
	if !errs.Is(err, "resolve_out") {
		t.Errorf("%v", err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

// Rows and files may come in any order, also where records differ in nothing but their ids.
func TestOrderOfRowsAndFilesMeansNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	files := [2][]string{}
	for i := range 120 {
		line := fmt.Sprintf(",name%c%c%c,19%02d-0%d-1%d", 'a'+i%26, 'a'+i%7, 'a'+i%3, i%60+20, 1+i%9, i%10)
		for n := range 1 + i%3 {
			files[0] = append(files[0], fmt.Sprint("a", i, "-", n)+line)
			files[1] = append(files[1], fmt.Sprint("b", i, "-", n)+line)
		}
	}
	people := func(link bool) string {
		dir := t.TempDir()
		var paths []string
		for i, lines := range files {
			r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
			path := filepath.Join(dir, fmt.Sprint(i, ".csv"))
			if err := os.WriteFile(path, []byte("id,name,born\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
		if r.IntN(2) == 0 {
			slices.Reverse(paths)
		}
		out := filepath.Join(dir, "out.csv")
		if _, err := resolve.Run(t.Context(), resolve.Config{Files: paths, ID: "id", Link: link, Out: out}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for line := range strings.Lines(string(text)) {
			fields := strings.SplitN(line, ",", 3)
			rows = append(rows, fields[0]+" "+fields[1])
		}
		slices.Sort(rows)
		return strings.Join(rows, "\n")
	}
	for _, link := range []bool{false, true} {
		want := people(link)
		for range 4 {
			if people(link) != want {
				t.Fatalf("link %v: other people once shuffled", link)
			}
		}
	}
}

// FuzzFiles resolves files that may be anything: there is a result, or a fault with a code.
func FuzzFiles(f *testing.F) {
	f.Add([]byte("id,name,born\n1,Ann Lee,1970-01-02\n2,ann  lee,1970-02-01\n3,\"Bob\nHall\",x@example.com\n"), uint8(0), true)
	f.Add([]byte("{\"id\":1,\"a\":{\"b\":[1,\"two\",null]}}\n{\"id\":2,\"a\":{\"b\":\"two\"}}\n{\"a\":{\"b\":\"\\u0000\"}}\n"), uint8(1), false)
	f.Add([]byte("a\tb\n\xff\xfe\t\x00\n1\t2\n"), uint8(2), false)
	f.Add([]byte("id,a\n1,é\n2,e\n3,\xe9\n4,-\n5,n/a\n6,''\n"), uint8(0), true)
	f.Fuzz(func(t *testing.T, text []byte, ending uint8, id bool) {
		name := "people" + []string{".csv", ".ndjson", ".tsv", ".json", ".parquet", ".xlsx"}[ending%6]
		c := resolve.Config{Files: []string{write(t, name, string(text))}, Golden: filepath.Join(t.TempDir(), "golden.ndjson")}
		if id {
			c.ID = "id"
		}
		c.Out = filepath.Join(filepath.Dir(c.Golden), "out.parquet")
		done, err := resolve.Run(t.Context(), c)
		switch {
		case err != nil && errs.CodeOf(err) == "":
			t.Errorf("a fault without a code: %v", err)
		case err == nil && (done.People > done.Records || done.Records > 0 && done.People == 0):
			t.Errorf("%+v", done)
		}
	})
}

// FuzzDecisions reads decisions that may be anything: they are obeyed, or told with a code.
func FuzzDecisions(f *testing.F) {
	f.Add([]byte("id_a,id_b,decision\n1,2,same\n2,3,different\n"), false)
	f.Add([]byte("id_a;id_b;decision;file_a\n1;1;same;people.csv\n"), false)
	f.Add([]byte(`{"id_a":1,"id_b":[2],"decision":"same"}`), true)
	f.Add([]byte(`{"id_a":1,"id_b":3,"decision":"DIFFERENT","x":{"id_a":2}}`), true)
	dir := f.TempDir()
	people := filepath.Join(dir, "people.csv")
	if err := os.WriteFile(people, []byte("id,name\n1,Ann\n2,Bob\n3,Ann\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, lines bool) {
		name := "decisions.csv"
		if lines {
			name = "decisions.ndjson"
		}
		path := write(t, name, string(text))
		done, err := resolve.Run(t.Context(), resolve.Config{Files: []string{people}, ID: "id", Decisions: path})
		switch {
		case err == nil && (done.Records != 3 || done.People < 1 || done.People > 3):
			t.Errorf("%+v", done)
		case err != nil && errs.CodeOf(err) == "":
			t.Errorf("a fault without a code: %v", err)
		}
	})
}
